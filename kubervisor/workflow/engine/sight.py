"""A resource as a sync sees it, and what came of the sync."""

from __future__ import annotations

import random
from dataclasses import dataclass

from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.queueing import Own
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.objects import Json
from kubervisor.workflow.scheduler.facts import Failure, ResourceState, Settled

JITTER = 0.1
"""Of a back-off: what failed together is not tried together for ever."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A resource as it is now."""

    seen: Seen
    body: Json

    @property
    def key(self) -> Key:
        return Key(self.seen.namespace, self.seen.name)

    @property
    def state(self) -> ResourceState:
        meta = self.body["metadata"]
        return ResourceState(
            uid=self.seen.uid,
            generation=meta.get("generation", 0),
            deleting=self.seen.deleting,
            finalizers=tuple(meta.get("finalizers") or ()),
            status=self.body.get("status") or {},
        )


@dataclass(frozen=True, slots=True)
class Synced:
    """What came of a sync: versions that it wrote, and in how many seconds the next is due, None
    for not by itself. After a failure it `backs_off`.
    """

    own: Own
    again: float | None
    backs_off: bool = False


def synced(own: Own, settled: Settled, result: object) -> Synced:
    """What came of one whose worker or finalizer had this `result`."""
    if not isinstance(result, Failure) or settled.again is None:
        return Synced(own, settled.again)
    return Synced(own, settled.again * random.uniform(1, 1 + JITTER), backs_off=True)
