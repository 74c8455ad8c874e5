"""Reports what a Breaker finds: each change once, in the ledger, the metrics, an Event and the
log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy
from typing import TypeVar

from kubervisor.kube.events import EventType
from kubervisor.runtime.assignment import Stance
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.hints import Hints
from kubervisor.runtime.ledger import Decision, KeptOutlier, Ledger, SourceProblem
from kubervisor.telemetry import logs, traffic_metrics
from kubervisor.traffic.model import Fleet, PodUid
from kubervisor.traffic.plan import Intent, Plan, Refusal
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Verdict

T = TypeVar("T")

FAILURES_TOLD = 2
"""Failures in a row of a source that has answered before, until they are told."""

_NO_PLAN = Plan()
_OVERFLOW = (Reason.BUDGET_EXHAUSTED, Reason.LOAD_TOO_HIGH)


class Reporter:
    """One Service's. All methods but `keep` are called with the desk's lock held."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hints = Hints(desk.assignment.key, desk.log, self._announce)
        self._breakers: frozenset[str] = frozenset()
        self._detected: dict[str, frozenset[PodUid]] = {}
        self._refused: dict[str, frozenset[PodUid]] = {}
        self._wished: dict[str, frozenset[PodUid]] = {}
        self._shown: tuple[object, ...] | None = None  # nothing is told yet

    def keep(self, breakers: Iterable[str]) -> None:
        """Report on these breakers alone; the series of the others go with them."""
        names = frozenset(breakers)
        if names == self._breakers:
            return
        for gone in self._breakers - names:
            traffic_metrics.forget_breaker(*self._service, gone)
            self._hints.forget(gone)
            for known in (self._detected, self._refused, self._wished):
                known.pop(gone, None)
        for new in names - self._breakers:
            traffic_metrics.begin_breaker(*self._service, new)
        self._breakers = names

    def source_failed(self, breaker: str, problem: SourceProblem) -> None:
        """No usable answer: nothing is ejected on it."""
        ledger = self._desk.ledger
        failures = ledger.blind[breaker] = ledger.blind.get(breaker, 0) + 1
        # One late answer is no news: a source shared by many would make hundreds of Events of it.
        if failures < FAILURES_TOLD and breaker in ledger.answered:
            return
        traffic_metrics.SOURCE_FAILING.labels(*self._service, breaker).set(1)
        if not problem.is_news(ledger.problems.get(breaker)):
            return
        ledger.problems[breaker] = problem
        ledger.kept.pop(breaker, None)
        self._desk.log.warning(
            "Source gives no usable answer",
            breaker=breaker,
            reason=problem.reason,
            error=problem.message,
        )
        note = f"Breaker {breaker}: {problem.message}; nothing is ejected on it"
        self._announce(Reason(problem.reason), note)
        self._tell_if_changed()

    def source_answered(self, breaker: str) -> None:
        """The source answers; call it before the verdict is put in the ledger."""
        if breaker in self._desk.ledger.blind:
            traffic_metrics.SOURCE_FAILING.labels(*self._service, breaker).set(0)
        if breaker in self._desk.ledger.problems:
            self._desk.log.info("Source answers again", breaker=breaker)
            self._announce(
                Reason.SOURCE_ANSWERS, f"Breaker {breaker}: answers again", warning=False
            )

    def tried(self, breaker: str, mismatch: str) -> None:
        """Whether the samples of the breaker's query are the fleet's: "", or why they are not."""
        ledger = self._desk.ledger
        before = ledger.mismatched.get(breaker, "")
        if mismatch and not before:
            self._desk.log.warning("Query does not match the fleet", breaker=breaker, why=mismatch)
            self._announce(Reason.QUERY_MISMATCH, f"Breaker {breaker}: {mismatch}")
        if mismatch:
            ledger.mismatched[breaker] = mismatch
        else:
            ledger.mismatched.pop(breaker, None)

    def planned(self, breaker: str, verdict: Verdict, plan: Plan, fleet: Fleet) -> None:
        """What the verdict led to; called once for each evaluation."""
        if logs.is_debugging():
            self._desk.log.debug(
                "Evaluated",
                breaker=breaker,
                pods=len(verdict.findings),
                outliers=len(verdict.outliers),
                refused=len(plan.refused),
            )
        if self._is_uneventful(verdict, plan, fleet):
            if self._shown is None:
                self._tell_if_changed()
            return
        self._count(breaker, verdict, plan)
        self._hints.look(breaker, verdict, fleet)
        self._panic(breaker, plan)
        self._remain(breaker, plan)
        ledger = self._desk.ledger
        if plan.version_outlier and plan.version_outlier != ledger.versions.get(breaker):
            note = f"Version {plan.version_outlier} is the outlier: most of its pods are outliers"
            self._announce(Reason.VERSION_OUTLIER, note)
        _keep(ledger.versions, breaker, plan.version_outlier)
        if self._desk.assignment.stance is not Stance.GUARD:
            self._would_eject(breaker, plan.intents)
        self._tell_if_changed()

    def _is_uneventful(self, verdict: Verdict, plan: Plan, fleet: Fleet) -> bool:
        """Nobody stands out or is out, and nothing is known that could end: as nearly always."""
        return not (
            any(self._shown or ())
            or verdict.outliers
            or plan != _NO_PLAN
            or fleet.out
            or self._detected
            or self._refused
            or self._wished
            or self._hints.are_told
            or any(_shown(self._desk.ledger))
        )

    def _tell_if_changed(self) -> None:
        """Have the status looked at where it would say something else: most evaluations change
        nothing.
        """
        shown = _shown(self._desk.ledger)
        if shown != self._shown:
            self._shown = tuple(copy(one) for one in shown)
            self._desk.changed()

    def _count(self, breaker: str, verdict: Verdict, plan: Plan) -> None:
        outliers = frozenset(finding.pod for finding in verdict.outliers)
        new = outliers - self._detected.get(breaker, frozenset())
        _keep(self._detected, breaker, outliers)
        if new:
            traffic_metrics.DETECTED.labels(*self._service, breaker).inc(len(new))
        overflow = [r for r in plan.refused if r.reason in _OVERFLOW]
        self._overflow(breaker, overflow)

    def _overflow(self, breaker: str, refused: list[Refusal]) -> None:
        before = self._refused.get(breaker, frozenset())
        pods = frozenset(refusal.pod.uid for refusal in refused)
        _keep(self._refused, breaker, pods)
        ledger = self._desk.ledger
        if not refused:
            ledger.exhausted.pop(breaker, None)
            return
        names = ", ".join(refusal.pod.name for refusal in refused[:5])
        more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
        ledger.exhausted[breaker] = f"{names}{more}: {refused[0].note}"
        new = pods - before
        traffic_metrics.OVERFLOW.labels(*self._service, breaker).inc(len(new))
        if new:
            self._desk.log.info(
                "Refused ejections", breaker=breaker, pods=names + more, why=refused[0].note
            )
            note = f"Breaker {breaker}: {ledger.exhausted[breaker]}"
            self._announce(Reason.EJECTION_REFUSED, note)

    def _remain(self, breaker: str, plan: Plan) -> None:
        """Remember which outliers stay in traffic, and why; a first match alone is no news."""
        ledger, now = self._desk.ledger, self._desk.shared.clock.wall()
        known = {(one.uid, one.reason): one for one in ledger.kept.get(breaker, ())}
        kept = tuple(
            known.get((no.pod.uid, no.reason))
            or KeptOutlier(no.pod.name, no.pod.uid, breaker, now, no.reason, no.note)
            for no in plan.refused
            if no.reason is not Reason.MATCHES_NOT_REACHED
        )
        _keep(ledger.kept, breaker, kept)

    def _panic(self, breaker: str, plan: Plan) -> None:
        ledger = self._desk.ledger
        before = ledger.panicking.get(breaker, ())
        _keep(ledger.panicking, breaker, plan.panicking)
        if bool(plan.panicking) == bool(before):
            return
        if plan.panicking:
            why = next((r.note for r in plan.refused if r.reason is Reason.PANICKING), "")
            self._announce(Reason.PANIC_ENTERED, f"Breaker {breaker}: ejects nobody; {why}")
        else:
            self._announce(Reason.PANIC_LEFT, f"Breaker {breaker}: judges again", warning=False)
        self._desk.log.info("Panic", breaker=breaker, entered=bool(plan.panicking))

    def _would_eject(self, breaker: str, intents: tuple[Intent, ...]) -> None:
        before = self._wished.get(breaker, frozenset())
        _keep(self._wished, breaker, frozenset(intent.pod.uid for intent in intents))
        for intent in intents:
            if intent.pod.uid in before:
                continue
            pod = intent.pod
            self._desk.ledger.record(
                Decision(
                    self._desk.shared.clock.wall(),
                    "WouldEject",
                    pod.name,
                    pod.uid,
                    breaker,
                    intent.reason,
                    intent.evidence,
                )
            )
            self._desk.log.info("Would eject pod", pod=pod.name, evidence=intent.evidence)
            self._announce(Reason.WOULD_EJECT, f"Pod {pod.name}: {intent.evidence}", warning=False)
            self._desk.changed()

    @property
    def _service(self) -> tuple[str, str]:
        key = self._desk.assignment.key
        return key.namespace, key.name

    def _announce(self, reason: Reason, note: str, *, warning: bool = True) -> None:
        self._desk.shared.events.record(
            self._desk.reference,
            type=EventType.WARNING if warning else EventType.NORMAL,
            reason=reason,
            action="Evaluate",
            note=note,
        )


def _shown(ledger: Ledger) -> tuple[Collection[object], ...]:
    """What the status shows of a ledger."""
    return (
        ledger.panicking,
        ledger.exhausted,
        ledger.kept,
        ledger.versions,
        ledger.problems,
        ledger.mismatched,
        ledger.no_samples,
    )


def _keep(known: dict[str, T], breaker: str, value: T) -> None:
    """Let `value` be known of the breaker; of most there is nothing to know, and no entry."""
    if value:
        known[breaker] = value
    else:
        known.pop(breaker, None)
