"""What a process of data rollouts may be told, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from kubervisor.assembly import find_lease_name
from kubervisor.cli.run import read_data_settings, run
from kubervisor.data_settings import DataSettings
from kubervisor.datarollout.decision.state import RolloutPolicy


def test_the_defaults_are_autocranes() -> None:
    settings = DataSettings()
    assert settings.repository == "http://datarepo"
    policy = RolloutPolicy(
        stages=settings.shares,
        probation=settings.probation,
        failure_percent=settings.failure_percent,
        deadline=settings.progress_deadline,
    )
    assert policy == RolloutPolicy()


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERVISOR_DATA_STAGES", "10,100")
    monkeypatch.setenv("KUBERVISOR_DATA_PERIOD", "7")
    monkeypatch.setenv("KUBERVISOR_DATA_REPOSITORY_TOKEN", "the deployer's")
    settings = read_data_settings({"stages": "50,100"})
    assert (settings.shares, settings.period) == ((50, 100), 7.0)


@pytest.mark.parametrize("stages", ["", "100,25", "25,25,100", "25,50", "0,100", "25, 100", "a"])
def test_stages_rise_to_a_hundred(stages: str) -> None:
    with pytest.raises(ValidationError, match="rise to 100"):
        DataSettings(stages=stages)


@pytest.mark.parametrize(
    "url",
    ["datarepo", "ftp://datarepo", "http://", "http://host:0x", "http://host?a=b", "http://h#x"],
)
def test_the_repository_has_an_address(url: str) -> None:
    with pytest.raises(ValidationError, match="must be like"):
        DataSettings(repository=url)


def test_a_password_in_the_address_is_refused_and_not_told() -> None:
    with pytest.raises(ValidationError, match="user or password") as refused:
        DataSettings(repository="http://me:hunter2@datarepo")
    assert "hunter2" not in str(refused.value)


def test_the_lease() -> None:
    assert find_lease_name(DataSettings()) == "kubervisor-datarollout"
    assert find_lease_name(DataSettings(lease_name="kubervisor-datarollout-x")).endswith("-x")
    assert find_lease_name(DataSettings(namespaces=("a",))) != find_lease_name(DataSettings())
    with pytest.raises(ValidationError, match="kubervisor-datarollout-east"):
        DataSettings(lease_name="kubervisor-traffic")


def test_its_process_loads_nothing_of_what_moves_traffic() -> None:
    script = "import sys, kubervisor.data_app, kubervisor.cli.run; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    loaded = set(said.stdout.split())
    assert "kubervisor.datarollout.decision.plan" in loaded
    for module in ("numpy", "starlette", "zstandard", "kubervisor.app", "kubervisor.watchdog"):
        assert module not in loaded
    assert "kubervisor.api.definition" not in loaded


@pytest.mark.parametrize(
    ("capability", "flag"),
    [
        ("datarollout", "--evict"),
        ("datarollout", "--source=a=http://b"),
        ("watchdog", "--repository=http://x"),
        ("traffic", "--stages=100"),
    ],
)
def test_a_flag_of_another_capability_is_refused(capability: str, flag: str) -> None:
    result = CliRunner().invoke(run, [f"--capability={capability}", flag])
    assert result.exit_code == 2
    assert f"is no flag of --capability {capability}" in result.output


def test_bad_usage_names_the_setting() -> None:
    result = CliRunner().invoke(run, ["--capability=datarollout", "--stages=1,2"])
    assert result.exit_code == 2
    assert "stages: " in result.output
