"""Sets an outlier's value beside its peers': a number alone convinces nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from kubervisor.traffic.verdict import Finding, Judgement


def beside_peers(findings: Sequence[Finding], unit: str) -> tuple[Finding, ...]:
    """The same findings; an outlier's evidence names the median of the pods that are fine."""
    values = [
        finding.value
        for finding in findings
        if finding.judgement is Judgement.FINE and finding.value is not None
    ]
    if not values:
        return tuple(findings)
    note = f"; median of {len(values)} other pods {median(values):.3g} {unit}"
    return tuple(
        replace(finding, said=finding.said + note)
        if finding.judgement is Judgement.OUTLIER
        else finding
        for finding in findings
    )
