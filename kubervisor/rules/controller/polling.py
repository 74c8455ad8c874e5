"""Asks the question of each rule when it is due, in the background; equal ones are asked once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from zlib import crc32

from kubervisor.errors import SourceError
from kubervisor.rules.controller.joining import query_of
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import Answer, FetchPool
from kubervisor.sources import Sources
from kubervisor.telemetry import rule_metrics
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.measurement import Measurement, Sample

DEADLINE = 10.0
"""Seconds that a source has for an answer."""

SHARED_SECONDS = 1.0
"""An answer younger than this is that of another rule with the same question, due with this one."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of a poll: samples as of `at` (Unix seconds), or why there are none."""

    at: float
    samples: Collection[Sample] = ()
    failure: SourceError | None = None
    outcome: str = "Answered"


@dataclass(slots=True)
class _Poll:
    """Of one rule as it is written now. `due` is monotonic."""

    source: str
    query: str
    generation: int
    interval: float
    due: float
    answer: Answer | None = None


class Polls:
    """Belongs to one thread; `answered` is called on others, when an answer has come."""

    def __init__(
        self,
        sources: Sources,
        pool: FetchPool,
        clock: Clock,
        *,
        shortest: float,
    ) -> None:
        """No rule is polled more often than every `shortest` seconds."""
        self._sources, self._pool, self._clock = sources, pool, clock
        self._shortest = shortest
        self.answered: Callable[[], None] = lambda: None
        self._polls: dict[str, _Poll] = {}

    def take(self, policy: RulePolicy, source: str) -> Polled | None:
        """What came of the poll that is due, once; None where none is, or it is under way.

        Raises RuntimeError where a thread is needed that the process may not have.
        """
        now = self._clock.monotonic()
        poll = self._poll_of(policy, source, now)
        if poll.answer is None:
            if now < poll.due:
                return None
            poll.answer = self._ask(poll, policy)
        answer = poll.answer
        if not answer.done and now < answer.deadline:
            return None
        poll.answer, poll.due = None, _next_due(poll, now)
        return _outcome(answer, self._clock.wall())

    def next_due(self) -> float:
        """Seconds until `take` has something to do for a rule, whatever answers come before."""
        now = self._clock.monotonic()
        whens = (poll.answer.deadline if poll.answer else poll.due for poll in self._polls.values())
        return max(0.0, min(whens, default=now + self._shortest) - now)

    def forget_all_but(self, uids: Iterable[str]) -> None:
        """Drop the polls of rules that are gone."""
        kept = set(uids)
        self._polls = {uid: poll for uid, poll in self._polls.items() if uid in kept}

    def _poll_of(self, policy: RulePolicy, source: str, now: float) -> _Poll:
        poll = self._polls.get(policy.uid)
        if poll is None or (poll.source, poll.generation) != (source, policy.generation):
            query, interval = query_of(policy), max(policy.poll_interval, self._shortest)
            poll = self._polls[policy.uid] = _Poll(source, query, policy.generation, interval, now)
        return poll

    def _ask(self, poll: _Poll, policy: RulePolicy) -> Answer:
        label = policy.labels.name[0] if policy.labels.name else "pod"
        fetch = partial(_fetch, self._sources, self._clock, poll.source, poll.query, label)
        return self._pool.ask(
            poll.source,
            (poll.source, poll.query, label),
            fetch,
            deadline=DEADLINE,
            max_age=min(SHARED_SECONDS, poll.interval / 2),
            listener=self.answered,
        )


def _fetch(
    sources: Sources, clock: Clock, source: str, query: str, label: str, left: float
) -> Measurement:
    taken_at, began = clock.wall(), clock.monotonic()
    samples = sources.query(SourceRef(name=source), query, deadline=left, pod_label=label)
    rule_metrics.POLL_SECONDS.observe(clock.monotonic() - began)
    return Measurement(taken_at, samples=samples)


def _outcome(answer: Answer, now: float) -> Polled:
    try:
        measured = answer.result()
    except SourceError as error:
        return Polled(now, failure=error, outcome=error.reason)
    # Asked for then, if not earlier: what happened since is not in it.
    return Polled(measured.taken_at, measured.samples)


def _next_due(poll: _Poll, now: float) -> float:
    """The next instant of its own in the interval, so that many rules are not due at once, and
    rules with the same question are.
    """
    phase = crc32(poll.query.encode()) % 4096 / 4096 * poll.interval
    due = now - (now - phase) % poll.interval + poll.interval
    return due if due - now >= poll.interval / 2 else due + poll.interval
