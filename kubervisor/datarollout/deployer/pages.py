"""What a deployer's sidecar says of itself: `/watchdog` for AutoCrane's probes, and metrics."""

from __future__ import annotations

import math

from kubervisor.datarollout.deployer.rounds import Rounds
from kubervisor.kube.own_pod import OwnPodWatch
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.threads import start_thread
from kubervisor.telemetry.deployer_metrics import DeployerMetrics
from kubervisor.telemetry.health import Page, make_page_server

LONGEST_SECONDS = 35 * 60.0
"""Without success until the watchdog fails; AutoCrane's."""


class Watchdog:
    """Answers whether the pod's data is as requested, or why not, as far as is known."""

    def __init__(self, rounds: Rounds, watch: OwnPodWatch, clock: Clock) -> None:
        self._rounds, self._watch, self._clock = rounds, watch, clock
        self._well = clock.monotonic()
        """When all was last well; the beginning counts, for a start takes its time."""

    def answer(self) -> tuple[str, str]:
        """Status and text of the page."""
        if failures := self._rounds.failures():
            return _failed("; ".join(f"{name}: {why}" for name, why in failures.items()))
        if self._rounds.is_complete and math.isfinite(self._watch.last_seen):
            self._well = max(self._well, self._watch.last_seen)
        if (silence := self._clock.monotonic() - self._well) > LONGEST_SECONDS:
            missing = [f"{name}: {why}" for name, why in self._rounds.problems().items()]
            why = "; ".join(filter(None, [self._watch.problem, *missing])) or "the pod is not seen"
            return _failed(f"no success for {silence / 60:.0f} min: {why}")
        return "200 OK", "ok"


def serve(
    listen: tuple[str, int],
    rounds: Rounds,
    watch: OwnPodWatch,
    metrics: DeployerMetrics,
    clock: Clock,
) -> None:
    """Answer from now on, on a thread. Raises OSError where the address cannot be bound."""
    pages: dict[str, Page] = {"/watchdog": Watchdog(rounds, watch, clock).answer}
    pages |= dict.fromkeys(("/ping", "/livez", "/readyz"), lambda: ("200 OK", "ok"))
    server = make_page_server(*listen, pages, registry=metrics.registry, before_scrape=lambda: None)
    start_thread("server", server.serve_forever)


def _failed(why: str) -> tuple[str, str]:
    return "500 Internal Server Error", why
