"""A gatekeeper looks at its pod on an API server that the test lets answer, or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kubervisor.kube.client import Api
from kubervisor.kube.noted_pods import read_noted_pod
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs
from kubervisor.telemetry.gate_metrics import GateMetrics
from kubervisor.watchdog.gate import KEPT_SECONDS, Rule
from kubervisor.watchdog.gatekeeper import Gatekeeper
from tests.kube.scripted import ScriptedServer

STARTED = 1_700_000_000.0


class Scripted:
    """A gatekeeper, its pod's annotations as the server tells them, and its clock."""

    def __init__(self, server: ScriptedServer, api: Api) -> None:
        self.now = 0.0
        self.server, self.metrics = server, GateMetrics()
        clock = Clock(wall=lambda: STARTED + self.now, monotonic=lambda: self.now)
        self.keeper = Gatekeeper(
            lambda: read_noted_pod(api, "shop", "cart-1"),
            Rule(min_ready_seconds=20),
            clock=clock,
            metrics=self.metrics,
            log=logs.get("gate"),
        )

    def look(self, status: str = "", expiry: str = "", *, answers: int = 200) -> tuple[bool, str]:
        """Look while the server tells this of watchdog `disk`, or answers so."""
        annotations = {"status.autocrane.io/disk": status, "expiry.autocrane.io/disk": expiry}
        meta: dict[str, Any] = {"name": "cart-1", "namespace": "shop", "uid": "u1"}
        body = {"metadata": {**meta, "resourceVersion": "1", "annotations": annotations}}
        said = body if answers == 200 else {"message": "not today"}
        self.server.script = lambda exchange: exchange.answer(answers, said)
        self.keeper.look()
        answer = self.keeper.answer()
        return answer.healthy, answer.why

    def metric(self, name: str, **labels: str) -> float | None:
        self.keeper.refresh_metrics()
        return self.metrics.registry.get_sample_value(f"kubervisor_watchdog_gate_{name}", labels)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with ScriptedServer() as server:
        api = server.api()
        yield Scripted(server, api)
        api.close()


def test_it_gets_its_own_pod_and_nothing_else(scripted: Scripted) -> None:
    scripted.look()
    scripted.look()
    asked = {(one.method, one.path, *one.query) for one in scripted.server.asked}
    assert asked == {("GET", "/api/v1/namespaces/shop/pods/cart-1")}


def test_a_pod_without_errors_is_healthy_after_the_least_time(scripted: Scripted) -> None:
    assert not scripted.look()[0]
    scripted.now = 20.1
    assert scripted.look() == (True, "no watchdog is in error")
    assert scripted.metric("healthy") == 1


def test_an_error_ends_it_at_once_and_names_the_watchdog(scripted: Scripted) -> None:
    scripted.look()
    scripted.now = 30
    assert scripted.look(status="error/2026-01-01T00:00:00/full") == (False, "in error: disk")
    assert scripted.metric("healthy") == 0


def test_a_dead_api_server_leaves_the_last_state_for_a_minute(scripted: Scripted) -> None:
    scripted.look()
    scripted.now = 30
    assert scripted.look()[0]
    scripted.now = 40
    assert scripted.look(answers=503)[0]
    scripted.now = 40 + KEPT_SECONDS
    assert scripted.look(answers=503)[0]
    scripted.now += 1
    healthy, why = scripted.look(answers=503)
    assert not healthy
    assert "cannot be read" in why
    assert "not today (503)" in why
    assert scripted.metric("read_errors_total", reason="ApiUnavailable") == 3


def test_a_right_that_was_taken_away_is_told(scripted: Scripted) -> None:
    healthy, why = scripted.look(answers=403)
    assert not healthy
    assert "A right is missing: get pods/cart-1 in namespace shop" in why


def test_a_pod_that_does_not_exist_is_not_healthy_at_once(scripted: Scripted) -> None:
    scripted.look()
    scripted.now = 30
    assert scripted.look()[0]
    assert not scripted.look(answers=404)[0]


def test_what_is_no_pod_is_as_good_as_no_answer(scripted: Scripted) -> None:
    scripted.server.script = lambda exchange: exchange.answer(200, b"<html>a proxy</html>")
    scripted.keeper.look()
    assert "unreadable answer" in scripted.keeper.answer().why


def test_an_error_counts_until_it_expires(scripted: Scripted) -> None:
    said = ("error/2023-11-14T22:00:00Z/full", "2023-11-14T22:13:40Z")
    assert scripted.look(*said)[1] == "in error: disk"  # 19 s before
    scripted.now = 20
    assert "not yet for more than 20 s" in scripted.look(*said)[1]
    scripted.now = 40.1
    assert scripted.look(*said)[0]


@pytest.mark.parametrize(
    "text", ["error", "/error", "", "\N{SNOWMAN}" * 99_999, "errors/x/y", "warning/x/y", "info//"]
)
def test_other_texts_are_no_errors(scripted: Scripted, text: str) -> None:
    scripted.look(status=text)
    scripted.now = 20.1
    assert scripted.look(status=text)[0]
