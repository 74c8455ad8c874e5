from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kubervisor.cli.simulate import simulate

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/simulations/*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(path: Path) -> None:
    result = CliRunner().invoke(simulate, ["-f", str(path)])
    assert result.exit_code == 0, result.output
    assert "fault" in result.output
    assert "spoilt without breaker" in result.output


def test_json_says_what_text_says(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(
        "pods: 5\nfaults: [{start: 2m, errorPercent: 50}]\nspec:\n  service: shop\n  breakers:\n"
        "  - name: errors\n    ratio: {source: main, errors: 'http_requests_total{code=\"500\"}',"
        " total: http_requests_total}\n"
    )
    (found,) = json.loads(CliRunner().invoke(simulate, ["-f", str(path), "-o", "json"]).output)
    ejected = [action for action in found["actions"] if action["did"] == "ejected"]
    assert {action["pod"] for action in ejected} == {"pod-0"}
    assert "%) failed in" in ejected[0]["evidence"]
    assert "serving" in ejected[0]["evidence"]
    assert found["summary"]["faulty_pods_ejected"] == "1 of 1"
    text = CliRunner().invoke(simulate, ["-f", str(path)]).output
    assert f"{ejected[0]['at']:.1f} s  ejected     pod-0" in text
    other = CliRunner().invoke(simulate, ["-f", str(path), "-o", "json", "--seed", "2"]).output
    assert json.loads(other) != [found]


def test_a_wrong_field_is_named_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text("traffic: {rps: -1}\nspec: {service: shop, breakers: []}\n")
    result = CliRunner().invoke(simulate, ["-f", str(path)])
    assert result.exit_code == 1
    assert f"{path}: traffic.rps: " in result.output
