"""How a new version is judged, and what that leads to."""

from __future__ import annotations

from typing import Any

import pytest
from kubervisor.workflow import Json
from kubervisor.workflow.testing import given
from shop import canary, guard, pod, split, trial

from canary_operator.phases import EvaluatingInputs, Phase
from canary_operator.spec import seconds
from canary_operator.workers import evaluating
from canary_operator.workers.evaluating import weight_at

STUCK = ({"type": "Progressing", "status": "False", "message": "it has timed out"},)
HEALTH = "status.autocrane.io/health"


def sync(
    *deployments: Json,
    since: float | None = None,
    rate: Any = 100.0,
    pods: tuple[Json, ...] = (pod(),),
    guards: tuple[Json, ...] = (),
    **spec: Any,
) -> Any:
    inputs = given(
        EvaluatingInputs,
        deployments=deployments or (trial(),),
        pods=pods,
        kubervisorservices=guards,
        metrics={"istio-success-rate": rate},
    )
    return evaluating.sync(canary(Phase.EVALUATING, since=since, **spec), inputs)


class TestTheStart:
    @pytest.mark.parametrize(
        "early",
        [trial(available=0), trial(replicas=0), trial() | {"status": {}}],
    )
    def test_a_version_gets_no_requests_before_its_pods_serve(self, early: Json) -> None:
        outcome = sync(early)

        assert outcome.next == Phase.EVALUATING
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]
        assert outcome.status.time_started is None
        assert outcome.message == "its pods do not serve yet"

    def test_then_it_gets_the_first_ones(self) -> None:
        outcome = sync(initialWeight=20)

        assert [split(route) for route in outcome.outputs.virtualservices] == [20]
        assert outcome.status.weight == 20
        assert outcome.status.time_started == canary(Phase.EVALUATING).now

    def test_one_whose_pods_are_given_up_is_rolled_back(self) -> None:
        outcome = sync(trial(available=0, conditions=STUCK))

        assert outcome.next == Phase.ROLL_BACK
        assert outcome.message == "its pods do not serve: it has timed out"

    def test_what_was_said_of_an_earlier_version_does_not_count(self) -> None:
        late = trial(available=0, conditions=STUCK, generation=8)
        late["status"]["observedGeneration"] = 7

        assert sync(late).next == Phase.EVALUATING

    def test_without_its_deployment_it_is_rolled_back(self) -> None:
        inputs = given(EvaluatingInputs, metrics={})

        assert evaluating.sync(canary(Phase.EVALUATING), inputs).next == Phase.ROLL_BACK


class TestTheSuccessRate:
    @pytest.mark.parametrize(
        ("rate", "since", "follows", "weight"),
        [
            pytest.param(100.0, 4, Phase.EVALUATING, 10, id="before the first step"),
            pytest.param(99.0, 14, Phase.EVALUATING, 20, id="at the threshold"),
            pytest.param(98.9, 14, Phase.ROLL_BACK, None, id="below it"),
            pytest.param(0.0, 2, Phase.ROLL_BACK, None, id="nothing succeeds"),
            pytest.param(100.0, 30, Phase.PROMOTING, None, id="long enough"),
            pytest.param(None, 14, Phase.EVALUATING, 10, id="no data: no step"),
            pytest.param(None, 89, Phase.EVALUATING, 10, id="no data, past the period"),
            pytest.param(None, 90, Phase.ROLL_BACK, None, id="no data for too long"),
            pytest.param(100.0, 0.5, Phase.EVALUATING, 10, id="too early to ask"),
        ],
    )
    def test_it_decides(
        self, rate: float | None, since: float, follows: Phase, weight: int | None
    ) -> None:
        outcome = sync(since=since, rate=rate)

        assert outcome.next == follows
        routes = outcome.outputs.said().get("virtualservices", ())
        assert [split(route) for route in routes] == ([] if weight is None else [weight])

    @pytest.mark.parametrize(("since", "interval"), [(4.7, "4s"), (70, "60s")])
    def test_it_is_measured_no_further_back_than_the_version_has_had_requests(
        self, since: float, interval: str
    ) -> None:
        asked: list[dict[str, str]] = []

        def answer(**parameters: str) -> float:
            asked.append(parameters)
            return 100.0

        sync(since=since, rate=answer, analysisPeriod="2m")

        assert asked == [{"Namespace": "default", "Name": "shop-canary", "Interval": interval}]

    def test_why_is_said(self) -> None:
        assert sync(since=20, rate=42.123).message == "42.12 % of its requests succeed, 99 % must"

    def test_it_is_looked_at_again_when_something_is_due(self) -> None:
        assert sync(since=4).after == pytest.approx(1)
        assert sync(since=28).after == pytest.approx(2)


