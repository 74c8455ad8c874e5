"""continuousValueDeviation and customService, by the original's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf, nan

import pytest

from kubervisor.traffic.detector_policy import ContinuousPolicy, SourceRef
from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement, NamedPod, Sample
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.verdict import Judgement, Verdict
from tests.builders import NOW, a_breaker, a_fleet, a_pod, fleet_of

OUTLIER, FINE, INCONCLUSIVE = Judgement.OUTLIER, Judgement.FINE, Judgement.INCONCLUSIVE


def deviating(
    fleet: Fleet, *series: tuple[str, float], percent: float = 50, **labels: str
) -> Verdict:
    policy = ContinuousPolicy(SourceRef(name="main"), "q", "pod", max_deviation_percent=percent)
    vector = tuple(Sample({"pod": pod, **labels}, value, NOW) for pod, value in series)
    return judge(
        replace(a_breaker(), detector=policy), Measurement(NOW, samples=vector), fleet, now=NOW
    )


def named(fleet: Fleet, *pods: NamedPod) -> Verdict:
    return judge(a_breaker(), Measurement(NOW, named=pods), fleet, now=NOW)


def names(verdict: Verdict) -> list[str]:
    return [finding.name for finding in verdict.outliers]


class TestContinuous:
    """The sample is the pod's value divided by the fleet's."""

    FLEET = fleet_of(a_pod("A"), a_pod("B"), a_pod("C"))

    def test_the_original_table(self) -> None:
        assert names(deviating(self.FLEET, ("A", 1.1), ("B", 1.2), ("C", 0.2))) == ["C"]

    @pytest.mark.parametrize(
        ("values", "judgement"),
        [
            pytest.param([1.0], FINE, id="as the fleet"),
            pytest.param([1.5], FINE, id="at the limit: strictly beyond is needed"),
            pytest.param([0.5], FINE, id="at the lower limit"),
            pytest.param([1.51], OUTLIER, id="beyond it"),
            pytest.param([0.49], OUTLIER, id="below it"),
            pytest.param([0.0], OUTLIER, id="nothing at all"),
            pytest.param([-1.0], OUTLIER, id="negative: it is far from the fleet's"),
            pytest.param([nan], INCONCLUSIVE, id="NaN (0/0: no samples of the fleet)"),
            pytest.param([inf], INCONCLUSIVE, id="infinite (the fleet's value is 0)"),
            pytest.param([-inf], INCONCLUSIVE, id="negatively infinite"),
            pytest.param([nan, 3.0], OUTLIER, id="NaN masks nothing"),
            pytest.param(
                [3.0, 1.0], OUTLIER, id="several series: the worst (deviation: not the last)"
            ),
            pytest.param([1.0, 1.2], FINE, id="several series, all within"),
            pytest.param([], INCONCLUSIVE, id="no series"),
        ],
    )
    def test_one_pod(self, values: Sequence[float], judgement: Judgement) -> None:
        series = [("A", value) for value in values]

        assert deviating(self.FLEET, *series).findings[0].judgement is judgement

    def test_the_worst_comes_first(self) -> None:
        verdict = deviating(self.FLEET, ("A", 1.6), ("B", 9.0), ("C", 0.1))

        assert names(verdict) == ["B", "C", "A"]

    def test_pods_that_are_not_ready_are_not_judged(self) -> None:
        fleet = fleet_of(a_pod("A").not_ready(), a_pod("B"))

        assert [f.name for f in deviating(fleet, ("A", 9.0)).findings] == ["B"]

    def test_samples_of_another_namespace_are_dropped(self) -> None:
        assert names(deviating(self.FLEET, ("A", 9.0), namespace="other")) == []

    def test_the_evidence_is_a_sentence_with_its_numbers(self) -> None:
        assert deviating(self.FLEET, ("A", 2.5), ("B", 1.1)).findings[0].evidence == (
            "2.5 times the fleet's value, 150 % from it, at most 50 %; "
            "median of 1 other pods 10 % deviation"
        )


class TestCustom:
    """The answer is a list of names, intersected with the fleet."""

    FLEET = fleet_of(a_pod("A"), a_pod("B"), a_pod("C"), a_pod("D").not_ready())

    def test_exactly_the_pods_named_in_the_order_named(self) -> None:
        assert names(named(self.FLEET, NamedPod("B"), NamedPod("A"))) == ["B", "A"]

    @pytest.mark.parametrize(
        ("pod", "counts"),
        [
            pytest.param(NamedPod("A"), True, id="a name"),
            pytest.param(NamedPod("A", "shop", "uid-of-A"), True, id="name, namespace and uid"),
            pytest.param(NamedPod("A", "", ""), True, id="an empty namespace and uid say nothing"),
            pytest.param(NamedPod("A", "other"), False, id="another namespace"),
            pytest.param(NamedPod("A", "shop", "uid-of-the-last-A"), False, id="the last A's uid"),
            pytest.param(NamedPod("Z"), False, id="an unknown name"),
            pytest.param(NamedPod("D"), False, id="a pod that is not Ready"),
            pytest.param(NamedPod(""), False, id="no name"),
        ],
    )
    def test_who_is_meant(self, pod: NamedPod, counts: bool) -> None:
        assert bool(named(self.FLEET, pod).outliers) is counts

    def test_a_pod_named_twice_is_one_outlier(self) -> None:
        assert names(named(self.FLEET, NamedPod("A"), NamedPod("A"))) == ["A"]

    def test_an_entry_that_is_not_that_pod_does_not_hide_one_that_is(self) -> None:
        assert names(named(self.FLEET, NamedPod("A", uid="old"), NamedPod("A"))) == ["A"]

    def test_the_others_are_fine(self) -> None:
        judged = {f.name: f.judgement for f in named(self.FLEET, NamedPod("A")).findings}

        assert judged == {"A": OUTLIER, "B": FINE, "C": FINE}

    def test_an_empty_list_is_an_answer_and_no_lack_of_samples(self) -> None:
        verdict = named(a_fleet(2))

        assert verdict.outliers == ()
        assert verdict.reason is None
