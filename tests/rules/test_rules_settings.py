"""What a process of remediation rules may be told, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from kubervisor.assembly import find_lease_name
from kubervisor.cli.run import read_rules_settings, run
from kubervisor.rules_settings import RulesSettings

CONFIG = """
providers:
- {name: default, type: prometheus, params: "url=http://px-prometheus:9090"}
min_poll_interval: 2
"""


def test_the_defaults_let_nothing_move_and_nobody_be_called() -> None:
    settings = RulesSettings()
    assert settings.actions == (
        *("volume/resize", "volume/tier", "workload/scale", "pod/evict", "pod/eject"),
    )
    assert (settings.webhook_hosts, settings.job_templates) == ((), None)
    assert settings.min_poll_interval == 5.0
    assert settings.provider_cool_down == {"ebs.csi.aws.com": 21_600.0}
    assert find_lease_name(settings) == "kubervisor-rules"


def test_flags_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    settings = read_rules_settings({"config": str(file)})
    assert [(one.name, one.url) for one in settings.sources] == [
        ("default", "http://px-prometheus:9090")
    ]
    assert settings.min_poll_interval == 2.0
    monkeypatch.setenv("KUBERVISOR_RULES_CONFIG", str(file))
    monkeypatch.setenv("KUBERVISOR_RULES_MIN_POLL_INTERVAL", "3")
    monkeypatch.setenv("KUBERVISOR_RULES_ACTIONS", '["job"]')
    assert read_rules_settings({}).min_poll_interval == 3.0
    assert read_rules_settings({}).actions == ("job",)
    given: dict[str, object] = {
        "min_poll_interval": 4.0,
        "sources": ("default=http://thanos:9090",),
        "actions": ("volume/resize", "volume/move"),
        "provider_cool_down": ("pd.csi.storage.gke.io=60",),
    }
    settings = read_rules_settings(given)
    assert (settings.min_poll_interval, settings.sources[0].url) == (4.0, "http://thanos:9090")
    assert settings.actions == ("volume/resize", "volume/move")
    assert settings.provider_cool_down == {"pd.csi.storage.gke.io": 60.0}


def test_an_action_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"must be among .*volume/resize.*'pool/expand'"):
        RulesSettings(actions=("pool/expand",))


@pytest.mark.parametrize("pair", ["ebs.csi.aws.com=soon", "ebs.csi.aws.com", "=5", "x=-1"])
def test_a_cool_down_is_seconds_by_provisioner(pair: str) -> None:
    result = CliRunner().invoke(run, ["--capability=rules", f"--provider-cool-down={pair}"])
    assert result.exit_code == 2
    assert "provider_cool_down" in result.output


def test_a_webhook_pattern_that_is_none_is_bad_usage() -> None:
    result = CliRunner().invoke(
        run, ["--capability=rules", "--webhook-hosts=http://x", "--kubeconfig=/dev/null"]
    )
    assert result.exit_code != 0


@pytest.mark.parametrize(
    ("capability", "flag"),
    [
        ("rules", "--stages=100"),
        ("rules", "--scrape-proxy=a:1"),
        ("traffic", "--actions=job"),
        ("watchdog", "--max-objects=1"),
        ("datarollout", "--provider-cool-down=a=1"),
    ],
)
def test_a_flag_of_another_capability_is_refused(capability: str, flag: str) -> None:
    result = CliRunner().invoke(run, [f"--capability={capability}", flag])
    assert result.exit_code == 2
    assert f"is no flag of --capability {capability}" in result.output


def test_its_process_loads_nothing_of_what_moves_traffic() -> None:
    script = "import sys, kubervisor.rules_app, kubervisor.cli.run; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    loaded = set(said.stdout.split())
    assert "kubervisor.rules.decision.lifecycle" in loaded
    for module in ("numpy", "starlette", "zstandard", "kubervisor.app", "kubervisor.watchdog"):
        assert module not in loaded
    assert "kubervisor.api.definition" not in loaded
    assert "kubervisor.datarollout.controller" not in loaded
