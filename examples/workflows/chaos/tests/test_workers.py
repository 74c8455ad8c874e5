"""What is done in each phase, without a cluster."""

from __future__ import annotations

from typing import Any

import pytest
from kubervisor.workflow import Json, Outcome
from kubervisor.workflow.testing import a_resource, given
from pydantic import ValidationError

from chaos_operator.operator import OPERATOR
from chaos_operator.phases import (
    ChaosExperiment,
    CheckingInputs,
    InjectingInputs,
    ObservingInputs,
    Phase,
    RecoveringInputs,
    StoppingInputs,
)
from chaos_operator.spec import ChaosExperimentStatus
from chaos_operator.workers import checking, injecting, observing, recovering, stopping

SPEC: dict[str, Any] = {
    "host": "cart",
    "fault": {"abort": {"percent": 20, "status": 503}},
    "workload": "frontend",
    "measurementInterval": "30s",
    "duration": "5m",
}
NAME = "chaos-cart-fails"


def experiment(
    phase: Phase, since: float = 0.0, status: dict[str, Any] | None = None, **spec: Any
) -> ChaosExperiment:
    """One that has been in the phase for so many seconds."""
    return a_resource(
        OPERATOR,
        phase,
        spec={**SPEC, **spec},
        status=status,
        name="cart-fails",
        namespace="shop",
        in_phase=since,
    )


def route(name: str, *hosts: str) -> Json:
    """A VirtualService of somebody."""
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"hosts": list(hosts)}}


def rates(rate: float | None) -> dict[str, Any]:
    """What Prometheus says of the workload, and of nobody else."""

    def answer(Namespace: str, Name: str, Interval: str) -> float | None:  # noqa: N803
        assert (Namespace, Name, Interval) == ("shop", "frontend", "30s")
        return rate

    return {"istio-success-rate": answer}


class TestChecking:
    def sync(self, rate: float | None, *others: Json) -> Outcome[ChaosExperimentStatus]:
        inputs = given(
            CheckingInputs, namespace="shop", virtualservices=others, metrics=rates(rate)
        )
        return checking.sync(experiment(Phase.CHECKING), inputs)

    def test_it_begins_where_the_workload_does_well(self) -> None:
        outcome = self.sync(99.5, route("search", "search"))

        assert outcome.next == Phase.INJECTING
        assert outcome.status is not None
        assert outcome.status.before == 99.5

    @pytest.mark.parametrize("rate", [None, 98.9])
    def test_whoever_does_badly_or_is_not_asked_is_not_disturbed(self, rate: float | None) -> None:
        assert self.sync(rate).next == Phase.CHECKING

    @pytest.mark.parametrize("host", ["cart", "cart.shop", "cart.shop.svc.cluster.local"])
    def test_a_virtual_service_of_somebody_else_is_not_fought(self, host: str) -> None:
        outcome = self.sync(100, route("split", "a", host))

        assert outcome.next == Phase.UNPROVEN
        assert outcome.message == "VirtualService split is about cart already"


class TestInjecting:
    def sync(self, *there: Json, **spec: Any) -> Outcome[ChaosExperimentStatus]:
        inputs = given(InjectingInputs, namespace="shop", virtualservices=there)
        return injecting.sync(experiment(Phase.INJECTING, **spec), inputs)

    def written(self, **spec: Any) -> Json:
        (one,) = self.sync(**spec).outputs.said()["virtualservices"]
        assert isinstance(one, dict)
        return one

    def test_the_fault_is_written(self) -> None:
        assert self.sync().next == Phase.INJECTING
        assert self.written()["metadata"] == {"name": NAME}
        assert self.written()["spec"] == {
            "hosts": ["cart"],
            "http": [
                {
                    "fault": {"abort": {"percentage": {"value": 20}, "httpStatus": 503}},
                    "route": [{"destination": {"host": "cart"}}],
                }
            ],
        }

    def test_a_delay_is_written_as_people_say_it(self) -> None:
        (rule,) = self.written(fault={"delay": {"percent": 50, "time": "2s"}})["spec"]["http"]

        assert rule["fault"] == {"delay": {"percentage": {"value": 50}, "fixedDelay": "2s"}}

    def test_it_is_observed_once_the_fault_is_there(self) -> None:
        there = {"metadata": {"name": NAME, "namespace": "shop"}, "spec": self.written()["spec"]}
        other = {**there, "spec": {"hosts": ["cart"]}}

        assert self.sync(there).next == Phase.OBSERVING
        assert self.sync(other).next == Phase.INJECTING

    def test_it_ends_where_somebody_else_came_first(self) -> None:
        outcome = self.sync(route("split", "cart"))

        assert outcome.next == Phase.STOPPING
        assert outcome.outputs.said() == {}


