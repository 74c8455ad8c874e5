"""The core of a peer group: the pods that agree on a share of failures, and how far they scatter.

The core is grown, not cut: it starts as the half with the smallest shares and takes in one pod
after the other, as long as the next one is no outlier of those before it. Removing the worst from a
sum over all is blind where several are out (four of ten at 50 % make 20 % look normal); a core that
starts without them is not, as long as fewer than half are. (A forward search: Atkinson and Riani.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt

from kubervisor.traffic.detectors.beta_binomial import log_chance, upper_tail
from kubervisor.traffic.detectors.counts import Count

PRIOR_SHARE = 0.01
PRIOR_SPREAD = 0.005
PRIOR_VARIATION = 1 / 6
"""A healthy pod is assumed to fail 1 % with a spread of half a point (a variation of 0.5), or of a
sixth of the share where that is more."""

PRIOR_PODS = 20.0
"""The assumed share weighs as much as so many pods."""

LOWER_SHARES = ((0.004, 0.1), (0.0015, 0.05), (0.0005, 0.05))
"""Lower shares that a fleet may have, and how likely each is before any request is counted."""

DOUBT = 4.0
"""Standard errors, nearly three of them, by which a spread found to be larger than assumed is taken
for smaller than it was found."""

JOINS = 1e-3
"""A pod joins the core unless less likely than this in it."""


@dataclass(frozen=True, slots=True)
class Fleetwide:
    """What the pods of a fleet fail: mean and standard deviation of their own shares, and how
    likely it is that they are this fleet's.
    """

    weight: float
    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class Core:
    """The share that the core's pods have in common, and how many they are.

    `expected` and `spread` are what one more healthy pod is tested against: mean and standard
    deviation of its own share, the uncertainty of the core itself included. Where the pods fail
    less than assumed, `likely` says what else these may be, and weighs it.
    """

    pods: int
    share: float
    expected: float
    spread: float
    likely: tuple[Fleetwide, ...] = ()

    def chance(self, count: Count) -> float:
        """The chance that a healthy pod fails as often as `count` or more often."""
        k, n, _ = count
        if not self.likely:
            return upper_tail(k, n, self.expected, self.spread)
        return sum(one.weight * upper_tail(k, n, one.mean, one.spread) for one in self.likely)


def core_of(pods: Sequence[Count]) -> Core:
    """What `pods` (at least one, with events) agree on.

    The share is the median of the pods or their pooled share, whichever is larger: the median does
    not follow a single large pod, the pool says more where counts are small. The spread is the
    method of moments' (variance of the shares less what counting alone would give), each pod
    weighted by how much its deviation says; see `_variance_between` for what is assumed besides.
    """
    size = len(pods)
    events = sum(pod.events for pod in pods)
    pooled = sum(pod.failures for pod in pods) / events
    shares = sorted(pod.share for pod in pods)
    share = max(pooled, (shares[(size - 1) // 2] + shares[size // 2]) / 2)
    expected = max(share, (PRIOR_PODS * PRIOR_SHARE + size * share) / (PRIOR_PODS + size))
    expected = min(expected, 1 - 1e-6)
    between = _variance_between(pods, share, _prior_variance(expected))
    counting = expected * (1 - expected) / events
    spread = sqrt(between * (1 + 1 / (PRIOR_PODS + size)) + counting)
    return Core(size, share, expected, spread)


def _prior_variance(expected: float) -> float:
    least = min(PRIOR_SPREAD, expected * PRIOR_SPREAD / PRIOR_SHARE)
    return max(least, expected * PRIOR_VARIATION) ** 2


def _variance_between(pods: Sequence[Count], share: float, prior: float) -> float:
    """The variance of the pods' own shares: what is found as far as it is beyond doubt, and at
    least what is assumed. A handful of pods that happen to agree proves nothing, and one fault must
    not hide in the spread that others make.
    """
    size = len(pods)
    if size == 1:
        return prior
    counted = share * (1 - share)
    noise = [counted / pod.events for pod in pods]
    squares = [(pod.share - share) ** 2 for pod in pods]
    rough = max(prior, (sum(squares) - sum(noise)) / (size - 1))
    weights = [(rough / (rough + one)) ** 2 for one in noise]
    excess = sum(w * (s - one) for w, s, one in zip(weights, squares, noise, strict=True))
    degrees = sum(weights) * (size - 1) / size
    found = max(excess, 0.0) / degrees
    return max(prior, found / (1 + DOUBT / sqrt(degrees)))


def grow_core(pods: Sequence[Count], *, minimum_effect: float) -> tuple[Core, set[int]]:
    """The core of `pods` (at least one) and the indexes of those that did not join it.

    A pod within `minimum_effect` of the core's share always joins.
    """
    order = sorted(range(len(pods)), key=lambda index: pods[index].share)
    half = (len(pods) + 1) // 2
    core = core_of([pods[index] for index in order[:half]])
    near = [index for index in order if pods[index].share - core.share < minimum_effect]
    inside = [pods[index] for index in (near if len(near) > half else order[:half])]
    core = core_of(inside)
    apart = set()
    for index in order[len(inside) :]:
        pod = pods[index]
        if pod.share - core.share < minimum_effect or core.chance(pod) >= JOINS:
            inside.append(pod)
            core = core_of(inside)
        else:
            apart.add(index)
    return replace(core, likely=_likely(core, inside)), apart


def _likely(core: Core, pods: Sequence[Count]) -> tuple[Fleetwide, ...]:
    """The assumed share and the lower ones, weighed by how well each explains what `pods` counted
    (Bayes' rule): two pods that merely drift low together leave the assumed one its weight.
    """
    if core.share >= PRIOR_SHARE:
        return ()
    known = [Fleetwide(1 - sum(prior for _, prior in LOWER_SHARES), core.expected, core.spread)]
    for share, prior in LOWER_SHARES:
        spread = sqrt(_variance_between(pods, core.share, _prior_variance(share)))
        known.append(Fleetwide(prior, share, spread))
    logs = [
        log(one.weight) + sum(log_chance(k, n, one.mean, one.spread) for k, n, _ in pods)
        for one in known
    ]
    parts = [exp(one - max(logs)) for one in logs]
    return tuple(
        replace(one, weight=part / sum(parts)) for one, part in zip(known, parts, strict=True)
    )
