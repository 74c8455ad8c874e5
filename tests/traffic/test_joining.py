"""Whether a query speaks of a fleet: by its samples, or by the members that have some."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.joining import Join, are_heard, describe_mismatch, join
from kubervisor.traffic.measurement import Measurement, Sample, Series
from kubervisor.traffic.model import Fleet, Pod
from tests.builders import KEY, NOW, a_fleet, a_pod, fleet_of

FLEET = a_fleet(10)
MEMBERS = [pod.name for pod in FLEET.pods]
OTHERS = [f"cart-{index}" for index in range(100)]
HOME = {"namespace": KEY.namespace}


def samples(*pods: str, label: str = "pod", **labels: str) -> tuple[Sample, ...]:
    return tuple(Sample({label: pod, **labels}, 1.0, NOW) for pod in pods)


def joined(*found: Sample, fleet: Fleet = FLEET) -> Join:
    return join(Measurement(NOW, samples=found), "pod", fleet)


@pytest.mark.parametrize(
    ("found", "matches"),
    [
        pytest.param(samples(*MEMBERS), True, id="one sample for each member"),
        pytest.param(samples(*MEMBERS[:3]), True, id="a quiet Service: all samples are members'"),
        pytest.param(samples(*MEMBERS, *OTHERS), True, id="a preset: all members are among them"),
        pytest.param(samples(*MEMBERS, *OTHERS)[1:], True, id="nine of ten members are among many"),
        pytest.param(samples(*MEMBERS[:8], *OTHERS), False, id="two members are missed among many"),
        pytest.param(samples(*OTHERS), False, id="only pods of another Service"),
        pytest.param(samples(*MEMBERS[:5], *OTHERS[:2]), False, id="five of seven are members'"),
        pytest.param(samples(*MEMBERS, label="pod_name"), False, id="another label"),
        pytest.param(samples("10.0.0.1:80", "10.0.0.2:80"), False, id="addresses, not names"),
        pytest.param(samples(*MEMBERS, namespace="other"), False, id="pods of that name elsewhere"),
        pytest.param(
            (*samples(*MEMBERS, **HOME), *samples(*OTHERS, namespace="other")),
            True,
            id="samples of other namespaces do not count",
        ),
        pytest.param((), True, id="no samples at all: that is NoSamples"),
    ],
)
def test_when_a_query_matches(found: tuple[Sample, ...], matches: bool) -> None:
    assert joined(*found).matches is matches


@pytest.mark.parametrize(
    ("found", "heard"),
    [
        pytest.param(samples(*MEMBERS[1:], *OTHERS), True, id="nine of ten members"),
        pytest.param(samples(*MEMBERS[2:]), False, id="eight of ten"),
        pytest.param(samples(*MEMBERS, label="pod_name"), False, id="another label"),
        pytest.param(samples(*MEMBERS, namespace="other"), False, id="pods of that name elsewhere"),
        pytest.param((), None, id="no samples at all"),
    ],
)
def test_whether_the_members_are_heard(found: tuple[Sample, ...], heard: bool | None) -> None:
    assert are_heard(Measurement(NOW, samples=found), "pod", FLEET) is heard


def test_members_are_heard_in_any_part_and_by_series_too() -> None:
    series = tuple(Series({"pod": pod}, (NOW,), (1.0,)) for pod in MEMBERS)
    parts = (Measurement(NOW), Measurement(NOW, series=series))
    assert are_heard(Measurement(NOW, parts=parts), "pod", FLEET)


def test_of_a_fleet_without_settled_pods_nothing_can_be_told() -> None:
    young = fleet_of(a_pod("young").started(NOW - 1))
    assert are_heard(Measurement(NOW, samples=samples("young")), "pod", young) is None


def test_parts_count_together() -> None:
    """A fleet without errors has no samples of errors, and all of the total."""
    parts = (Measurement(NOW), Measurement(NOW, samples=samples(*MEMBERS)))
    found = join(Measurement(NOW, parts=parts), "pod", FLEET)
    assert (found.samples, found.joined, found.silent) == (10, 10, ())


def test_series_count_as_samples_do() -> None:
    series = tuple(Series({"pod": pod}, (NOW,), (1.0,)) for pod in (*MEMBERS, *OTHERS))
    found = join(Measurement(NOW, series=series), "pod", FLEET)
    assert (found.samples, found.joined, found.matches) == (110, 10, True)


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(a_pod("young").started(NOW - 119), id="not scraped yet"),
        pytest.param(a_pod("waiting").not_ready(), id="not ready"),
        pytest.param(a_pod("ejected").ejected(), id="out of traffic"),
    ],
)
def test_a_pod_that_may_have_no_samples_is_not_expected_to(pod: Pod) -> None:
    found = joined(*samples("old", *OTHERS), fleet=fleet_of(a_pod("old"), pod))
    assert (found.expected, found.silent) == (1, ())


def test_a_fleet_without_settled_pods_mismatches_nothing() -> None:
    assert joined(*samples(*OTHERS), fleet=fleet_of()).share == 1.0


@pytest.mark.parametrize(
    ("found", "says"),
    [
        pytest.param(samples(*MEMBERS), "", id="nothing where it matches"),
        pytest.param(
            samples(*MEMBERS, namespace="other"),
            "10 of 10 serving pods have no samples: pricer-00, pricer-01, pricer-02 and 7 more; "
            "the query has none of this namespace",
            id="another namespace",
        ),
        pytest.param(
            samples(*MEMBERS, label="pod_name"),
            "10 of 10 serving pods have no samples: pricer-00, pricer-01, pricer-02 and 7 more; "
            "0 of 10 samples have the label pod: name another pod label, or keep this one in the "
            "aggregation",
            id="another label",
        ),
        pytest.param(
            samples(*MEMBERS[2:], *OTHERS[:8]),
            "2 of 10 serving pods have no samples: pricer-00, pricer-01; the label pod of 8 of 16 "
            "samples is the name of a member",
            id="other pods",
        ),
    ],
)
def test_what_a_mismatch_says(found: tuple[Sample, ...], says: str) -> None:
    assert describe_mismatch(joined(*found), "pod") == says


def test_a_shared_measurement_is_indexed_once_for_all_who_join_it() -> None:
    shared = Measurement(NOW, samples=samples(*MEMBERS, **HOME))
    elsewhere = replace(FLEET, key=replace(KEY, namespace="other"))
    assert join(shared, "pod", FLEET).matches
    assert not join(shared, "pod", elsewhere).matches
    assert join(shared, "pod", elsewhere).samples == 0
