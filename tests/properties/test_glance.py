"""A fleet that is fine at a glance is fine when looked at closely, and answers mean the same in
whatever form they come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf, nan

from hypothesis import event, given
from hypothesis import strategies as st

from kubervisor.traffic.detectors import judge
from kubervisor.traffic.measurement import Measurement, Sample
from kubervisor.traffic.model import Fleet
from kubervisor.traffic.policy import ActivatorPolicy
from kubervisor.traffic.verdict import AllFine, Finding, Judgement, NoOutlier
from tests.builders import KEY, NOW, a_breaker
from tests.properties.fleets import LARGEST, fleets
from tests.traffic.measured import RATIO, WINDOW, instant, together

BY_CODE = replace(RATIO, queries=instant("requests"), code_label="code", bad_codes="5..")
PLACES: tuple[Mapping[str, str], ...] = (
    {"namespace": KEY.namespace},
    {"kubernetes_namespace": KEY.namespace},
    {},
    {"namespace": "elsewhere"},
    {"namespace": KEY.namespace, "kubernetes_namespace": "elsewhere"},
)
HEALTHY = 12.0, 1200.0
WARM_UP = 10.0

Row = tuple[int, Mapping[str, str], float]
"""A pod's number, further labels, and a value."""

pods = st.integers(0, LARGEST - 1)
peer_groups = st.sampled_from([None, ""])
odd = st.sampled_from([None, 0.0, 1.0, 2.9, 3.0, 9.0, 37.0, 600.0, 1201.0, -1.0, nan, inf, -inf])
places = st.integers(0, len(PLACES) - 1)
counted = st.tuples(pods, places, st.integers(0, 300), st.integers(0, 600))


def vector(rows: Sequence[Row]) -> Measurement:
    samples = [Sample({"pod": f"p{pod:02}", **labels}, value, NOW) for pod, labels, value in rows]
    return Measurement(NOW, WINDOW, samples=tuple(samples))


def found(
    measurement: Measurement, fleet: Fleet, peer_group: str | None, *, coded: bool = False
) -> Sequence[Finding]:
    policy = BY_CODE if coded else RATIO
    activator = ActivatorPolicy(probation=900.0)
    breaker = replace(a_breaker(), detector=policy, activator=activator, warm_up=WARM_UP)
    said = judge(breaker, measurement, fleet, now=NOW, peer_group=peer_group).findings
    glanced = said if isinstance(said, NoOutlier) else None
    seen = "looked at" if glanced is None else "some unsure" if glanced.unsure else "fine"
    event(f"{'coded' if coded else 'sums'}: {seen}")
    return said


def with_young(fleet: Fleet, young: frozenset[int]) -> Fleet:
    """The fleet, where the pods of these numbers have just started."""
    names = {f"p{number:02}" for number in young}
    pods = [replace(p, started_at=NOW - WARM_UP / 2) if p.name in names else p for p in fleet.pods]
    return replace(fleet, pods=tuple(pods))


@given(
    fleet=fleets,
    failures=st.dictionaries(pods, odd, max_size=2),
    events=st.dictionaries(pods, odd, max_size=2),
    young=st.frozensets(pods, max_size=3),
    peer_group=peer_groups,
)
def test_who_is_fine_at_a_glance_is_fine_when_looked_at(
    fleet: Fleet,
    failures: dict[int, float | None],
    events: dict[int, float | None],
    young: frozenset[int],
    peer_group: str | None,
) -> None:
    fleet, parts = with_young(fleet, young), []
    for usual, others in zip(HEALTHY, (failures, events), strict=True):
        values = [(pod, others.get(pod, usual)) for pod in range(LARGEST)]
        parts.append(
            vector([(pod, PLACES[0], value) for pod, value in values if value is not None])
        )

    said = found(together(*parts), fleet, peer_group)

    assert [finding.pod for finding in said] == [pod.uid for pod in fleet.pods if pod.ready]
    if isinstance(said, NoOutlier):
        for judgement, pods in ((Judgement.FINE, said.fine), (Judgement.INCONCLUSIVE, said.unsure)):
            assert [f.pod for f in said if f.judgement is judgement] == list(pods)
        assert len(said) == len(tuple(said))


@given(fleet=fleets, more=st.lists(counted, max_size=4), peer_group=peer_groups, place=places)
def test_two_queries_say_what_one_with_codes_does(
    fleet: Fleet, more: list[tuple[int, int, int, int]], peer_group: str | None, place: int
) -> None:
    usual = [(pod, place, 12, 1188) for pod in range(LARGEST)]
    served = [(pod, PLACES[at], failed, ok) for pod, at, failed, ok in [*usual, *more]]
    failures = vector([(pod, labels, failed) for pod, labels, failed, _ in served])
    events = vector([(pod, labels, failed + ok) for pod, labels, failed, ok in served])
    bad = [(pod, {**labels, "code": "503"}, failed) for pod, labels, failed, _ in served]
    good = [(pod, {**labels, "code": "200"}, ok) for pod, labels, _, ok in served]

    sums = found(together(failures, events), fleet, peer_group)
    codes = found(vector([*bad, *good]), fleet, peer_group, coded=True)

    assert tuple(sums) == tuple(codes)
    if isinstance(codes, AllFine):
        assert {finding.judgement for finding in codes} == {Judgement.FINE}
