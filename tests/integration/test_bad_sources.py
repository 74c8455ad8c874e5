"""Whatever a source answers, or whoever is named as one: a clear answer, nobody ejected, no harm.

All cases run at once, each with a Service, a pod and a server of its own, beside one neighbour.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from playground import detector_prometheus as answers
from playground.detector import Detector, pod_list
from playground.detector_http import (
    Answer,
    ScriptedServer,
    as_json,
    hangs,
    refused_address,
)
from playground.detector_prometheus import PrometheusStandIn
from playground.fleet import Fleet
from playground.fleet_api import Json
from playground.fleet_pod import Pod
from tests.integration.guard import PATIENCE, Guard, evaluations
from tests.integration.neighbour import Neighbour
from tests.integration.source_cases import ANSWERS, CASES, LATE, Case
from tests.integration.specs import custom, discrete, guarding

FLEET = "sources"


class Trial:
    """A case with its server, its Service over two pods, and its KubervisorService."""

    def __init__(self, guard: Guard, case: Case, name: str, fleet: Fleet, target: str) -> None:
        self.guard, self.case, self.name, self._fleet = guard, case, name, fleet
        self.server = Detector() if case.breaker is custom else PrometheusStandIn()
        own = self.pods()
        self._good = as_json(pod_list(())) if case.breaker is custom else _fine(own)
        self._bad = case.answer(own[0], target)
        guard.put_service(name, {"app": FLEET, "slot": name})
        self.server.answer = self._bad
        breaker = case.breaker(self.server.address, period=case.period)
        guard.apply(name, guarding(name, breaker))

    def pods(self) -> tuple[Pod, ...]:
        """Its own pods as they are now."""
        return tuple(pod for pod in self._fleet.pods() if pod.labels.get("slot") == self.name)

    def go_wrong(self) -> None:
        """Answer as the case says."""
        self.server.answer = self._bad

    def go_well(self) -> None:
        """Answer that nobody is an outlier."""
        self.server.answer = self._good

    def is_told(self) -> Json:
        """The condition, once it is as the case says; the message names the source."""
        says = self.case.says if self.case.status == "True" else self.server.address
        condition = self.guard.wait_condition(
            self.name, "SourcesAvailable", self.case.status, self.case.reason, says=says
        )
        assert self.case.says in condition["message"]
        return condition


def _fine(pods: tuple[Pod, ...]) -> Answer:
    return answers.vector([({"pod": pod.name, "code": "200"}, 1) for pod in pods])


@pytest.fixture(scope="module")
def target() -> Iterator[ScriptedServer]:
    """Where redirects lead; nobody must ever come."""
    with Detector() as target:
        yield target


@pytest.fixture(scope="module")
def trials(shared_guard: Guard, target: ScriptedServer) -> Iterator[dict[str, Trial]]:
    """All cases, at work."""
    guard = shared_guard
    with ExitStack() as stack:
        fleet = stack.enter_context(guard.fleet(FLEET, 2 * len(CASES)))
        names = [f"source-{number}" for number in range(len(CASES))]
        for pod, name in zip(fleet.pods(), names * 2, strict=True):
            fleet.label(pod, "slot", name)
        fleet.wait(lambda f: all("slot" in p.labels for p in f.pods()), PATIENCE, "all have slots")
        found = {}
        servers = stack.enter_context(ExitStack())
        stack.callback(guard.delete_all, names)
        for name, case in zip(names, CASES, strict=True):
            trial = Trial(guard, case, name, fleet, target.url)
            servers.callback(trial.server.close)
            found[case.what] = trial
        yield found


@pytest.mark.parametrize("what", [case.what for case in CASES])
def test_an_answer_that_tells_nothing_ejects_nobody_and_is_told_until_it_is_well_again(
    guard: Guard, trials: dict[str, Trial], target: ScriptedServer, what: str
) -> None:
    trial = trials[what]
    trial.go_wrong()
    trial.is_told()
    if trial.case.status == "False":
        guard.wait_event(trial.name, trial.case.reason, says=trial.server.address)
    guard.wait_guarding(trial.name)
    assert [pod.traffic for pod in trial.pods()] == ["yes", "yes"]
    assert target.requests == ()

    trial.go_well()
    guard.wait_condition(trial.name, "SourcesAvailable", "True", ANSWERS)
    assert [pod.traffic for pod in trial.pods()] == ["yes", "yes"]


def test_all_of_them_at_once_harm_no_neighbour(
    trials: dict[str, Trial], neighbour: Neighbour
) -> None:
    for trial in trials.values():
        trial.go_wrong()
    for trial in trials.values():
        trial.is_told()
    for _ in range(3):
        neighbour.is_unharmed()
    for trial in trials.values():
        trial.go_well()


NOT_ALLOWED = [
    pytest.param("www.example.com:80", "www.example.com:80", id="a host of the internet"),
    pytest.param("localhost:9090", "localhost:9090", id="this machine by name"),
    pytest.param("169.254.169.254", "169.254.169.254:80", id="the cloud's metadata"),
    pytest.param("10.0.0.1:6443", "10.0.0.1:6443", id="an address of the cluster"),
    pytest.param("[::1]:9090", "[::1]:9090", id="this machine by IPv6"),
    pytest.param("metadata", "metadata:80", id="a bare name"),
]


@pytest.mark.parametrize(("address", "says"), NOT_ALLOWED)
def test_a_host_outside_the_allow_patterns_is_never_asked(
    guard: Guard, neighbour: Neighbour, detector: Detector, address: str, says: str
) -> None:
    with guard.fleet("outside", 1):
        guard.apply("outside", guarding("outside", custom(address)))
        guard.wait_condition("outside", "SourcesAvailable", "False", "SourceNotAllowed", says=says)
        guard.wait_event("outside", "SourceNotAllowed", says="--allow-source")
        neighbour.is_unharmed()
        guard.apply("outside", guarding("outside", custom(detector.address)))
        guard.wait_condition("outside", "SourcesAvailable", "True", ANSWERS)
        guard.delete("outside")


def test_a_source_that_is_not_configured_is_told_by_name(guard: Guard) -> None:
    with guard.fleet("named", 1):
        breaker = discrete("unused")
        del breaker["discreteValueOutOfList"]["prometheusService"]
        breaker["discreteValueOutOfList"]["source"] = "nobody"
        guard.apply("named", guarding("named", breaker))
        guard.wait_condition(
            "named", "SourcesAvailable", "False", "SourceNotAllowed", says="nobody"
        )
        guard.delete("named")


def test_a_source_that_refuses_is_told_and_believed_again_once_it_listens(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("refuses", 3) as fleet, refused_address() as refused:
        guard.apply("refuses", guarding("refuses", custom(refused)))
        guard.wait_condition(
            "refuses", "SourcesAvailable", "False", "SourceUnavailable", says=refused
        )
        guard.wait_event("refuses", "SourceUnavailable", says=refused)
        neighbour.is_unharmed()
        guard.apply("refuses", guarding("refuses", custom(detector.address)))
        guard.wait_condition("refuses", "SourcesAvailable", "True", ANSWERS)
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it judges")
        guard.delete("refuses")


def test_a_name_that_leads_nowhere_is_a_source_that_is_not_there(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("nowhere", 1):
        guard.apply("nowhere", guarding("nowhere", custom("nobody.nowhere.svc:9090")))
        guard.wait_condition(
            "nowhere", "SourcesAvailable", "False", "SourceUnavailable", says="nobody.nowhere.svc"
        )
        guard.apply("nowhere", guarding("nowhere", custom(detector.address)))
        evaluations(detector, 1)
        guard.delete("nowhere")


def test_pods_that_are_out_return_in_time_though_the_source_is_gone(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("blind", 3) as fleet:
        guard.apply("blind", guarding("blind", custom(detector.address), period=3))
        guard.wait_guarding("blind")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        detector.answer = hangs
        guard.wait_condition("blind", "SourcesAvailable", "False", LATE)
        fleet.wait(lambda f: f.out() == (), PATIENCE, "its time is over all the same")
        evaluations(detector, 2)
        assert fleet.out() == ()
        guard.delete("blind")
