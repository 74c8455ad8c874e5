"""What is written besides actions: the statuses of rules, and the end of what nobody needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial

from kubervisor.errors import ApiUnavailable, Conflict, LeadershipLost, NotFound
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_writer import FINALIZER, RuleWriter
from kubervisor.rules.controller.following import Followed, Following
from kubervisor.rules.controller.news import RuleNews
from kubervisor.rules.controller.remembered import Key, Memory
from kubervisor.rules.controller.statuses import Finding, rule_status
from kubervisor.rules.controller.storage import Storage
from kubervisor.rules.controller.troubles import Troubles
from kubervisor.rules.decision.budget import is_forgettable
from kubervisor.rules.decision.states import Standing, State
from kubervisor.runtime.crew import Job
from kubervisor.telemetry import rule_metrics

SETTLED = frozenset([State.NORMAL, State.TAKEN, State.DECLINED])
"""In these nothing is about to begin. Just before it does, a record is held already."""


class Tidying:
    """`jobs` belongs to one thread; the jobs may be done at once."""

    def __init__(
        self,
        storage: Storage,
        following: Following,
        writer: RuleWriter,
        news: RuleNews,
        troubles: Troubles,
    ) -> None:
        self._storage, self._following, self._writer = storage, following, writer
        self._news, self._troubles = news, troubles
        self._reported: dict[str, tuple[object, ...]] = {}
        self._names: dict[str, str] = {}

    def jobs(self, now: float) -> list[Job]:
        """What is to be written at this step."""
        memories = defaultdict[str, list[Memory]](list)
        for memory in self._storage.memories.all():
            memories[memory.key[0]].append(memory)
        followed = self._following.all()
        self._forget(followed.keys())
        return [
            *self._reports(followed.values(), memories, now),
            *(
                partial(self._guarded, partial(self._clean, memory), memory.key, memory.record.name)
                for uid, those in memories.items()
                for memory in those
                if self._is_to_be_cleaned(memory, followed.get(uid), now)
            ),
        ]

    def _reports(
        self,
        followed: Iterable[Followed],
        memories: dict[str, list[Memory]],
        now: float,
    ) -> Iterator[Job]:
        for one in followed:
            record, finding = one.rule.record, one.finding
            if finding is None:
                continue
            standings = [m.standing for m in memories.get(record.uid, ()) if m.standing]
            count = len(standings) if one.objects is None else len(one.objects)
            states = tuple(
                sum(standing.state is state for standing in standings) for state in State
            )
            said = (record.resource_version, finding, count, states)
            self._names[record.uid] = record.name
            # Its status is decoded only where something has changed.
            if self._reported.get(record.uid) != said:
                self._reported[record.uid] = said
                self._news.count(record.name, states)
                report = partial(self._report, record, finding, count, standings, now)
                yield partial(self._guarded, report, (record.uid, ""), record.name)

    def _report(
        self,
        record: SpecRecord,
        finding: Finding,
        count: int,
        standings: list[Standing],
        now: float,
    ) -> None:
        if self._storage.rules.is_doubtful(record.uid):
            self._reported.pop(record.uid, None)
            return
        stored = record.status
        status = rule_status(stored, record.generation, finding, count, standings, now)
        if status == stored:
            return
        try:
            self._storage.rules.note(self._writer.report(record, status))
        except (Conflict, ApiUnavailable):
            self._storage.rules.doubt(record)
            raise

    def _is_to_be_cleaned(self, memory: Memory, followed: Followed | None, now: float) -> bool:
        standing = memory.standing
        if standing is not None and standing.state is State.IN_PROGRESS:
            return False
        if followed is None:
            return True
        if FINALIZER in memory.record.finalizers and (
            memory.record.deleting or standing is None or standing.state in SETTLED
        ):
            return True
        if followed.objects is None or memory.key[1] in followed.objects:
            return False
        return standing is None or is_forgettable(standing, now)

    def _clean(self, memory: Memory) -> None:
        """Let it go, or delete it."""
        record = memory.record
        if self._storage.objects.is_doubtful(record.uid):
            return
        try:
            if FINALIZER in record.finalizers:
                self._storage.objects.note(self._writer.hold(record, is_held=False))
            elif not record.deleting:
                self._writer.forget(record)
        except NotFound:
            self._storage.objects.forget(record)
        except (Conflict, ApiUnavailable):
            self._storage.objects.doubt(record)
            raise

    def _guarded(self, job: Job, key: Key, of: str) -> None:
        """What fails is tried again, later each time; the others go on."""
        if self._troubles.is_put_off(key, ""):
            self._reported.pop(key[0], None)
            return
        try:
            job()
        except LeadershipLost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other writes are made
            self._reported.pop(key[0], None)
            self._troubles.failed(key, of, "status", error)
        else:
            self._troubles.passed(key)

    def _forget(self, uids: Iterable[str]) -> None:
        """Drop what is known of rules that are gone."""
        kept = set(uids)
        for uid in [*self._names]:
            if uid not in kept:
                self._reported.pop(uid, None)
                rule_metrics.forget_rule(self._names.pop(uid))
