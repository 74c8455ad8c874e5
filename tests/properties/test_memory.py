"""A memory that keeps no streak of calm pods decides as one that keeps a streak of every pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from kubervisor.traffic.evidence import Memory, Streak, is_matched, remember, with_ejection
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.moving_faults import movement
from kubervisor.traffic.policy import Matches
from kubervisor.traffic.verdict import Finding, Judgement, Verdict
from tests.builders import NOW, a_breaker, a_pod

PODS = [a_pod(f"p{number}") for number in range(4)]
PERIOD, WINDOW, STEPS = 5.0, 60.0, 3
BREAKER = replace(a_breaker(), matches=Matches(2, STEPS), period=PERIOD)

Step = Mapping[int, Judgement]
"""How each pod that is there is judged, by its number."""

judgements = st.sampled_from([Judgement.FINE, Judgement.OUTLIER, Judgement.INCONCLUSIVE])
some_unsure = st.sets(st.integers(0, len(PODS) - 1), max_size=2).map(
    lambda s: (
        dict.fromkeys(range(len(PODS)), Judgement.FINE) | dict.fromkeys(s, Judgement.INCONCLUSIVE)
    )
)
everybody_fine = st.just(dict.fromkeys(range(len(PODS)), Judgement.FINE))
some_fine = st.sets(st.integers(0, len(PODS) - 1)).map(lambda s: dict.fromkeys(s, Judgement.FINE))
anything = st.dictionaries(st.integers(0, len(PODS) - 1), judgements)
steps = st.one_of(everybody_fine, some_fine, some_unsure, anything)
ejections = st.one_of(st.none(), st.none(), st.integers(0, len(PODS) - 1))
pauses = st.sampled_from([1, 1, 1, 5, 30, 1000])


def verdict_of(step: Step, at: float, *, glanced: bool) -> Verdict:
    found = tuple(
        Finding(PODS[number].uid, PODS[number].name, judgement, score=1.0 + number)
        for number, judgement in sorted(step.items())
    )
    verdict = Verdict("errors", at, WINDOW, found)
    if glanced and verdict.no_outlier is not None:
        return replace(verdict, findings=verdict.no_outlier)
    return verdict


def remember_all(memory: Memory, verdict: Verdict) -> Memory:
    """What `remember` says, written down pod by pod."""
    streaks: dict[PodUid, Streak] = {}
    for found in verdict.findings:
        before = memory.streaks.get(found.pod, Streak())
        if found.judgement is Judgement.OUTLIER:
            streaks[found.pod] = replace(
                before,
                steps=(*before.steps, True)[-STEPS:],
                outlier_since=before.outlier_since or verdict.taken_at,
                score=found.score,
            )
        elif found.judgement is Judgement.FINE:
            turned = before.outlier_since is not None or before.fine_since is None
            fine_since = verdict.taken_at if turned else before.fine_since
            streaks[found.pod] = Streak((*before.steps, False)[-STEPS:], fine_since)
        else:
            streaks[found.pod] = before
    return replace(memory, streaks=streaks)


@given(
    story=st.lists(st.tuples(steps, ejections, pauses), min_size=1, max_size=12),
    glanced=st.booleans(),
)
def test_calm_pods_are_judged_as_if_each_were_remembered(
    story: list[tuple[Step, int | None, int]], *, glanced: bool
) -> None:
    brief, full = Memory(), Memory()
    now = NOW
    for step, ejected, pause in story:
        now += pause * PERIOD
        verdict = verdict_of(step, now, glanced=glanced)
        brief, full = remember(brief, verdict, steps=STEPS), remember_all(full, verdict)
        event(f"calm: {bool(brief.calm)}, unsure: {bool(brief.unsure)}")

        moved = [movement(m, window=WINDOW, period=PERIOD, now=now + 1) for m in (brief, full)]
        assert moved[0] == moved[1]
        assert set(brief.known) == set(full.known)
        for pod in PODS:
            one, other = (is_matched(m, pod, BREAKER, now) for m in (brief, full))
            assert one == other
            assert (brief.known.get(pod.uid, Streak()).fine_since is None) == (
                full.known.get(pod.uid, Streak()).fine_since is None
            )
        if ejected is not None:
            brief, full = (with_ejection(m, PODS[ejected].uid, now + 1) for m in (brief, full))
