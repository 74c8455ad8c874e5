"""`kubervisor data init` and `sidecar`: bad usage, and AutoCrane's words."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from kubervisor.cli import main
from kubervisor.cli.original import in_our_words


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env)


@pytest.mark.parametrize(
    ("given", "variable", "meant"),
    [
        ([], "datadeployinit", ["data", "init"]),
        ([], "DataDeploy", ["data", "sidecar"]),
        (["datarepo"], None, ["data", "repository"]),
    ],
)
def test_autocranes_modes_are_commands(
    given: list[str], variable: str | None, meant: list[str]
) -> None:
    assert in_our_words(given, variable) == meant


@pytest.mark.parametrize("command", ["init", "sidecar"])
def test_a_pod_that_is_not_named_is_asked_for(command: str) -> None:
    asked = run("data", command)
    assert asked.exit_code == 2
    assert "POD_NAME" in asked.stderr
    assert "Pod__Name" in asked.stderr


def test_autocranes_port_is_read() -> None:
    asked = run(AUTOCRANE_ARGS="datadeploy", Pod__Name="a", LISTEN_PORT="81081")
    assert asked.exit_code == 2
    assert "is '0.0.0.0:81081'" in asked.stderr


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--signal=HUP"], "go together"),
        (["--signal-process=nginx"], "go together"),
        (["--signal=HOP", "--signal-process=nginx"], "such as HUP"),
        (["--notify-url=http://shop/reload"], "only the pod itself"),
        (
            ["--notify-url=http://127.0.0.1/r", "--signal=HUP", "--signal-process=a"],
            "not both",
        ),
        (["--repository=http://user:pass@datarepo"], "without a user"),
        (["--listen=here"], "HOST:PORT"),
        (["--max-archive=0"], "max-archive"),
    ],
)
def test_bad_usage_says_what_to_write(flags: list[str], says: str) -> None:
    asked = run("data", "sidecar", "--pod=cart-1", *flags)
    assert asked.exit_code == 2
    assert says in asked.stderr


def test_who_has_no_account_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    missing = tmp_path_factory.mktemp("none") / "kubeconfig"
    asked = run("data", "init", "--pod=cart-1", f"--kubeconfig={missing}")
    assert asked.exit_code == 1
    assert str(missing) in asked.stderr


def test_a_deployer_loads_nothing_that_it_does_not_use() -> None:
    """It runs in every pod: each of these is megabytes there."""
    heavy = ["kubernetes", "numpy", "pydantic", "requests", "starlette", "yaml", "pandas"]
    code = f"import sys, kubervisor.cli.data_deployer; print({heavy} & sys.modules.keys())"
    code = code.replace(str(heavy), f"set({heavy})")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
