"""`trend`: pods whose value leaves their peers' steadily and will cross a bound soon: slow leaks.

Of each pod the difference to the median of its peers is looked at, so a day's swing of the whole
fleet is no trend. A pod is an outlier where

- the difference has a trend that chance does not explain: Mann and Kendall's test, one-sided, with
  its variance corrected for ties and for how much each point repeats the one before (Hamed and Rao
  1998): a collector's sawtooth rises for many points on end and proves nothing;
- and its slope (Theil and Sen: the median of all pairs') takes the pod's peaks across the bound
  within `horizon`.

Most pods are not worth that work: `may_cross` rejects them by a rough line first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from statistics import median

from kubervisor.traffic.detector_policy import TrendPolicy
from kubervisor.traffic.detectors.circles import Circle, circles
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.series import series_by_pod
from kubervisor.traffic.detectors.silence import silent_pods
from kubervisor.traffic.evidence import watermark
from kubervisor.traffic.measurement import Series
from kubervisor.traffic.model import Pod
from kubervisor.traffic.promql import reach
from kubervisor.traffic.verdict import Finding, Judgement

LEAST_POINTS = 12
COVERED = 0.9
"""The part of the window that a pod's points must span."""
GENEROUS = 1.5
"""How many times as steep as the rough line the trend may turn out."""

Points = Mapping[float, float]
"""Values by instant, oldest first."""

_SAID = (
    "{value:.4g}, and {slope:.3g} a second more than {peers:.0f} peers over {window:.3g} s (chance "
    "{p:.1e}, at most {alpha:.1e}): is to reach {threshold:.4g} in {crossing:.4g} s, not within "
    "{horizon:.4g} s"
)
_FLAT = "{value:.4g}: does not reach {threshold:.4g} within {horizon:.4g} s"


def judge(asked: Question) -> tuple[Finding, ...]:
    """One finding for each Ready member, in fleet order. The score is by how many seconds too soon
    the bound is reached.
    """
    policy = asked.breaker.detector
    assert isinstance(policy, TrendPolicy)
    points = _points(asked, policy)
    found = {finding.name: finding for finding in silent_pods(asked, points, policy.no_data)}
    query = policy.queries[0]
    span = COVERED * (query.window - reach(query.promql))
    long_enough = {}
    for pod in asked.fleet.pods:
        known = points.get(pod.name)
        if known is None:
            continue
        seconds = max(known) - min(known)
        if len(known) >= LEAST_POINTS and seconds >= span:
            long_enough[pod.name] = known
        else:
            why = f"known for {seconds:.4g} s since its start or return, needs {span:.4g}"
            found[pod.name] = Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said=why)
    for circle in circles(asked.fleet, asked.peer_group, long_enough):
        for finding in _compare(circle, long_enough, policy):
            found[finding.name] = finding
    return tuple([found[pod.name] for pod in asked.fleet.pods if pod.name in found])


def _points(asked: Question, policy: TrendPolicy) -> dict[str, Points]:
    """Of each Ready member, what the query gave since its watermark; of several series of a pod the
    worst value stands for it.
    """
    worst = max if policy.above is not None else min
    series = series_by_pod(asked.parts[0], asked.fleet, policy.pod_label)
    back = reach(policy.queries[0].promql)
    found: dict[str, Points] = {}
    for pod in asked.fleet.pods:
        if not pod.ready:
            continue
        points = _worst_of(series[pod.name], watermark(pod, asked.breaker, asked.now) + back, worst)
        if points:
            found[pod.name] = points
    return found


def _worst_of(
    series: Sequence[Series], since: float, worst: Callable[[float, float], float]
) -> dict[float, float]:
    points: dict[float, float] = {}
    for one in series:
        begin = bisect_left(one.times, since)
        known = dict(zip(one.times[begin:], one.values[begin:], strict=True))
        if not isfinite(sum(known.values())):
            known = {at: value for at, value in known.items() if isfinite(value)}
        if points:
            known = {at: worst(points.get(at, value), value) for at, value in known.items()}
        points |= known
    return dict(sorted(points.items())) if len(series) > 1 else points


def _compare(
    circle: Circle, points: Mapping[str, Points], policy: TrendPolicy
) -> Iterator[Finding]:
    for pod in circle.judged:
        known = points[pod.name]
        peers = [points[peer.name] for peer in circle.peers if peer.uid != pod.uid]
        if not peers:
            yield Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said="no peer to compare with")
        elif may_cross(known, policy):
            yield _measured(pod, known, peers, policy)
        else:
            yield _finding(pod, known, policy, Judgement.FINE, _FLAT, {})


def may_cross(points: Points, policy: TrendPolicy) -> bool:
    """False where the pod's own value does not rise nearly fast enough, by Tukey's resistant line:
    through the medians of the first and the last third.
    """
    sign, bound = _aim(policy)
    times = list(points)
    values = [sign * value for value in points.values()]
    third = max(len(values) // 3, 1)
    rise = median(values[-third:]) - median(values[:third])
    slope = rise / (median(times[-third:]) - median(times[:third]))
    return max(values) + GENEROUS * max(slope, 0.0) * policy.horizon >= bound


def _measured(pod: Pod, points: Points, peers: Sequence[Points], policy: TrendPolicy) -> Finding:
    # Here and not above: whoever has no leak to measure does without 100 MB of libraries.
    from kubervisor.traffic.detectors.trend_line import trend_beside  # noqa: PLC0415

    sign, bound = _aim(policy)
    trend = trend_beside(points, peers, sign=sign, step=policy.queries[0].step)
    crossing = trend.seconds_until(bound)
    outlier = trend.chance <= policy.alpha and crossing <= policy.horizon
    facts = {
        "slope": sign * trend.slope,
        "p": trend.chance,
        "alpha": policy.alpha,
        "crossing": crossing,
        "peers": len(peers),
        "n": len(points),
        "baseline": sign * trend.baseline,
    }
    judgement = Judgement.OUTLIER if outlier else Judgement.FINE
    score = policy.horizon - crossing
    return _finding(pod, points, policy, judgement, _SAID, facts, score)


def _finding(
    pod: Pod,
    points: Points,
    policy: TrendPolicy,
    judgement: Judgement,
    said: str,
    facts: Mapping[str, float],
    score: float = 0.0,
) -> Finding:
    sign, bound = _aim(policy)
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=judgement,
        score=score,
        value=points[max(points)],
        threshold=sign * bound,
        said=said,
        facts={**facts, "window": max(points) - min(points), "horizon": policy.horizon},
    )


def _aim(policy: TrendPolicy) -> tuple[int, float]:
    """The sign that turns the feared direction upwards, and the bound on that side."""
    if policy.above is not None:
        return 1, policy.above
    assert policy.below is not None
    return -1, -policy.below
