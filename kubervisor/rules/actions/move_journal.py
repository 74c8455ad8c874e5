"""What a relocation remembers: an annotation of the workload that it stops.

It is written in the same patch that stops or starts the workload, so one is never true without the
other, whoever is killed when. It stays afterwards: it tells people what was done, and after a
failure it keeps the move from being repeated, since each try stops the workload.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from kubervisor.rules.actions.action import Change, Object
from kubervisor.rules.actions.move_fields import annotate
from kubervisor.rules.actions.objects import annotation

MOVE = "kubervisor.k8s.io/move"
"""The annotation."""


class Stage(StrEnum):
    """How far a relocation has come."""

    STOPPED = "stopped"  # the copy is made, the workload would start on its old volume
    BINDING = "binding"  # the copy is complete, the claim's name goes from one to the other
    STARTED = "started"  # the workload was started on the new volume
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Journal:
    """One relocation. Instants are whole Unix seconds.

    `claim` is the uid of the claim whose volume is moved, `volume` that volume, `policy` what would
    have become of it without its claim. `replicas` are those of before, `stopped_at` those that
    were left. `generation` is that of the workload as it was stopped: as long as it is the same,
    nobody has started a pod. `node` is where the volume was in use. `copy` names the claim (and
    the snapshot) that is made. From the stage Binding on: `copy_uid`, `to` (the new volume),
    `to_policy` and `manifest` (the claim to make); `back` says that it is to have its old volume.
    """

    stage: Stage
    claim: str
    volume: str
    policy: str
    goal: Mapping[str, str]
    replicas: int
    stopped_at: int
    generation: int
    began: int
    copy: str
    node: str = ""
    copy_uid: str = ""
    to: str = ""
    to_policy: str = ""
    manifest: Mapping[str, object] = field(default_factory=dict)
    back: bool = False
    started: int = 0
    message: str = ""

    @property
    def is_open(self) -> bool:
        """Whether there is more to do."""
        return self.stage not in (Stage.DONE, Stage.FAILED)


def read_journal(workload: Object) -> Journal | None:
    """The journal of a workload, None where it has none that can be read."""
    try:
        written = json.loads(annotation(workload, MOVE) or "")
        return Journal(**{**written, "stage": Stage(written["stage"])})
    except (KeyError, TypeError, ValueError):
        return None


def write_journal(workload: Object, journal: Journal) -> Change:
    """The change that puts `journal` in the place of what the workload has, if that is there."""
    return annotate(workload, MOVE, json.dumps(asdict(journal), sort_keys=True))
