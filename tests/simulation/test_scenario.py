from __future__ import annotations

import pytest

from kubervisor.errors import SpecError
from kubervisor.simulation.file import read_plots

SPEC = """
spec:
  service: shop
  breakers:
  - name: errors
    ratio: {source: main, errors: 'http_requests_total{code="500"}', total: http_requests_total}
"""


def test_durations_are_strings_or_seconds() -> None:
    (plot,) = read_plots("duration: 10m\nfaults: [{start: 90, duration: 1m30s}]" + SPEC)
    assert plot.scenario.duration == 600
    assert plot.scenario.faults[0].start == plot.scenario.faults[0].duration == 90


def test_a_file_holds_several_scenarios() -> None:
    plots = read_plots(f"name: one\n{SPEC}\n---\nname: two\n{SPEC}\n---\n")
    assert [plot.scenario.name for plot in plots] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no scenario in it"),
        ("- 1", "must be an object"),
        ("a: [", "no YAML"),
        ("pods: 3", "spec: must be given"),
        ("pods: 0" + SPEC, "pods: Input should be greater than or equal to 1"),
        ("podz: 3" + SPEC, "podz: there is no such field"),
        ("traffic: {rps: 0}" + SPEC, "traffic.rps: Input should be greater than 0"),
        ("faults: [{slow: 2}, {start: soon}]" + SPEC, "faults[1].start: must be a duration"),
        ("pods: 3\nfaults: [{pods: [0, 3]}]" + SPEC, "faults[0].pods: there is no pod 3"),
        ("scrapes: {interval: 1500ms}" + SPEC, "scrapes.interval: must be a multiple of tick"),
        ("spec: {service: shop, breakers: [{name: errors}]}", "spec.breakers[0]"),
        (f"name: fine\n{SPEC}\n---\npods: -1{SPEC}", "document 2: pods:"),
    ],
    ids=[
        "an empty file",
        "a list",
        "broken YAML",
        "no spec",
        "no pods",
        "an unknown field",
        "no traffic",
        "no duration",
        "a pod that does not exist",
        "scrapes between ticks",
        "a breaker without a detector",
        "the second document",
    ],
)
def test_an_error_names_the_field(text: str, said: str) -> None:
    with pytest.raises(SpecError) as raised:
        read_plots(text)
    assert said in str(raised.value)
