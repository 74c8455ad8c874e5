"""The Breaker of one Service: measures, judges, and ejects what the fleet can spare.

One loop for all breakers of the Service. It never waits for a source: a fetch runs elsewhere and
wakes the loop when it is done, so a hanging source delays no other breaker.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass

from kubervisor.errors import ApiUnavailable, SourceError, Throttled
from kubervisor.runtime.act import Actuator
from kubervisor.runtime.assignment import JUDGING, Assignment, Stance
from kubervisor.runtime.desk import Desk
from kubervisor.runtime.fetching import Answer
from kubervisor.runtime.ledger import SourceProblem
from kubervisor.runtime.listening import Listeners
from kubervisor.runtime.measure import ask
from kubervisor.runtime.readers import Readers
from kubervisor.runtime.report import Reporter
from kubervisor.runtime.trials import Trials
from kubervisor.telemetry import traffic_metrics
from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.evidence import Memory
from kubervisor.traffic.measurement import Measurement
from kubervisor.traffic.model import Fleet, PodUid
from kubervisor.traffic.plan import Intent
from kubervisor.traffic.policy import BreakerPolicy
from kubervisor.traffic.returns import plan_lost_returns
from kubervisor.traffic.verdict import Verdict

IDLE = 30.0
LONGEST_WAIT = 1.0
"""Seconds a Breaker waits for its turn to eject; a longer wait is the next evaluation's."""
SLOT = 0.05
"""Seconds between two instants at which breakers are due: those of one follow each other on a
processor that is at it, which halves what each of them costs.
"""
SHORTEST_LIFE = 0.5
"""Seconds for which evidence counts at least, however short the period is."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A verdict on its way to being enforced."""

    breaker: BreakerPolicy
    assignment: Assignment
    asked_at: float
    decided_at: float
    verdict: Verdict
    memory: Memory


