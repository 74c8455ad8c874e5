"""`ratio`: pods whose requests fail more often than their peers', beyond what chance explains.

A pod is an outlier where all of this holds:

- at least `minimum_events` of its requests failed, of at least `minimum_activity`;
- its share exceeds the core's by `minimum_effect`;
- the chance that a healthy pod shows as many failures is at most `alpha` divided by the number of
  pairs of pods that are compared. A healthy pod's count is beta-binomial: pods differ, see `core`.

Raw samples are looked at three times, in the whole window and in its last half and quarter, each
with a part of `alpha`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kubervisor.traffic.detector_policy import RatioPolicy
from kubervisor.traffic.detectors.circles import Circle, all_have_peers, circles
from kubervisor.traffic.detectors.core import Core
from kubervisor.traffic.detectors.counts import Count
from kubervisor.traffic.detectors.glance import plainly_fine
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.detectors.ratio_looks import View, ratio_counts, views
from kubervisor.traffic.detectors.silence import silent_pods
from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.verdict import AllFine, Finding, Judgement

FEWEST_PAIRS, MOST_PAIRS = 9, 55
"""Of about five pods, and of eleven, among which `alpha` is shared out. Fewer prove little to each
other. In a larger fleet the promise is for each eleven pods: else one of 200 could fail longer than
one of ten until it is found."""

_FAILED = "{k:.6g} of {n:.6g} requests ({value:.4g} %) failed in {window:.3g} s; "
_SAID = _FAILED + "{peers:.0f} peers "
_COMPARED = _SAID + "{baseline:.3g} %"
_TESTED = _COMPARED + "; chance {p:.1e}, at most {alpha:.1e}"
_NEEDED = "{n:.6g} requests in {window:.3g} s, needs {needed:g}"
_ALONE = _FAILED + "no peer to compare with"


def judge(asked: Question) -> Sequence[Finding]:
    """One finding for each Ready member, in fleet order. Values and thresholds are percentages."""
    policy = asked.breaker.detector
    assert isinstance(policy, RatioPolicy)
    glance = plainly_fine(asked, policy)
    if glance is not None:
        pods = asked.fleet.ready_uids
        return AllFine(pods, lambda: tuple(_look_closer(asked, policy)), glance)
    return _look_closer(asked, policy)


def _look_closer(asked: Question, policy: RatioPolicy) -> Sequence[Finding]:
    known = ratio_counts(asked, policy)
    judgeable: dict[str, Count] = {}
    found: dict[str, Finding] = {}
    ready = [pod for pod in asked.fleet.pods if pod.ready]
    for pod in ready:
        count = known.get(pod.name)
        if isinstance(count, Count):
            needed = asked.needed(pod, policy.minimum_activity)
            if count[1] >= needed and count[1] > 0:
                judgeable[pod.name] = count
            else:
                found[pod.name] = _too_few(pod, count, needed)
        elif count is not None:
            found[pod.name] = Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said=count)
    for finding in silent_pods(asked, known, policy.no_data) if len(known) < len(ready) else ():
        found[finding.name] = finding

    def compared() -> tuple[Finding, ...]:
        for circle in circles(asked.fleet, asked.peer_group, judgeable):
            for finding in _compare(circle, judgeable, asked, policy):
                found[finding.name] = finding
        return tuple([found[pod.name] for pod in ready])

    if len(judgeable) == len(ready) and _none_fails(asked.fleet, judgeable, policy):
        return AllFine([pod.uid for pod in ready], compared)
    return compared()


def _none_fails(fleet: Fleet, known: Mapping[str, Count], policy: RatioPolicy) -> bool:
    """True where all are below the effect floor of a fleet without any failure, and nobody is
    without a peer.
    """
    least, floor = policy.minimum_events, policy.minimum_effect
    for k, n, _ in known.values():
        if k >= least and k >= floor * n:
            return False
    return all_have_peers(fleet)


def _compare(
    circle: Circle, known: Mapping[str, Count], asked: Question, policy: RatioPolicy
) -> Iterator[Finding]:
    if not circle.peers or not _any_suspect(circle, known, policy):
        yield from _all_fine(circle, known, policy)
        return
    looked_at = list(views(circle, known, asked, policy))
    alpha = part_of(policy.alpha, len({pod.uid for pod in (*circle.judged, *circle.peers)}))
    whole = looked_at[0][0]
    for pod in circle.judged:
        if circle.is_alone(pod):
            yield _finding(pod, known[pod.name], Judgement.INCONCLUSIVE, _ALONE, whole.core, policy)
            continue
        stands_out = known[pod.name].share - whole.core.share >= policy.minimum_effect
        looks = [
            _tested(pod, view, part * alpha, policy)
            for view, part in (looked_at if stands_out else looked_at[:1])
            if pod.name in view.counts
        ]
        yield next((look for look in looks if look.judgement is Judgement.OUTLIER), looks[0])


def part_of(alpha: float, pods: int) -> float:
    """What one of so many pods gets of `alpha`: each pair of them is a comparison (Bonferroni).

    >>> round(3 / part_of(3, 5)), round(3 / part_of(3, 50))
    (10, 55)
    """
    pairs = pods * (pods - 1) // 2
    return alpha / min(max(pairs, FEWEST_PAIRS), MOST_PAIRS)


def _any_suspect(circle: Circle, known: Mapping[str, Count], policy: RatioPolicy) -> bool:
    """False where nobody can be an outlier: cheap, for that is how most fleets are.

    The core holds at least the half of the peers with the smallest shares, and its share is at
    least the median of these.
    """
    peers = [known[pod.name] for pod in circle.peers]
    shares = sorted([failures / events for failures, events, _ in peers])
    least, floor = policy.minimum_events, policy.minimum_effect
    if shares:
        floor += shares[((len(shares) + 1) // 2 - 1) // 2]
    judged = [known[pod.name] for pod in circle.judged]
    return any(k >= least and k >= floor * n for k, n, _ in judged)


def _all_fine(circle: Circle, known: Mapping[str, Count], policy: RatioPolicy) -> Iterator[Finding]:
    peers = [known[pod.name] for pod in circle.peers]
    events = sum([count.events for count in peers])
    share = sum([count.failures for count in peers]) / events if events else 0.0
    core = Core(len(peers), share, share, 0.0)
    for pod in circle.judged:
        alone = circle.is_alone(pod)
        judgement = Judgement.INCONCLUSIVE if alone else Judgement.FINE
        said = _ALONE if alone else _COMPARED
        yield _finding(pod, known[pod.name], judgement, said, core, policy)


def _tested(pod: Pod, view: View, alpha: float, policy: RatioPolicy) -> Finding:
    """The word on a pod by one window. `alpha` is its part of the policy's.

    A pod that the core took in is fine.
    """
    count, core = view.counts[pod.name], view.core
    chance = core.chance(count)
    outlier = (
        pod.uid not in view.joined
        and chance <= alpha
        and count.failures >= policy.minimum_events
        and count.share - core.share >= policy.minimum_effect
    )
    judgement = Judgement.OUTLIER if outlier else Judgement.FINE
    return _finding(pod, count, judgement, _TESTED, core, policy, {"p": chance, "alpha": alpha})


def _finding(
    pod: Pod,
    count: Count,
    judgement: Judgement,
    said: str,
    core: Core,
    policy: RatioPolicy,
    tested: Mapping[str, float] | None = None,
) -> Finding:
    failures, events, seconds = count
    share, baseline = 100 * failures / events, 100 * core.share
    facts = {
        "n": events,
        "k": failures,
        "baseline": baseline,
        "peers": core.pods,
        "window": seconds,
    }
    if tested:
        facts.update(tested)
    return Finding(
        pod.uid,
        pod.name,
        judgement,
        share - baseline,
        share,
        baseline + 100 * policy.minimum_effect,
        said,
        count.activity,
        facts,
    )


def _too_few(pod: Pod, count: Count, needed: float) -> Finding:
    return Finding(
        pod=pod.uid,
        name=pod.name,
        judgement=Judgement.INCONCLUSIVE,
        said=_NEEDED,
        activity=count.activity,
        facts={"n": count.events, "k": count.failures, "window": count.seconds, "needed": needed},
    )
