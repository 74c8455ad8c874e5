"""The soak, for a minute."""

from __future__ import annotations

import pytest

from benchmarks import soak
from tests.faults.conftest import Figure


@pytest.mark.long
def test_fault_68_a_churning_fleet_with_faults_for_a_minute(figure: Figure) -> None:
    figures = soak.run(1.0)
    assert not [one for one in figures if one.met is False]
    shown = {one.name: one for one in figures}
    figure(
        ", ".join(
            f"{shown[name].measured:.3g} {shown[name].unit} {name}"
            for name in ("memory at the end", "threads at rest", "API requests", "ejections")
        )
    )
