"""AutoCrane's way to say what to do: modes, arguments and variables."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from kubervisor.cli import main
from kubervisor.cli.original import in_our_words


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env)


@pytest.mark.parametrize(
    ("given", "variable", "meant"),
    [
        ([], "watchdoghealthz", ["watchdog", "healthz"]),
        ([], "GetWatchdog --Pod:Name=a", ["watchdog", "get", "--Pod:Name=a"]),
        (["postwatchdog", "--x"], None, ["watchdog", "post", "--x"]),
        (["run"], "watchdoghealthz", ["run"]),
        ([], "testworkload", ["testworkload"]),
        ([], "", []),
        ([], None, []),
        (["--version"], None, ["--version"]),
    ],
)
def test_its_modes_are_commands(given: list[str], variable: str | None, meant: list[str]) -> None:
    assert in_our_words(given, variable) == meant


def test_a_pod_of_its_sidecar_runs_the_gate() -> None:
    """The variables of its README; only the port shows that each is read."""
    env = {"AUTOCRANE_ARGS": "watchdoghealthz", "Pod__Name": "a", "Pod__Namespace": "b"}
    asked = run(**env, Watchdogs__MinReadySeconds="20", LISTEN_PORT="81081")
    assert asked.exit_code == 2
    assert "is '0.0.0.0:81081'" in asked.stderr


@pytest.mark.parametrize(
    "name", ["Watchdogs__MinReadySeconds", "Watchdogs__AlwaysHealthyAfterSeconds"]
)
def test_its_variables_of_the_gate_are_read(name: str) -> None:
    asked = run("watchdog", "healthz", Pod__Name="a", **{name: "-1"})
    assert asked.exit_code == 2
    assert name in asked.stderr


@pytest.mark.parametrize("command", ["get", "post", "healthz"])
def test_a_pod_that_is_not_named_is_asked_for(command: str) -> None:
    asked = run("watchdog", command)
    assert asked.exit_code == 2
    assert "POD_NAME" in asked.stderr
    assert "Pod__Name" in asked.stderr


POST = {"pod": "cart-1", "name": "disk", "level": "error", "message": "full"}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"level": "fatal"}, "error"),
        ({"name": "a b"}, "letters"),
        ({"name": "x" * 64}, "63"),
        ({"name": "-x"}, "letters"),
        ({"expires": "soon"}, "30s"),
        ({"expires": "100ms"}, "1s or longer"),
        ({"expires": "1d"}, "8760h"),
    ],
)
def test_a_wrong_post_says_what_to_write(wrong: dict[str, str], says: str) -> None:
    arguments = [f"--{name}={text}" for name, text in {**POST, **wrong}.items()]
    asked = run("watchdog", "post", *arguments)
    assert asked.exit_code == 2
    assert says in asked.stderr


@pytest.mark.parametrize("missing", ["name", "level", "message"])
def test_a_post_needs_all_of_its_words(missing: str) -> None:
    arguments = [f"--{name}={text}" for name, text in POST.items() if name != missing]
    asked = run("watchdog", "post", *arguments)
    assert asked.exit_code == 2
    assert f"--{missing}" in asked.stderr
