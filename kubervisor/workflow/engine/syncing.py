"""One sync of a resource: what is due for it is done, one step of it."""

from __future__ import annotations

from datetime import UTC, datetime

from kubervisor.errors import NotFound
from kubervisor.runtime.clock import Clock
from kubervisor.workflow.engine.applying import Applying
from kubervisor.workflow.engine.finalizing import Finalizing
from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.queueing import GONE, InHand
from kubervisor.workflow.engine.reporting import Reporting
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.sight import Sight, Synced
from kubervisor.workflow.engine.watching import World
from kubervisor.workflow.engine.working import Working
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.decision import plan
from kubervisor.workflow.scheduler.facts import (
    AddFinalizer,
    MoveOn,
    Plan,
    RemoveFinalizer,
    Rest,
    RunFinalizer,
    RunWorker,
)


class Syncing:
    """Used by many threads, for each resource by one at a time."""

    def __init__(
        self,
        project: Project,
        *,
        world: World,
        written: Written[Key],
        working: Working,
        finalizing: Finalizing,
        reporting: Reporting,
        applying: Applying,
        clock: Clock,
    ) -> None:
        self._project, self._world, self._written = project, world, written
        self._working, self._finalizing, self._reporting = working, finalizing, reporting
        self._applying, self._clock = applying, clock
        self._uids: dict[Key, str] = {}

    def sync(self, hand: InHand) -> Synced | None:
        """Bring the resource in hand one step on; None where there is none any more.

        Raises: Conflict and NotFound where it changed meanwhile, the rest of the ApiError tree
        where its status could not be written, LeadershipLost.
        """
        seen = self._written.newest(hand.key, self._world.resources.cache.get(*hand.key))
        self._forget_former(hand.key, seen)
        if seen is None:
            return None
        sight = Sight(seen, seen.body)
        try:
            planned = self._plan(sight)
            if isinstance(planned, AddFinalizer):
                sight = self._finalizing.add(sight)
                planned = self._plan(sight)
            return self._do(hand, sight, planned)
        except NotFound:
            self._written.shown(hand.key, GONE)
            raise

    def _plan(self, sight: Sight) -> Plan:
        return plan(self._project, sight.state, datetime.fromtimestamp(self._clock.wall(), UTC))

    def _do(self, hand: InHand, sight: Sight, planned: Plan) -> Synced:
        match planned:
            case RunWorker():
                return self._working.work(hand, sight, planned)
            case RunFinalizer():
                return self._finalizing.finalize(hand, sight, planned)
            case RemoveFinalizer():
                return self._finalizing.let_go(sight)
            case MoveOn(status=status, events=events):
                return Synced(self._reporting.report(sight, status, events), 0.0)
            case Rest(status=status):
                return Synced(self._reporting.report(sight, status), None)
            case AddFinalizer():  # somebody took it off again meanwhile
                return Synced(self._reporting.own(sight.seen), 0.0)

    def _forget_former(self, key: Key, seen: Seen | None) -> None:
        """One that had the name before is gone, and what was remembered of it."""
        former = self._uids.get(key)
        if seen is not None:
            self._uids[key] = seen.uid
        else:
            self._uids.pop(key, None)
        if former is not None and (seen is None or seen.uid != former):
            self._applying.forget(former)