class TestWatchdogs:
    @pytest.mark.parametrize(
        ("health", "since", "follows"),
        [
            ("error", 5, Phase.ROLL_BACK),
            ("error", None, Phase.ROLL_BACK),
            ("warning", 5, Phase.EVALUATING),
            ("info", 30, Phase.PROMOTING),
            ("Unknown", 30, Phase.PROMOTING),
        ],
    )
    def test_they_decide(self, health: str, since: float | None, follows: Phase) -> None:
        assert sync(since=since, gate="watchdogs", pods=(pod(**{HEALTH: health}),)).next == follows

    def test_one_failing_pod_is_enough(self) -> None:
        pods = (pod("good", **{HEALTH: "info"}), pod("bad", **{HEALTH: "error"}))
        outcome = sync(since=30, gate="watchdogs", pods=pods)

        assert (outcome.next, outcome.message) == (Phase.ROLL_BACK, "watchdogs of bad fail")

    def test_of_well_watchdogs_nothing_is_written(self) -> None:
        well = pod()
        well["metadata"]["annotations"] = {"probe.autocrane.io/data": "POD_IP:8080/watchdog"}

        assert sync(since=30, gate="watchdogs", pods=(well,)).next == Phase.PROMOTING

    def test_pods_that_serve_or_go_do_not_count(self) -> None:
        going = pod("going", **{HEALTH: "error"})
        going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        serving = pod("serving", **{HEALTH: "error", "canary": "false"})
        pods = (going, serving, pod(**{HEALTH: "info"}))

        assert sync(since=30, gate="watchdogs", pods=pods).next == Phase.PROMOTING

    @pytest.mark.parametrize(
        ("pods", "why"), [((), "it has no pods now"), ((pod("bare"),), "bare has no watchdog")]
    )
    def test_without_watchdogs_nothing_is_decided(self, pods: tuple[Json, ...], why: str) -> None:
        outcome = sync(since=30, gate="watchdogs", pods=pods)

        assert (outcome.next, outcome.message) == (Phase.EVALUATING, why)


class TestTheBreaker:
    def sync(self, *guards: Json, since: float | None = 30, traffic: str = "yes") -> Any:
        pods = (pod(**{"kubervisor/traffic": traffic}),)
        return sync(since=since, gate="breaker", guards=guards, pods=pods)

    def test_a_version_that_is_the_outlier_is_rolled_back(self) -> None:
        outcome = self.sync(guard(outlier="abc"), since=3)

        assert outcome.next == Phase.ROLL_BACK
        assert "Most pods of the newer version abc are outliers" in outcome.message

    def test_another_version_that_is_the_outlier_is_none_of_its(self) -> None:
        assert self.sync(guard(outlier="xyz")).next == Phase.PROMOTING

    def test_a_pod_that_is_taken_out_of_traffic_is_enough(self) -> None:
        assert self.sync(guard(), traffic="no").next == Phase.ROLL_BACK
        assert self.sync(guard(), traffic="yes").next == Phase.PROMOTING

    def test_without_measurements_nothing_is_decided(self) -> None:
        outcome = self.sync(guard(sources="No samples at all for errors"))

        assert (outcome.next, outcome.after) == (Phase.EVALUATING, None)

    @pytest.mark.parametrize("since", [None, 30])
    def test_a_service_that_nobody_guards_has_no_gate(self, since: float | None) -> None:
        with pytest.raises(ValueError, match="no KubervisorService guards the Service shop"):
            self.sync(guard(service="other"), since=since)


@pytest.mark.parametrize(("elapsed", "weight"), [(0, 10), (4.9, 10), (5, 15), (61, 70), (1e6, 100)])
def test_the_share_grows_with_time_and_ends_at_all(elapsed: float, weight: int) -> None:
    assert weight_at(canary(Phase.EVALUATING).spec, elapsed) == weight


@pytest.mark.parametrize(
    ("text", "expected"), [("10s", 10), ("1m30s", 90), ("1.5h", 5400), ("250ms", 0.25)]
)
def test_durations_are_read_as_people_write_them(text: str, expected: float) -> None:
    assert seconds(text) == expected