class TestObserving:
    def sync(
        self, rate: float | None, since: float, lowest: float | None = None
    ) -> Outcome[ChaosExperimentStatus]:
        inputs = given(ObservingInputs, namespace="shop", metrics=rates(rate))
        known = {"before": 99.9, "lowest": lowest}
        return observing.sync(experiment(Phase.OBSERVING, since, known), inputs)

    @pytest.mark.parametrize(
        ("rate", "since", "phase", "lowest", "verdict"),
        [
            pytest.param(99.4, 10, Phase.OBSERVING, 99.2, "", id="it holds so far"),
            pytest.param(99.1, 10, Phase.OBSERVING, 99.1, "", id="the lowest so far"),
            pytest.param(90.0, 10, Phase.STOPPING, 90.0, "Broken", id="it breaks"),
            pytest.param(99.4, 300, Phase.STOPPING, 99.2, "Held", id="it has held"),
        ],
    )
    def test_it_ends_with_a_verdict(
        self, rate: float, since: float, phase: Phase, lowest: float, verdict: str
    ) -> None:
        outcome = self.sync(rate, since, lowest=99.2)

        assert outcome.next == phase
        assert outcome.status is not None
        assert (outcome.status.lowest, outcome.status.verdict) == (lowest, verdict)
        assert outcome.status.before == 99.9

    @pytest.mark.parametrize(("since", "phase"), [(10, Phase.OBSERVING), (300, Phase.STOPPING)])
    def test_without_requests_there_is_no_verdict(self, since: float, phase: Phase) -> None:
        outcome = self.sync(None, since)

        assert (outcome.next, outcome.status) == (phase, None)

    def test_the_fault_lasts_until_the_phase_is_another(self) -> None:
        (one,) = self.sync(50, 10).outputs.said()["virtualservices"]
        assert isinstance(one, dict)
        assert one["metadata"]["name"] == NAME


class TestStopping:
    @pytest.mark.parametrize(
        ("status", "phase"),
        [
            ({"lowest": 99.2, "verdict": "Held"}, Phase.RECOVERING),
            ({"lowest": 50, "verdict": "Broken"}, Phase.BROKEN),
            ({"lowest": 99.2}, Phase.UNPROVEN),
            ({}, Phase.UNPROVEN),
        ],
    )
    def test_the_fault_goes_whatever_the_verdict_is(
        self, status: dict[str, Any], phase: Phase
    ) -> None:
        outcome = stopping.sync(
            experiment(Phase.STOPPING, status=status), given(StoppingInputs, namespace="shop")
        )

        assert outcome.next == phase
        assert outcome.outputs.said() == {"virtualservices": []}


class TestRecovering:
    def sync(self, rate: float | None, since: float) -> Outcome[ChaosExperimentStatus]:
        inputs = given(RecoveringInputs, namespace="shop", metrics=rates(rate))
        return recovering.sync(experiment(Phase.RECOVERING, since), inputs)

    def test_what_was_measured_with_the_fault_does_not_count(self) -> None:
        outcome = self.sync(100, since=12)

        assert (outcome.next, outcome.after) == (Phase.RECOVERING, 18)

    @pytest.mark.parametrize(
        ("rate", "phase"),
        [(99.0, Phase.HELD), (98.0, Phase.RECOVERING), (None, Phase.RECOVERING)],
    )
    def test_it_has_held_once_it_does_well_again(self, rate: float | None, phase: Phase) -> None:
        assert self.sync(rate, since=31).next == phase


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        pytest.param({"fault": {}}, "an abort, a delay, or both", id="no fault"),
        pytest.param({"duration": "30s"}, "longer than measurementInterval", id="too short"),
        pytest.param({"duration": "soon"}, "string_pattern_mismatch", id="no duration"),
    ],
)
def test_an_experiment_that_means_nothing_is_refused(spec: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        experiment(Phase.CHECKING, **spec)
    assert says in str(refused.value)
