"""From a verdict to what is kept of it: a cell for each member, and the fleet's two lines."""

from __future__ import annotations

from collections.abc import Iterable
from math import log10, nan
from statistics import median

from kubervisor.traffic.model import Fleet, Pod, Traffic
from kubervisor.traffic.verdict import AllFine, Finding, Glance, Judgement, Verdict
from kubervisor.ui.grid import Cell
from kubervisor.ui.ring import JUDGED, TRAFFIC

_LEAST_CHANCE = 1e-300
_FINE, OUTLIER = JUDGED.index("f"), JUDGED.index("o")
_INCONCLUSIVE = JUDGED.index("i")
_JUDGED = {
    Judgement.FINE: _FINE,
    Judgement.OUTLIER: OUTLIER,
    Judgement.INCONCLUSIVE: _INCONCLUSIVE,
}


def cells_of(fleet: Fleet, verdict: Verdict) -> list[Cell]:
    """A cell for each member, in the fleet's order."""
    glance = glance_of(verdict)
    if glance is not None:
        counts = zip(glance.failing, glance.every, strict=True)
        return [
            _at_a_glance(*next(counts), _traffic(fleet, pod))
            if pod.ready
            else cell_of(fleet, pod, None)
            for pod in fleet.pods
        ]
    findings = {finding.pod: finding for finding in verdict.findings}
    return [cell_of(fleet, pod, findings.get(pod.uid)) for pod in fleet.pods]


def glance_of(verdict: Verdict) -> Glance | None:
    """What all findings were made by, where they were not looked at one by one: as nearly always,
    and to look at each for its picture alone would take longer than to judge.
    """
    found = verdict.findings
    return found.glance if isinstance(found, AllFine) else None


def _at_a_glance(failed: float, events: float, traffic: int) -> Cell:
    return Cell(100 * failed / events, events, nan, _FINE, traffic)


def cell_of(fleet: Fleet, pod: Pod, finding: Finding | None) -> Cell:
    """What is kept of one member in one minute; a member that is not Ready has no finding."""
    traffic = _traffic(fleet, pod)
    if finding is None:
        return Cell(nan, nan, nan, 0, traffic)
    value = nan if finding.value is None else finding.value
    events = finding.facts.get("n", nan) if "k" in finding.facts else nan
    return Cell(value, events, margin_of(finding), _JUDGED[finding.judgement], traffic)


def margin_of(finding: Finding) -> float:
    """How far a finding is from being an outlier's by its test, so that another limit can be put to
    it: log10 of chance / alpha (an outlier's is 0 or less), or the robust score (an outlier's is
    above the limit). NaN where the detector tests nothing, or did not find it worth a test.
    """
    facts = finding.facts
    if "p" in facts and facts.get("alpha", 0.0) > 0:
        return log10(max(facts["p"], _LEAST_CHANCE) / facts["alpha"])
    return finding.score if "z" in facts else nan


def lines_of(verdict: Verdict) -> tuple[float, float]:
    """What the peers have, and the threshold; with several peer groups the median of each."""
    glance = glance_of(verdict)
    if glance is not None:
        baseline = 100 * sum(glance.failing) / max(1.0, sum(glance.every))
        return baseline, baseline + 100 * glance.effect
    findings = verdict.findings
    baselines = (f.facts["baseline"] for f in findings if "baseline" in f.facts)
    thresholds = (f.threshold for f in findings if f.threshold is not None)
    return _median(baselines), _median(thresholds)


def _median(numbers: Iterable[float]) -> float:
    known = list(numbers)
    return median(known) if known else nan


def _traffic(fleet: Fleet, pod: Pod) -> int:
    if pod.is_manual_hold:
        return TRAFFIC.index("h")
    if pod.traffic is Traffic.PAUSE:
        return TRAFFIC.index("p")
    if pod.traffic is Traffic.NO or pod.uid in fleet.ejecting:
        return TRAFFIC.index("e")
    return TRAFFIC.index("s" if fleet.is_serving(pod) else "w")
