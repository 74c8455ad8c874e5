"""The newest sample of each pod by each breaker."""

from __future__ import annotations

from math import isfinite

from kubervisor.traffic.model import PodUid
from kubervisor.traffic.verdict import Finding
from kubervisor.ui.memory import MINUTE, Look, Memory
from kubervisor.ui.ring import JUDGED, Ring
from kubervisor.ui.samples import margin_of
from kubervisor.ui.service_documents import Numbers, Score

_WORDS = {"f": "fine", "o": "outlier", "i": "inconclusive"}


def scores_of(memory: Memory) -> dict[PodUid, list[Score]]:
    """By pod: of the step that was judged last, where the Service is watched, else of the newest
    minute.
    """
    found: dict[PodUid, list[Score]] = {}
    for breaker in memory.rings.keys() | memory.looks.keys():
        look, ring = memory.looks.get(breaker), memory.rings.get(breaker)
        scores = _of_look(breaker, look) if look else _of_ring(breaker, ring) if ring else {}
        for uid, score in scores.items():
            found.setdefault(uid, []).append(score)
    return {uid: sorted(scores, key=lambda one: one.breaker) for uid, scores in found.items()}


def numbers_of(finding: Finding) -> Numbers:
    """The numbers of a finding; None where its detector has no such number."""
    facts = {name: _known(number) for name, number in finding.facts.items()}
    return Numbers(
        value=_known(finding.value),
        threshold=_known(finding.threshold),
        score=_known(finding.score),
        margin=_known(margin_of(finding)),
        n=facts.get("n"),
        k=facts.get("k"),
        baseline=facts.get("baseline"),
        peers=facts.get("peers"),
        p=facts.get("p"),
        alpha=facts.get("alpha"),
        window=facts.get("window"),
        factor=facts.get("factor"),
        limit=facts.get("limit"),
        bound=facts.get("bound"),
    )


def _of_look(breaker: str, look: Look) -> dict[PodUid, Score]:
    return {
        finding.pod: Score(
            breaker=breaker,
            at=look.at,
            judged=finding.judgement.value,
            value=_known(finding.value),
            threshold=_known(finding.threshold),
            margin=_known(margin_of(finding)),
        )
        for finding in look.findings
    }


def _of_ring(breaker: str, ring: Ring) -> dict[PodUid, Score]:
    lines = list(ring.lines())
    if not lines:
        return {}
    at, threshold = float((ring.start + len(lines) - 1) * MINUTE), _known(lines[-1][1])
    found = {}
    for pod, (cell,) in ring.columns(newest=1):
        judged = _WORDS.get(JUDGED[cell.judged])
        if judged is not None:
            found[PodUid(pod.uid)] = Score(
                breaker, at, judged, _known(cell.value), threshold, _known(cell.margin)
            )
    return found


def _known(number: float | None) -> float | None:
    """`number` with nine significant digits; None where it is none."""
    return None if number is None or not isfinite(number) else float(f"{number:.9g}")
