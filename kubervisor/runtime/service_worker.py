"""What runs for one KubervisorService: a Breaker, an Activator, each a loop, and their desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubervisor.runtime.act import Actuator
from kubervisor.runtime.activator import Activator
from kubervisor.runtime.assignment import Assignment
from kubervisor.runtime.breaker import Breaker
from kubervisor.runtime.desk import Desk, Shared
from kubervisor.runtime.loop import Loop

ACTIVATOR_REST = 0.1
"""Seconds between two steps of an Activator: a pod that is replaced is a dozen events, one after
the other, and one or two steps.
"""


class ServiceWorker:
    """Started once, re-assigned when the spec or the Service changes, stopped when it goes."""

    def __init__(self, assignment: Assignment, shared: Shared, actuator: Actuator) -> None:
        self.desk = Desk(assignment, shared)
        breaker = Breaker(
            self.desk, actuator, wake=self._wake_breaker, unsettled=self._wake_activator
        )
        activator = Activator(self.desk, actuator)
        self._is_idle, self._hear = activator.is_idle, breaker.hear
        name = str(assignment.key)
        clock, log = shared.clock, self.desk.log
        self.breaker = Loop(
            f"breaker/{name}",
            "breaker",
            breaker.step,
            scheduler=shared.breakers,
            clock=clock,
            log=log,
        )
        self.activator = Loop(
            f"activator/{name}",
            "activator",
            activator.step,
            scheduler=shared.activators,
            clock=clock,
            log=log,
            rest=ACTIVATOR_REST,
        )

    def _wake_breaker(self) -> None:
        self.breaker.wake()

    def _wake_activator(self) -> None:
        self.activator.wake()

    def start(self) -> None:
        """Start both. Raises RuntimeError where the process may have no thread for them."""
        self.activator.start()
        self.breaker.start()

    def assign(self, assignment: Assignment) -> None:
        """Go on with another assignment; an equal one changes nothing."""
        if assignment == self.desk.assignment:
            return
        self.desk.assign(assignment)
        self.breaker.wake()
        self.activator.wake()

    def pods_changed(self, *, routine: bool, spoken: bool) -> None:
        """Members did; where that was `routine`, only an Activator with something to do looks. A
        Breaker hears what watchdogs have `spoken`.
        """
        if spoken:
            self._hear()
        if not (routine and self._is_idle()):
            self.activator.wake()

    def restore(self, status: Mapping[str, Any]) -> None:
        """Take up what the last leader recorded; once."""
        self.desk.restore(status)

    def stop(self) -> None:
        """End both after the write in hand; returns at once."""
        self.desk.stopped.set()
        self.breaker.stop()
        self.activator.stop()

    def join(self, timeout: float) -> bool:
        """True once both have ended; waits at most twice `timeout` seconds."""
        return self.breaker.join(timeout) and self.activator.join(timeout)
