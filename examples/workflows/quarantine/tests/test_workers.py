"""What is done in each phase, without a cluster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kubervisor.workflow import Json, Outcome
from kubervisor.workflow.testing import NOW, a_resource, given

from quarantine_operator.operator import OPERATOR
from quarantine_operator.phases import (
    IsolatedInputs,
    Phase,
    Quarantine,
    SuspectedInputs,
    WatchingInputs,
)
from quarantine_operator.spec import QuarantineStatus
from quarantine_operator.workers import isolated, suspected, watching

SPEC: dict[str, Any] = {
    "deployment": "payments",
    "threshold": 0.1,
    "holdsFor": "30s",
    "calmFor": "10m",
}
SELECTOR = {"matchLabels": {"app": "payments"}}
PAYMENTS: Json = {
    "metadata": {"name": "payments", "namespace": "bank"},
    "spec": {"selector": SELECTOR},
}


def quarantine(
    phase: Phase, since: float = 0.0, status: dict[str, Any] | None = None, **spec: Any
) -> Quarantine:
    """One that has been in the phase for so many seconds."""
    return a_resource(
        OPERATOR,
        phase,
        spec={**SPEC, **spec},
        status=status,
        name="payments",
        namespace="bank",
        in_phase=since,
    )


def alerts(rate: float | None) -> dict[str, Any]:
    """What Prometheus says of the workload, and of nobody else."""

    def answer(Namespace: str, Name: str, Interval: str) -> float | None:  # noqa: N803
        assert (Namespace, Name, Interval) == ("bank", "payments", "1m")
        return rate

    return {"security-alerts": answer}


class TestWatching:
    def sync(self, rate: float | None) -> Outcome[QuarantineStatus]:
        return watching.sync(
            quarantine(Phase.WATCHING), given(WatchingInputs, metrics=alerts(rate))
        )

    @pytest.mark.parametrize(
        ("rate", "phase"),
        [(None, Phase.WATCHING), (0.1, Phase.WATCHING), (0.2, Phase.SUSPECTED)],
    )
    def test_more_than_the_threshold_is_suspect(self, rate: float | None, phase: Phase) -> None:
        assert self.sync(rate).next == phase

    def test_what_stays_calm_says_nothing_new(self) -> None:
        assert (self.sync(0.01).message, self.sync(0.02).status) == ("", None)

    def test_what_is_not_watched_is_told(self) -> None:
        assert self.sync(None).message == "nothing is said of payments"


class TestSuspected:
    @pytest.mark.parametrize(
        ("rate", "since", "phase"),
        [
            pytest.param(0.5, 10, Phase.SUSPECTED, id="it may pass"),
            pytest.param(0.5, 30, Phase.ISOLATED, id="it has lasted"),
            pytest.param(0.05, 30, Phase.WATCHING, id="it has passed"),
            pytest.param(None, 300, Phase.SUSPECTED, id="nothing is said any more"),
        ],
    )
    def test_it_is_isolated_where_the_signal_lasts(
        self, rate: float | None, since: float, phase: Phase
    ) -> None:
        inputs = given(SuspectedInputs, metrics=alerts(rate))
        assert suspected.sync(quarantine(Phase.SUSPECTED, since), inputs).next == phase

    def test_the_most_that_was_said_is_remembered(self) -> None:
        inputs = given(SuspectedInputs, metrics=alerts(0.3))
        found = suspected.sync(quarantine(Phase.SUSPECTED, 1, {"peak": 0.7}), inputs).status
        assert found is not None
        assert found.peak == 0.7


class TestIsolated:
    def sync(
        self,
        rate: float | None,
        *,
        calm: float | None = None,
        there: bool = True,
        **spec: Any,
    ) -> Outcome[QuarantineStatus]:
        since = None if calm is None else (NOW - timedelta(seconds=calm)).isoformat()
        inputs = given(
            IsolatedInputs,
            namespace="bank",
            deployments=[PAYMENTS] if there else [],
            metrics=alerts(rate),
        )
        known = {"peak": 0.5, "calmSince": since}
        return isolated.sync(quarantine(Phase.ISOLATED, 60, known, **spec), inputs)

    def written(self, **spec: Any) -> Json:
        (one,) = self.sync(0.5, **spec).outputs.said()["networkpolicies"]
        assert isinstance(one, dict)
        return one

    def test_the_pods_of_the_deployment_are_cut_off(self) -> None:
        assert self.written()["metadata"] == {"name": "quarantine-payments"}
        assert self.written()["spec"] == {
            "podSelector": SELECTOR,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [],
        }

    def test_whoever_is_admitted_reaches_them(self) -> None:
        admitted = {"podSelector": {"matchLabels": {"app": "forensics"}}}
        written = self.written(admitFrom={"app": "forensics"})

        assert written["spec"]["ingress"] == [{"from": [admitted]}]
        assert written["spec"]["egress"] == []

    @pytest.mark.parametrize("rate", [0.5, None])
    def test_they_stay_cut_off_while_it_is_not_calm(self, rate: float | None) -> None:
        outcome = self.sync(rate, calm=3600)

        assert outcome.next == Phase.ISOLATED
        assert len(outcome.outputs.said()["networkpolicies"]) == 1
        assert outcome.status is not None
        assert outcome.status.calm_since is None

    def test_they_stay_cut_off_until_it_has_been_calm_for_long_enough(self) -> None:
        first, later = self.sync(0.0), self.sync(0.0, calm=599)

        assert first.status is not None
        assert first.status.calm_since == NOW
        assert later.next == Phase.ISOLATED
        assert len(later.outputs.said()["networkpolicies"]) == 1

    def test_then_they_are_let_go(self) -> None:
        outcome = self.sync(0.0, calm=600)

        assert outcome.next == Phase.WATCHING
        assert outcome.outputs.said() == {"networkpolicies": []}

    def test_without_the_deployment_nothing_changes(self) -> None:
        outcome = self.sync(0.0, calm=3600, there=False)

        assert outcome.next == Phase.ISOLATED
        assert outcome.outputs.said() == {}
