"""The gate of a rollout: is a pod free of watchdog errors, and for long enough? Pure.

A readiness probe of a canary asks it, so that a rollout waits for good pods. Only what was seen
counts: a pod of which nothing was ever read is not healthy, however long that lasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kubervisor.traffic.watchdogs import WatchdogStatus

KEPT_SECONDS = 60.0
"""How long the last state holds while the pod cannot be read. An API server that restarts is back
by then, and no rollout moves meanwhile; but who alone is cut off from it, by a lost right or a
broken network, must not call a pod healthy for ever whose errors it cannot see.
"""

SHOWN = 5
"""Watchdogs that an answer names: it becomes the text of an Event."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a gate asks of its pod, in seconds.

    It must have been free of errors for more than `min_ready_seconds`. The gate is open for good
    once it runs for more than `always_healthy_after`; None: never.
    """

    min_ready_seconds: float = 0.0
    always_healthy_after: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the pod may be Ready, and why, for a person to read."""

    healthy: bool
    why: str


@dataclass(frozen=True, slots=True)
class Gate:
    """What is known of a pod. All instants are of one clock that never steps.

    `started` is when the gate began, `failing` the watchdogs in error, `healthy_since` the first
    look since then, None while one is or nothing is known. `unread_since` is the first of the looks
    that failed, None where the last one did not, and `problem` why.
    """

    rule: Rule
    started: float
    failing: tuple[str, ...] = ()
    healthy_since: float | None = None
    unread_since: float | None = None
    problem: str = "the pod has not been read yet"

    def seen(self, failing: Iterable[str], at: float) -> Gate:
        """The gate after a look at `at` that found these watchdogs in error."""
        names = tuple(sorted(failing))
        since = None if names else self._healthy_from(at)
        return Gate(self.rule, self.started, failing=names, healthy_since=since)

    def unread(self, problem: str, at: float) -> Gate:
        """The gate after a look at `at` that failed: what is known holds for a time."""
        since = at if self.unread_since is None else self.unread_since
        return replace(self, unread_since=since, problem=problem)

    def lost(self, problem: str) -> Gate:
        """The gate of a pod of which nothing is known any more."""
        return Gate(self.rule, self.started, problem=problem)

    def answer(self, now: float) -> Answer:
        """Whether the pod may be Ready at `now`."""
        least, always = self.rule.min_ready_seconds, self.rule.always_healthy_after
        if always is not None and now - self.started > always:
            return Answer(True, f"always healthy after {always:g} s")
        silence = self._silence(now)
        if self.failing and silence <= KEPT_SECONDS:
            return Answer(False, f"in error: {_listed(self.failing)}")
        if self.healthy_since is None or silence > KEPT_SECONDS:
            return Answer(False, self.problem)
        if now - silence - self.healthy_since > least:
            return Answer(True, "no watchdog is in error")
        return Answer(False, f"no watchdog is in error, but not yet for more than {least:g} s")

    def _healthy_from(self, at: float) -> float:
        """Nobody saw what happened while the pod could not be read: that time does not count."""
        silence = self._silence(at)
        if self.healthy_since is None or silence > KEPT_SECONDS:
            return at
        return self.healthy_since + silence

    def _silence(self, now: float) -> float:
        return 0.0 if self.unread_since is None else now - self.unread_since


def failing_names(statuses: Iterable[WatchdogStatus], now: float) -> tuple[str, ...]:
    """The watchdogs in error; a word that has expired at `now` (Unix seconds) counts no more."""
    return tuple(one.name for one in statuses if one.is_failure and one.counts(now))


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
