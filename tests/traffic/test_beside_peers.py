"""The evidence of an outlier names its peers' median."""

from __future__ import annotations

from kubervisor.traffic.detectors.peers import beside_peers
from kubervisor.traffic.verdict import Finding, Judgement
from tests.builders import a_pod


def finding(name: str, value: float | None, judgement: Judgement = Judgement.FINE) -> Finding:
    return Finding(a_pod(name).uid, name, judgement, value=value, said=name)


def test_only_outliers_are_set_beside_the_median_of_the_pods_that_are_fine() -> None:
    findings = (
        finding("a", 8.0, Judgement.OUTLIER),
        finding("b", 0.5),
        finding("c", 0.3),
        finding("d", None, Judgement.INCONCLUSIVE),
    )

    told = [found.evidence for found in beside_peers(findings, "%")]

    assert told == ["a; median of 2 other pods 0.4 %", "b", "c", "d"]


def test_without_values_nothing_is_said() -> None:
    findings = (finding("a", None, Judgement.OUTLIER),)

    assert beside_peers(findings, "%") == findings
