"""Samples in columns say what the plain ones do, whatever their labels and order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf, nan
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.columns import place_of
from kubervisor.traffic.measurement import Measurement, Sample, Samples

LABEL = "pod"
HOME = "shop"
PODS = ("", "web-0", "web-1", "other")

labels = st.fixed_dictionaries(
    {},
    optional={
        LABEL: st.sampled_from(PODS),
        "namespace": st.sampled_from(["", HOME, "cart"]),
        "kubernetes_namespace": st.sampled_from(["", HOME, "cart"]),
        "code": st.sampled_from(["", "200", "503"]),
    },
)
values = st.sampled_from([0.0, 0.1, 0.7, 3.0, 1e16, -1.0, inf, -inf])
plain_samples = st.lists(st.builds(Sample, labels, values, st.sampled_from([5.0, 7.0])))


class Bad(NamedTuple):
    """Failures by their code."""

    code: str = "503"

    def are_bad(self, labels: Mapping[str, str]) -> bool:
        return labels.get("code") == self.code


def in_columns(plain: Collection[Sample]) -> Samples:
    return Samples.of_plain(LABEL, [(dict(one.labels), one.value, one.at) for one in plain])


def near(plain: Sequence[Sample], place: str) -> list[Sample]:
    return [one for one in plain if place_of(one.labels) == place]


def pods_of(plain: Sequence[Sample]) -> list[str]:
    return [one.labels.get(LABEL, "") for one in plain]


def total(plain: Sequence[Sample], pod: str) -> float | None:
    """As it was always summed: one sample after the other."""
    found: float | None = None
    for said, (_, value, _) in zip(pods_of(plain), plain, strict=True):
        if said == pod:
            finite = value if 0 <= value < inf else nan if value < 0 else 0.0
            found = finite if found is None else found + finite
    return found


@given(plain_samples)
def test_all_samples_come_back_in_their_order(plain: list[Sample]) -> None:
    columns = in_columns(plain)

    assert columns == plain
    assert len(columns) == len(plain)
    assert columns.oldest == min([one.at for one in plain], default=inf)
    assert columns.pods == set(pods_of(plain))
    assert all(one in columns for one in plain)
    assert Sample({"no": "such"}, 1.0, 1.0) not in columns


@given(plain_samples, st.sampled_from(PODS))
def test_a_pod_has_its_samples_that_do_not_say_another_namespace(
    plain: list[Sample], pod: str
) -> None:
    expected = [
        one
        for one in plain
        if one.labels.get(LABEL, "") == pod and place_of(one.labels) in (HOME, "")
    ]
    columns = in_columns(plain)

    assert columns.of(pod, HOME) == expected
    assert columns.has(pod, HOME) is bool(expected)
    assert sum(count for named, count in columns.counts(HOME) if named == pod) == len(expected)


@given(plain_samples, st.sampled_from([None, Bad(), Bad("200")]))
def test_sums_are_those_of_the_samples_one_after_the_other(
    plain: list[Sample], only: Bad | None
) -> None:
    chosen = [one for one in plain if only is None or only.are_bad(one.labels)]
    known = pods_of(near(plain, HOME) + near(plain, ""))
    expected = {
        pod: (total(near(chosen, HOME), pod) or 0.0) + (total(near(chosen, ""), pod) or 0.0)
        for pod in PODS
        if pod in known
    }

    assert in_columns(plain).sums(PODS, HOME, only) == pytest.approx(expected, abs=0, nan_ok=True)


@given(
    plain_samples,
    st.lists(st.sampled_from(PODS), unique=True),
    st.sampled_from([None, Bad(), Bad("200")]),
)
def test_amounts_are_the_sums_in_the_order_of_the_pods(
    plain: list[Sample], pods: list[str], only: Bad | None
) -> None:
    columns = in_columns(plain)
    amounts = columns.amounts(pods, HOME, only, None)

    for found, one in zip(amounts, (only, None), strict=True):
        sums = columns.sums(pods, HOME, one)
        expected = [sums.get(pod, 0.0) for pod in pods]
        assert list(found) == pytest.approx(expected, abs=0, nan_ok=True)


@given(plain_samples)
def test_a_measurement_can_be_looked_at_by_any_label(plain: list[Sample]) -> None:
    for samples in (tuple(plain), in_columns(plain)):
        measurement = Measurement(0.0, samples=samples)
        assert measurement.by("code") == plain
        assert measurement.by("code").pods == {one.labels.get("code", "") for one in plain}
        assert measurement.by(LABEL) == plain


def test_a_measurement_is_indexed_once() -> None:
    measurement = Measurement(0.0, samples=(Sample({LABEL: "web-0"}, 1.0, 5.0),))
    columns = in_columns(measurement.samples)

    assert measurement.by(LABEL) is measurement.by(LABEL)
    assert Measurement(0.0, samples=columns).by(LABEL) is columns


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        ({}, ""),
        ({"namespace": HOME}, HOME),
        ({"kubernetes_namespace": HOME}, HOME),
        ({"namespace": HOME, "kubernetes_namespace": HOME}, HOME),
        ({"namespace": "", "kubernetes_namespace": HOME}, HOME),
        ({"namespace": HOME, "kubernetes_namespace": "cart"}, None),
    ],
)
def test_the_place_of_a_sample_is_what_its_labels_agree_on(
    labels: dict[str, str], place: str | None
) -> None:
    assert place_of(labels) == place


def test_equal_labels_and_instants_are_held_once() -> None:
    one, other = in_columns([Sample({LABEL: pod, "code": "2" * 3}, 1.0, 5.0) for pod in "ab"])

    assert one.labels["code"] is other.labels["code"]
    assert one.at is other.at
