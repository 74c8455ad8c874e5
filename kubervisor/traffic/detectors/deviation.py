"""`deviation`: pods whose gauge (a latency, a queue) is too far from their peers'.

Latencies are skewed, so values are compared on a logarithmic scale. A pod is an outlier where

- |log value - median| exceeds `maximum_score` times s = max(1.4826 MAD, 0.10): 1.4826 times the
  median absolute deviation estimates a standard deviation and does not follow a few outliers; the
  floor keeps a fleet whose pods agree to the millisecond from calling 3 % a deviation. Where the
  requests behind a value are counted, the scatter of a mean of so many, 1 / sqrt(n) of it for
  exponential times, is added to the floor as variances add;
- and the value is `minimum_factor` times the peers' median at least (or at most its inverse).

Where a value is 0 or less there is no logarithm: differences are then taken as a part of the
median's size, with the same floor. Of three or four pods MAD says nothing: there a pod must be
twice the median of the others (or half of it), in three steps on end. Fewer cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, hypot, inf, log, sqrt
from statistics import median

from kubervisor.traffic.detector_policy import DeviationPolicy, Direction
from kubervisor.traffic.detectors.circles import Circle, circles
from kubervisor.traffic.detectors.counts import totals
from kubervisor.traffic.detectors.gauges import gauges
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.silence import silent_pods
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import Finding, Judgement

SCALE_FLOOR = 0.10
MAD_TO_DEVIATION = 1.4826
SMALLEST_FLEET, SMALLEST_SPREAD = 3, 5
"""Pods needed to compare at all, and to know how they scatter."""
SMALL_FACTOR, SMALL_STEPS = 2.0, 3

_NO_SCALE = "the values of its peers are 0: nothing says what is far from it"

_COMPARED = (
    "{value:.4g}, {factor:.3g} times the median {baseline:.4g} of {peers:.0f} pods; "
    "score {z:.3g}, at most {limit:.3g}"
)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where `peers` pods are, and how far from there is far. `unit` is a standard deviation: of the
    log values, or with `linear` of the values.
    """

    center: float
    unit: float
    linear: bool
    peers: int
    least_factor: float
    limit: float
    steps: int = 1

    def score(self, value: float) -> float:
        """Standard deviations from the center, negative below it."""
        if self.linear:
            return (value - self.center) / self.unit
        return (log(value) - log(self.center)) / self.unit

    def is_far(self, value: float) -> bool:
        """True where the value is the least factor away from the center, on either side."""
        if self.linear:
            return abs(value - self.center) >= (self.least_factor - 1) * abs(self.center)
        return max(value / self.center, self.center / value) >= self.least_factor


def judge(asked: Question) -> tuple[Finding, ...]:
    """One finding for each Ready member, in fleet order. Of several series of a pod the largest
    stands for it, the smallest where only `down` is looked at.
    """
    policy = asked.breaker.detector
    assert isinstance(policy, DeviationPolicy)
    worst = min if policy.direction is Direction.DOWN else max
    values = gauges(asked, policy.queries[0], policy.pod_label, worst)
    found = {f.name: f for f in silent_pods(asked, values, policy.no_data)}
    busy, requests = dict(values), dict[str, float]()
    if len(policy.queries) > 1:
        requests |= totals(asked, 1, policy.queries[1], policy.pod_label)
        for finding in _idle(asked, policy, values, requests):
            found[finding.name] = finding
            del busy[finding.name]
    for circle in circles(asked.fleet, asked.peer_group, busy):
        for pod in circle.judged:
            floor = _floor(requests.get(pod.name))
            found[pod.name] = _judged(pod, circle, busy, policy, floor)
    return tuple([found[pod.name] for pod in asked.fleet.pods if pod.name in found])


def _floor(requests: float | None) -> float:
    """The least standard deviation of a log value, for a mean of so many requests."""
    return SCALE_FLOOR if requests is None else hypot(SCALE_FLOOR, 1 / sqrt(max(requests, 1)))


def _idle(
    asked: Question,
    policy: DeviationPolicy,
    values: Mapping[str, float],
    requests: Mapping[str, float],
) -> Iterator[Finding]:
    """A finding for each pod whose value is made of too few requests to be judged."""
    for pod in asked.fleet.pods:
        if pod.name not in values:
            continue
        n, needed = requests.get(pod.name, 0.0), asked.needed(pod, policy.minimum_activity)
        if not n >= needed:
            yield Finding(
                pod=pod.uid,
                name=pod.name,
                judgement=Judgement.INCONCLUSIVE,
                value=values[pod.name],
                said="{n:.6g} requests, needs {needed:g}",
                facts={"n": n, "needed": needed},
            )


def _judged(
    pod: Pod, circle: Circle, values: Mapping[str, float], policy: DeviationPolicy, floor: float
) -> Finding:
    value = values[pod.name]
    others = [values[peer.name] for peer in circle.peers if peer.uid != pod.uid]
    scale: _Scale | str = "fewer than two peers to compare with"
    if len(others) + 1 >= SMALLEST_SPREAD:
        scale = _scale([values[peer.name] for peer in circle.peers], value, policy, floor)
    elif len(others) + 1 >= SMALLEST_FLEET:
        scale = _small_scale(others, value, policy, floor)
    if isinstance(scale, str):
        return Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, value=value, said=scale)
    score = scale.score(value)
    feared = {
        Direction.UP: score,
        Direction.DOWN: -score,
        Direction.BOTH: abs(score),
    }[policy.direction]
    outlier = feared > scale.limit and scale.is_far(value)
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=Judgement.OUTLIER if outlier else Judgement.FINE,
        score=feared,
        value=value,
        threshold=_threshold(scale, policy.direction),
        said=_COMPARED,
        facts={
            "factor": value / scale.center if scale.center else inf,
            "baseline": scale.center,
            "peers": scale.peers,
            "z": score,
            "limit": scale.limit,
        },
        in_a_row=scale.steps,
    )


def _scale(
    peers: Sequence[float], value: float, policy: DeviationPolicy, floor: float
) -> _Scale | str:
    linear = min(value, *peers) <= 0
    center = median(peers)
    if linear:
        spread = MAD_TO_DEVIATION * median([abs(one - center) for one in peers])
        unit = max(spread, floor * abs(center))
    else:
        middle = log(center)
        spread = MAD_TO_DEVIATION * median([abs(log(one) - middle) for one in peers])
        unit = max(spread, floor)
    if unit == 0:
        return _NO_SCALE
    return _Scale(center, unit, linear, len(peers), policy.minimum_factor, policy.maximum_score)


def _small_scale(
    others: Sequence[float], value: float, policy: DeviationPolicy, floor: float
) -> _Scale | str:
    """The scale of three or four pods: the factor alone decides."""
    linear = min(value, *others) <= 0
    center = median(others)
    unit = floor * abs(center) if linear else floor
    if unit == 0:
        return _NO_SCALE
    factor = max(SMALL_FACTOR, policy.minimum_factor)
    return _Scale(center, unit, linear, len(others), factor, 0.0, SMALL_STEPS)


def _threshold(scale: _Scale, direction: Direction) -> float:
    """The value from which on a pod is an outlier, on the side that is feared (above, for both)."""
    sign = -1 if direction is Direction.DOWN else 1
    if scale.linear:
        away = max(scale.limit * scale.unit, (scale.least_factor - 1) * abs(scale.center))
        return scale.center + sign * away
    return scale.center * exp(sign * max(scale.limit * scale.unit, log(scale.least_factor)))
