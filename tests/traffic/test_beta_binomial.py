"""The tail of the beta-binomial, beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import betabinom, binom

from kubervisor.traffic.detectors.beta_binomial import ENOUGH_EVENTS, upper_tail


def scipys(failures: int, events: int, share: float, spread: float) -> float:
    """The sum of its masses: its own tail is one less the others, too coarse this far out."""
    strength = share * (1 - share) / spread**2 - 1
    counts = np.arange(failures, events + 1)
    masses = betabinom.logpmf(counts, events, share * strength, (1 - share) * strength)
    return float(np.exp(logsumexp(masses)))


@given(
    events=st.integers(1, 3000),
    part=st.floats(0, 1),
    share=st.floats(1e-4, 0.9),
    variation=st.floats(0.05, 0.9),
)
def test_it_is_scipys(events: int, part: float, share: float, variation: float) -> None:
    failures = int(part * events)
    spread = variation * min(share, (1 - share) / 2)
    exact = scipys(failures, events, share, spread)

    found = upper_tail(failures, events, share, spread)

    if failures <= events * share:
        assert found == 1.0
    elif exact > 1e-250:
        assert found == pytest.approx(exact, rel=0.02)


def test_without_spread_it_is_nearly_the_binomial() -> None:
    assert upper_tail(30, 1000, 0.01, 1e-5) == pytest.approx(binom.sf(29, 1000, 0.01), rel=0.01)


def test_fractions_are_cut_in_the_pods_favour() -> None:
    assert upper_tail(30.9, 1000, 0.01, 0.005) == upper_tail(30, 1000, 0.01, 0.005)


def test_millions_of_events_are_scaled_down_in_the_pods_favour() -> None:
    many = upper_tail(90_000, 1_000_000, 0.01, 0.005)

    assert many == upper_tail(0.09 * ENOUGH_EVENTS, ENOUGH_EVENTS, 0.01, 0.005)
    assert many >= scipys(90_000, 1_000_000, 0.01, 0.005)
