"""The loop of data rollouts: what pods say and what is published, a plan for each source of each
namespace, its state, its requests.

One source or namespace that fails, whatever its annotations, objects or rights are like, is told of
and left; all others go on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from kubervisor.datarollout.controller.asker import Asker
from kubervisor.datarollout.controller.conditions import Finding
from kubervisor.datarollout.controller.deciding import Decider, Turn
from kubervisor.datarollout.controller.members import Key, Members, gather
from kubervisor.datarollout.controller.objects import name_for, source_of
from kubervisor.datarollout.controller.offers import Offer, Offers
from kubervisor.datarollout.controller.rollout_news import RolloutNews
from kubervisor.errors import ApiError, ApiUnavailable, Conflict, LeadershipLost, NotFound
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.together import Together
from kubervisor.telemetry import data_metrics, metrics
from kubervisor.telemetry.logs import Log

Refusals = list[tuple[SpecRecord, Finding]]


class Rollouts:
    """`step` is called by a Loop of the leader, on a thread that nobody else uses."""

    def __init__(
        self,
        *,
        offers: Offers,
        pods: Callable[[], Iterable[DataPod]],
        rollouts: Callable[[], Iterable[SpecRecord]],
        fresh_pods: Fresh[DataPod],
        fresh_rollouts: Fresh[SpecRecord],
        decider: Decider,
        asker: Asker,
        writer: DataWriter,
        news: RolloutNews,
        together: Together,
        period: float,
        most: int,
        clock: Clock,
        log: Log,
    ) -> None:
        """`pods` and `rollouts` are what the watches have shown; at `most` DataRollouts in a
        namespace no more are made. `period` in seconds.
        """
        self._offers, self._pods, self._rollouts = offers, pods, rollouts
        self._fresh_pods, self._fresh_rollouts = fresh_pods, fresh_rollouts
        self._decider, self._asker, self._writer = decider, asker, writer
        self._news, self._together = news, together
        self._period, self._most, self._clock, self._log = period, most, clock, log
        self._told: dict[str, str] = {}
        self._known: set[Key] = set()
        self._cut_off: set[str] = set()
        """Namespaces in which the API server gave no answer at this look: their other sources wait
        for the next, and hold up nobody elsewhere.
        """

    def step(self) -> float:
        """Take one look; the seconds until the next. Raises LeadershipLost."""
        self._settle_doubts()
        offer = self._offers.look()
        members = gather(self._fresh_pods.over(self._pods()))
        records = self._fresh_rollouts.over(self._rollouts())
        claims, refusals = _claims(records)
        turns = [*self._turns(claims, members), *self._new_turns(claims, members, records)]
        # Whole seconds, as objects and requests have them: what is read back is what was decided.
        now = float(int(self._clock.wall()))
        self._cut_off.clear()
        jobs = [partial(self._take, turn, offer, now) for turn in turns]
        jobs += [partial(self._refuse, record, why, now) for record, why in refusals]
        self._together.do(jobs)
        is_more = self._asker.ask_all([turn.asks for turn in turns])
        self._forget(turns, records)
        return 0.0 if is_more else self._period

    def _turns(self, claims: dict[Key, SpecRecord], members: dict[Key, Members]) -> list[Turn]:
        return [
            Turn(
                key=key,
                name=record.name,
                record=record,
                members=members.get(key, Members()),
                trouble=self._asker.trouble(key),
            )
            for key, record in sorted(claims.items())
        ]

    def _new_turns(
        self,
        claims: dict[Key, SpecRecord],
        members: dict[Key, Members],
        records: list[SpecRecord],
    ) -> list[Turn]:
        """Those of sources that pods use and nobody has a DataRollout for."""
        names: defaultdict[str, set[str]] = defaultdict(set)
        for record in records:
            names[record.namespace].add(record.name)
        turns = []
        for key in sorted(key for key, found in members.items() if found.users):
            namespace, source = key
            if key in claims:
                continue
            if len(names[namespace]) >= self._most:
                self._tell(
                    f"{namespace}:most",
                    f"namespace {namespace} has {self._most} DataRollouts: for further sources "
                    "none is made (--max-rollouts), and pods that use these get no data",
                )
                continue
            name = name_for(source, names[namespace])
            names[namespace].add(name)
            turns.append(Turn(key=key, name=name, record=None, members=members[key]))
        return turns

    def _take(self, turn: Turn, offer: Offer, now: float) -> None:
        if turn.key[0] in self._cut_off or self._is_in_doubt(turn):
            return
        try:
            self._decider.take(turn, offer, now)
        except LeadershipLost:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other sources go on
            turn.asks.clear()
            if isinstance(error, ApiUnavailable):
                self._cut_off.add(turn.key[0])
            self._failed("/".join(turn.key), "object" if turn.record is None else "status", error)
        else:
            self._told.pop("/".join(turn.key), None)

    def _is_in_doubt(self, turn: Turn) -> bool:
        if turn.record is not None and self._fresh_rollouts.is_doubtful(turn.record.uid):
            return True
        return any(self._fresh_pods.is_doubtful(pod.uid) for pod in turn.members.users)

    def _refuse(self, record: SpecRecord, why: Finding, now: float) -> None:
        if self._fresh_rollouts.is_doubtful(record.uid):
            return
        try:
            self._decider.refuse(record, why, now)
        except ApiError as error:
            self._failed(f"{record.namespace}/{record.name}", "status", error)

    def _settle_doubts(self) -> None:
        """Read again what is in doubt; what cannot be read stays in doubt, and its sources rest."""
        reads = [partial(self._reread_pod, pod) for pod in self._fresh_pods.doubtful()]
        reads += [partial(self._reread, one) for one in self._fresh_rollouts.doubtful()]
        self._together.do(reads)

    def _reread_pod(self, pod: DataPod) -> None:
        try:
            stored = self._writer.read_pod(pod)
        except NotFound:
            self._fresh_pods.forget(pod)
        except ApiError as error:
            self._failed(f"{pod.namespace}/{pod.name}", "pod", error)
        else:
            self._fresh_pods.forget(pod)
            self._fresh_pods.note(stored)

    def _reread(self, record: SpecRecord) -> None:
        try:
            stored = self._writer.read_rollout(record)
        except NotFound:
            self._fresh_rollouts.forget(record)
        except ApiError as error:
            self._failed(f"{record.namespace}/{record.name}", "object", error)
        else:
            self._fresh_rollouts.forget(record)
            self._fresh_rollouts.note(stored)

    def _failed(self, what: str, target: str, error: Exception) -> None:
        """Count it; and tell it where it is no conflict, which the next look settles."""
        if isinstance(error, ApiError):
            data_metrics.WRITE_ERRORS.labels(target, error.reason).inc()
            if isinstance(error, Conflict):
                return
        else:
            metrics.STEP_ERRORS.labels("datarollout", type(error).__name__).inc()
        self._tell(what, f"{type(error).__name__}: {error}", error)

    def _tell(self, what: str, said: str, error: Exception | None = None) -> None:
        """Once, however often it is so."""
        if self._told.get(what) == said:
            return
        self._told[what] = said
        traced = error is not None and not isinstance(error, ApiError)
        self._log.warning("Data rollout failed", of=what, error=said, exc_info=traced)

    def _forget(self, turns: list[Turn], records: list[SpecRecord]) -> None:
        keys = {turn.key for turn in turns}
        for key in self._known - keys:
            self._news.forget(key)
            self._told.pop("/".join(key), None)
        self._known = keys
        self._decider.forget_all_but(record.uid for record in records)


def _claims(records: Iterable[SpecRecord]) -> tuple[dict[Key, SpecRecord], Refusals]:
    """The DataRollout of each namespace and source, and those that are none's: of two for one
    source the older is heeded.
    """
    claims: dict[Key, SpecRecord] = {}
    refusals: Refusals = []
    for record in sorted(records, key=lambda one: (one.created_at, one.uid)):
        source = source_of(record)
        if source is None:
            why = "spec.source is no name of a source: letters, digits, '-', '_' and '.'"
            refusals.append((record, Finding("SpecInvalid", why)))
            continue
        older = claims.setdefault((record.namespace, source), record)
        if older is not record:
            why = f"DataRollout {older.name} is for source {source} too and older; delete one"
            refusals.append((record, Finding("Duplicate", why)))
    return claims, refusals
