"""The program of an operator: what it is told, what it refuses, and what a worker's tests load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kubervisor.assembly import find_lease_name
from kubervisor.workflow.project.operator_config import OperatorConfig
from kubervisor.workflow_app import main
from kubervisor.workflow_settings import WorkflowSettings
from tests.workflow.engine.errands import operator

HEAVY = ("kubernetes", "numpy", "structlog", "requests", "urllib3", "prometheus_client", "yaml")


def test_settings_are_those_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LISTEN", "KUBERVISOR_LISTEN", "NAMESPACES", "LEASE_NAME"):
        monkeypatch.setenv(name, "set-by-somebody")
    config = OperatorConfig(
        work_interval=2.5,
        metrics_listen="127.0.0.1:9999",
        leader_elect=False,
        lease_namespace="system",
        watch_namespaces=("shop",),
        prometheus_url="http://prometheus:9090",
        log_level="debug",
    )
    settings = WorkflowSettings.of(config, "errand-operator")
    assert (settings.listen, settings.leader_elect) == ("127.0.0.1:9999", False)
    assert (settings.namespaces, settings.log_level) == (("shop",), "debug")
    assert (settings.work_interval, settings.prometheus_url) == (2.5, "http://prometheus:9090")


def test_the_lease_has_the_operators_name_whatever_it_looks_after() -> None:
    config = OperatorConfig(lease_namespace="system", watch_namespaces=("shop",))
    settings = WorkflowSettings.of(config, "errand-operator")
    assert find_lease_name(settings) == "errand-operator"
    assert settings.lease_namespace == "system"


def test_a_file_that_cannot_be_used_is_told_with_its_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "autopilot-operator.yaml"
    path.write_text("workInterval: soon\nwatchNamspace: shop\n")
    with pytest.raises(SystemExit) as ended:
        main(operator("Errand"), [f"--config={path}"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"{path}:1:" in said
    assert f"{path}:2:" in said


@pytest.mark.parametrize("flag", ["--config", "--kubeconfig"])
def test_a_file_that_is_not_there_is_named(
    flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(operator("Errand"), [f"{flag}={tmp_path / 'missing'}"])
    assert ended.value.code == 2
    assert "missing" in capsys.readouterr().err


def test_who_writes_a_worker_loads_no_client() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, kubervisor.workflow; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert set(HEAVY).isdisjoint(said.stdout.split())