class Breaker:
    """`step` is called by a Loop; `wake` makes it called again soon. `unsettled` is called after a
    write that nobody may know the end of.
    """

    def __init__(
        self,
        desk: Desk,
        actuator: Actuator,
        wake: Callable[[], None],
        unsettled: Callable[[], None],
    ) -> None:
        self._desk, self._actuator = desk, actuator
        self._wake, self._unsettled = wake, unsettled
        self._clock = desk.shared.clock
        self._report = Reporter(desk)
        self._readers = Readers(desk, wake)
        self._listeners = Listeners(self._clock)
        self._trials = Trials(self._report, self._clock.monotonic)
        self._due: dict[BreakerPolicy, float] = {}
        self._waiting: dict[BreakerPolicy, Answer] = {}
        self._begun: set[BreakerPolicy] = set()
        self._kept: tuple[BreakerPolicy, ...] | None = None
        self._phase = random.random()

    def step(self) -> float:
        """Ask what is due, enforce what was answered; returns the seconds until there is more."""
        assignment = self._desk.assignment
        judging = assignment.stance in JUDGING
        self._keep(assignment.policy.breakers if judging else ())
        self._due |= self._readers.now_due(self._due)
        self._due |= self._listeners.now_due()
        for breaker in self._due:
            self._ask_if_due(assignment, breaker)
        for breaker, answer in list(self._waiting.items()):
            if answer.done or self._clock.monotonic() >= answer.deadline:
                del self._waiting[breaker]
                self._evaluate(assignment, breaker, answer)
        upcoming = [*self._due.values(), *(a.deadline for a in self._waiting.values())]
        return max(
            0.0, min(upcoming, default=self._clock.monotonic() + IDLE) - self._clock.monotonic()
        )

    def hear(self) -> None:
        """A watchdog of a member has spoken; called on other threads."""
        if self._listeners.hear():
            self._wake()

    def _keep(self, breakers: tuple[BreakerPolicy, ...]) -> None:
        """Schedule new breakers, forget those that the policy no longer has."""
        if breakers is self._kept:
            return
        self._kept = breakers
        for gone in self._due.keys() - set(breakers):
            del self._due[gone]
            self._waiting.pop(gone, None)
            self._begun.discard(gone)
        self._report.keep(breaker.name for breaker in breakers)
        self._readers.keep(breakers)
        self._listeners.keep(breakers)
        self._trials.keep(breakers)
        for breaker in breakers:
            if breaker not in self._due:
                # Pages are read before they are judged; that wakes us.
                patience = self._readers.patience(breaker)
                self._due[breaker] = self._clock.monotonic() + patience

    def _ask_if_due(self, assignment: Assignment, breaker: BreakerPolicy) -> None:
        now, due = self._clock.monotonic(), self._due[breaker]
        if now < due:
            return
        if breaker in self._begun:
            traffic_metrics.STEP_LATENESS.observe(now - due)
        self._due[breaker] = self._next_due(breaker, now, due)
        self._begun.add(breaker)
        if breaker not in self._waiting:
            self._waiting[breaker] = self._readers.ask(breaker) or ask(
                self._desk.shared,
                assignment.key,
                breaker,
                period=breaker.period,
                listener=self._wake,
            )

    def _next_due(self, breaker: BreakerPolicy, now: float, due: float) -> float:
        period, patience = breaker.period, self._readers.patience(breaker)
        if patience:
            return now + period + patience
        if breaker in self._begun:
            # Missed periods are skipped, never caught up.
            return max(due + period, now + period / 2)
        # The first evaluation is at once; from the second on, Services are spread evenly, each at
        # its own phase of the period.
        earliest, phase = now + period / 2, self._phase * period // SLOT * SLOT
        return earliest + (phase - earliest) % period

    def _evaluate(self, assignment: Assignment, breaker: BreakerPolicy, answer: Answer) -> None:
        try:
            measurement = answer.result()
        except SourceError as error:
            self._inconclusive(breaker, error)
            return
        case = self._judge(assignment, breaker, answer, measurement)
        if case is not None:
            self._enforce(case)

    def _inconclusive(self, breaker: BreakerPolicy, error: SourceError) -> None:
        traffic_metrics.EVALUATIONS.labels("error").inc()
        with self._desk.lock:
            problem = SourceProblem(error.reason, str(error), breaker.detector)
            self._report.source_failed(breaker.name, problem)

    def _judge(
        self,
        assignment: Assignment,
        breaker: BreakerPolicy,
        answer: Answer,
        measurement: Measurement,
    ) -> _Case | None:
        desk = self._desk
        with desk.lock:
            if desk.assignment.policy != assignment.policy:
                return None
            fleet = desk.fleet_alone()
            verdict = judge(
                breaker,
                measurement,
                fleet,
                now=self._clock.wall(),
                peer_group=assignment.policy.peer_group,
            )
            self._report.source_answered(breaker.name)
            self._trials.look(breaker, measurement, fleet, all_counted=verdict.all_counted)
            memory = desk.ledger.judged(verdict, breaker)
            desk.ledger.confirm(fleet, verdict)
            desk.shared.recorder(desk, breaker, fleet, verdict)
            traffic_metrics.EVALUATIONS.labels("inconclusive" if verdict.reason else "judged").inc()
            case = _Case(
                breaker, assignment, answer.asked_at, self._clock.monotonic(), verdict, memory
            )
            if verdict.outliers:
                return case
            # As nearly always: nobody is to be ejected, which the fleet as it was judged tells.
            self._decide(case, fleet, ())
            return None

    def _enforce(self, case: _Case) -> None:
        """Eject one pod at a time; after each, the fleet is gathered and the plan made anew."""
        tried: set[PodUid] = set()
        while not self._desk.stopped.is_set() and self._is_recent(case):
            wait = self._eject_next(case, tried)
            if wait is None or wait > LONGEST_WAIT:
                return
            if self._desk.stopped.wait(wait):
                return

    def _is_recent(self, case: _Case) -> bool:
        """Evidence counts until the next evaluation will have brought better."""
        age = self._clock.monotonic() - case.asked_at
        return age < max(2 * case.breaker.period, SHORTEST_LIFE)

    def _eject_next(self, case: _Case, tried: set[PodUid]) -> float | None:
        """Seconds until the next try; None where there is nothing more to eject."""
        desk = self._desk
        self._actuator.catch_up(desk)
        with desk.lock:
            if desk.assignment.policy != case.assignment.policy:
                return None
            fleet = desk.fleet()
            with desk.shared.neighbours if fleet.neighbours else nullcontext():
                if fleet.neighbours:
                    fleet = desk.fleet()
                intent = self._decide(case, fleet, tried)
                # The Activator says so, and may not have looked at this fleet yet.
                lost = desk.ledger.lost_pods or plan_lost_returns(fleet).intents
                if intent is None or lost:
                    return None
                wait = desk.shared.ejections.take(case.assignment.key)
                if wait == 0:
                    tried.add(intent.pod.uid)
                    try:
                        self._actuator.eject(desk, intent, fleet, decided_at=case.decided_at)
                    except (ApiUnavailable, Throttled):
                        desk.shared.ejections.outage()
                        self._unsettled()
                        return None  # the next evaluation tries again; others would fare no better
                return wait

    def _decide(self, case: _Case, fleet: Fleet, tried: Collection[PodUid]) -> Intent | None:
        plan = plan_ejections(
            fleet,
            case.verdict.without(tried),
            case.breaker,
            case.assignment.policy,
            case.memory,
            now=self._clock.wall(),
        )
        guarding = self._desk.assignment.stance is Stance.GUARD
        if not plan.intents or not guarding:
            # The last plan of the evaluation: what it refuses stays refused until the next.
            self._report.planned(case.breaker.name, case.verdict, plan, fleet)
        return plan.intents[0] if plan.intents and guarding else None
