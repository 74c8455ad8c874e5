"""One policy run over the past: a Guard, led from step to step.

Steps in which nothing can happen are not judged. A step matters to a breaker where its screen finds
a suspect, where a pod whose last steps are not settled could be judged, and while a pod is too
young or back too recently for the screen to know what counts of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kubervisor.replay.guard import Guard
from kubervisor.replay.members import Roll
from kubervisor.replay.outcomes import GivenBack, Terminated
from kubervisor.replay.pages import Page, questions
from kubervisor.replay.past import measured
from kubervisor.replay.screening import Screen
from kubervisor.replay.tally import Tally
from kubervisor.traffic.evidence import Streak
from kubervisor.traffic.model import Pod, PodUid, ServiceKey
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy


class Rerun:
    """Feeds one Guard page by page; `tally` is what came of it.

    `screened` False judges every step: the same result, much later.
    """

    def __init__(
        self, key: ServiceKey, policy: ServicePolicy, step: float, *, screened: bool = True
    ) -> None:
        self.guard = Guard(key, policy)
        self.tally = Tally()
        self._screened = screened
        self._strides = {b.name: max(1, round(b.period / step)) for b in policy.breakers}
        self._windows = {b: max(a.query.window for a in questions(b)) for b in policy.breakers}
        self._unsettled: set[str] = set()
        self._members: tuple[Pod, ...] = ()
        self._replaced: set[PodUid] = set()
        self._restless_until = -math.inf

    def run(self, page: Page, roll: Roll) -> None:
        """Go through the steps of one page; call once for each page, in order."""
        screens = [
            Screen(
                breaker,
                page,
                roll,
                stride=self._strides[breaker.name],
                peer_group=self.guard.policy.peer_group,
            )
            for breaker in self.guard.policy.breakers
        ]
        step = 0
        while step < len(page.times):
            now = float(page.times[step])
            self._give_back_until(now)
            if step in roll.changes:
                self._admit(roll.changes[step], now)
            for breaker in self.guard.policy.breakers:
                if (page.first + step) % self._strides[breaker.name] == 0:
                    self._judge(breaker, page, step, now)
            step = self._next(step + 1, page, roll, screens)

    def finish(self, end: float) -> None:
        """Nothing is known after `end`."""
        self._give_back_until(end)
        self.tally.finish(end)

    @property
    def _hidden(self) -> frozenset[str]:
        """Pods whose samples are the record's alone: here they would have had no traffic."""
        out = {pod.name for pod in self.guard.fleet.pods if pod.is_out}
        return frozenset(out | {pod.name for pod in self._members if pod.uid in self._replaced})

    def _judge(self, breaker: BreakerPolicy, page: Page, step: int, now: float) -> None:
        measurement = measured(page.of(breaker), step, self._hidden)
        found = self.guard.evaluate(breaker, measurement, now)
        self.tally.judged(found, now)
        if found.verdict.outliers or found.plan.panicking or found.plan.refused:
            self._unsettled.add(breaker.name)
        else:
            self._unsettled.discard(breaker.name)

    def _give_back_until(self, now: float) -> None:
        while (due := self.guard.next_return) is not None and due <= now:
            self._end(self.guard.give_back(due))

    def _admit(self, pods: tuple[Pod, ...], now: float) -> None:
        self._members = pods
        present = {pod.uid for pod in pods}
        self._replaced &= present
        self._show_members()
        self.tally.left(present, now)
        self._end(self.guard.give_back(now))
        self._settle()

    def _show_members(self) -> None:
        """A terminated pod is replaced at once, by one of which the record knows nothing."""
        self.guard.admit(
            replace(pod, uid=PodUid(f"{pod.uid}, replaced")) if pod.uid in self._replaced else pod
            for pod in self._members
        )

    def _end(self, ended: tuple[GivenBack, ...]) -> None:
        if not ended:
            return
        self.tally.ended(ended)
        terminated = {one.uid for one in ended if isinstance(one, Terminated)}
        if terminated:
            self._replaced |= terminated
            self._show_members()
        self._settle()

    def _settle(self) -> None:
        """Until when the evidence of a pod is younger than what the screens look at."""
        self._restless_until = max(
            (
                max(
                    (pod.returned_at or -math.inf) + max(window, breaker.activator.probation),
                    (pod.started_at or -math.inf) + window + breaker.warm_up,
                )
                for breaker, window in self._windows.items()
                for pod in self.guard.fleet.pods
            ),
            default=-math.inf,
        )

    def _next(self, step: int, page: Page, roll: Roll, screens: Sequence[Screen]) -> int:
        """The first step from `step` on that has to be looked at; the page's end where none has."""
        end = min((change for change in roll.changes if change >= step), default=len(page.times))
        due = self.guard.next_return
        if due is not None:
            end = min(end, int(np.searchsorted(page.times, due)))
        if step >= end:
            return min(step, len(page.times))
        unsettled = self._unsettled or page.times[step] <= self._restless_until
        if unsettled or not self._screened:
            return step
        hidden = self._hidden
        return min(
            screen.first(step, end, hidden, self._restless(screen.breaker, hidden))
            for screen in screens
        )

    def _restless(self, breaker: BreakerPolicy, hidden: frozenset[str]) -> list[str]:
        """Pods whose memory changes when they are judged, even where nobody is an outlier."""
        streaks = self.guard.memory(breaker.name).known
        found = []
        for pod in self.guard.fleet.pods:
            streak = streaks.get(pod.uid, Streak())
            unknown = breaker.on_requests and streak.fine_since is None
            if pod.name not in hidden and (unknown or any(streak.steps)):
                found.append(pod.name)
        return found
