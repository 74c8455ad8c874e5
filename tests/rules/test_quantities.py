"""Quantities are read as Kubernetes reads them, and no byte gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.rules.actions.quantities import LARGEST, MI, parse, render, to_whole_mi

GI = 2**30


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("1", 1),
        ("10Gi", 10 * GI),
        ("10.5Gi", 21 * GI // 2),
        (".5Ki", 512),
        ("1.Ki", 1024),
        ("10G", 10**10),
        ("500M", 5 * 10**8),
        ("1k", 1000),
        ("2E", 2 * 10**18),
        ("1Ei", 2**60),
        ("1e3", 1000),
        ("1.5E+3", 1500),
        ("1E", 10**18),
        ("1500m", 2),
        ("1n", 1),
        ("0.1Ki", 103),
        ("107374182400", 100 * GI),
        ("100Ei", LARGEST),
        ("1e99", LARGEST),
    ],
)
def test_what_kubernetes_writes_is_read(text: str, amount: int) -> None:
    assert parse(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Gi",
        "10GB",
        "10gi",
        "10 Gi",
        " 10Gi",
        "-1Gi",
        "+1",
        "1,5Gi",
        "1e",
        "50%",
        "1K",
        "٣Gi",
        ".",
        "1e100",
        "9" * 65,
    ],
)
def test_what_is_no_quantity_is_answered_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity; write bytes such as 10Gi or 500M"):
        parse(text)


@given(st.integers(0, LARGEST))
def test_what_is_written_means_the_same_bytes(amount: int) -> None:
    assert parse(render(amount)) == amount


@given(st.integers(0, 2**50))
def test_rounding_goes_up_by_less_than_a_mi(amount: int) -> None:
    rounded = to_whole_mi(amount)
    assert rounded % MI == 0
    assert 0 <= rounded - amount < MI


def test_the_largest_unit_without_a_fraction_is_written() -> None:
    assert [render(amount) for amount in (0, 1, 1024, 3 * GI // 2, 2**40, 2**60)] == [
        "0",
        "1",
        "1Ki",
        "1536Mi",
        "1Ti",
        "1Ei",
    ]
