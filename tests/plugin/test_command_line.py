"""The command line is read as kubectl reads one, and every mistake ends with 2 and a sentence."""

from __future__ import annotations

import pytest

from kubectl_kubervisor import cli, complete
from kubectl_kubervisor.errors import UsageError
from kubectl_kubervisor.flags import parse

MEANT = [
    pytest.param(["pods", "shop"], ("pods", "shop"), {}, id="words"),
    pytest.param(["-n", "web", "pods"], ("pods",), {"namespace": "web"}, id="a flag in front"),
    pytest.param(["pods", "-nweb"], ("pods",), {"namespace": "web"}, id="a value attached"),
    pytest.param(["pods", "-n=web"], ("pods",), {"namespace": "web"}, id="an equals sign"),
    pytest.param(["--namespace=web"], (), {"namespace": "web"}, id="the long form"),
    pytest.param(["--selector=a=b"], (), {"selector": "a=b"}, id="a value with an equals sign"),
    pytest.param(["-A", "-w"], (), {"all-namespaces": "true", "watch": "true"}, id="switches"),
    pytest.param(["--watch=false"], (), {"watch": "false"}, id="a switch turned off"),
    pytest.param(["--dry-run"], (), {"dry-run": "server"}, id="a value left out"),
    pytest.param(["--dry-run=client"], (), {"dry-run": "client"}, id="a value not left out"),
    pytest.param(["eject", "--", "-x"], ("eject", "-x"), {}, id="words after two dashes"),
    pytest.param(["-k", "shop"], (), {"ks": "shop"}, id="the original's flag"),
]


@pytest.mark.parametrize(("arguments", "words", "flags"), MEANT)
def test_it_reads(arguments: list[str], words: tuple[str, ...], flags: dict[str, str]) -> None:
    line = parse(arguments)
    assert (line.words, line.flags) == (words, flags)


MISTAKES = [
    pytest.param(["--nope"], "unknown flag: --nope", id="an unknown flag"),
    pytest.param(["-x"], "unknown flag: -x", id="an unknown letter"),
    pytest.param(["-Ax"], "unknown flag: -Ax", id="letters run together"),
    pytest.param(["-n"], "flag needs an argument: -n", id="a value forgotten"),
    pytest.param(["-A=perhaps"], "true or false", id="a switch with another value"),
    pytest.param(["dance"], 'unknown command "dance"', id="an unknown command"),
    pytest.param(["shop"], "`status shop`", id="a name where a command belongs"),
    pytest.param(["pods"], "pods needs a name", id="a name forgotten"),
    pytest.param(["pods", "a", "b"], "too many arguments", id="a name too many"),
    pytest.param(["explain", "a", "-A"], "unknown flag for explain", id="a flag of another"),
    pytest.param(["-A", "-n", "web"], "exclude each other", id="one and all namespaces"),
    pytest.param(["status", "a", "-k", "b"], "name one", id="two names"),
    pytest.param(["status", "a", "-A"], "one namespace", id="a name in all namespaces"),
    pytest.param(["status", "--timeout", "1s"], "needs --watch", id="a timeout for nothing"),
    pytest.param(["status", "-w", "-o", "json"], "tables", id="a watch of documents"),
    pytest.param(["pods", "a", "-w", "-o", "name"], "tables", id="a watch of names"),
    pytest.param(["status", "-w", "--timeout", "soon"], "invalid duration", id="no duration"),
    pytest.param(["status", "-o", "xml"], "unknown output", id="an unknown form"),
    pytest.param(["check", "-o", "yaml"], "table or json", id="a form that check has not"),
    pytest.param(["stop"], "write `stop --all`", id="stop without saying whom"),
    pytest.param(["pause", "a", "--dry-run=maybe"], "invalid --dry-run", id="no dry run"),
    pytest.param(["help", "dance"], "unknown command", id="help on an unknown command"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES)
def test_wrong_usage_ends_with_2_before_kubectl_is_called(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True), err
    assert err.startswith("error: ")
    assert err.endswith("See 'kubectl kubervisor help' for usage.\n")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_that_names_its_flags(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--help"]) == 0
    said = capsys.readouterr().out
    for flag in cli.COMMANDS[command].flags - {"all"}:
        assert f"--{flag}" in said
    assert all(len(line) <= 100 for line in said.splitlines())


def test_the_general_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(command in said for command in cli.COMMANDS)


def test_without_kubectl_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().err == (
        "error: cannot run kubectl: No such file or directory; is it on PATH?\n"
    )


OFFERED = [
    pytest.param([""], list(cli.COMMANDS), id="nothing yet: the commands"),
    pytest.param(["st"], ["status", "stop", "start"], id="the beginning of a command"),
    pytest.param(["status", "-o", "j"], ["json"], id="a form"),
    pytest.param(["pause", "x", "--dry-run", ""], ["server", "client", "none"], id="a dry run"),
    pytest.param(["status", "--no"], ["--no-headers"], id="a flag of the command"),
    pytest.param(["check", "x"], [], id="a word where none belongs"),
    pytest.param(["dance", "x"], [], id="a command that is none"),
    pytest.param(["help", "pa"], ["pause"], id="a command to have explained"),
]


@pytest.mark.parametrize(("typed", "offered"), OFFERED)
def test_the_shell_offers(typed: list[str], offered: list[str]) -> None:
    assert complete.choices(typed) == offered


def test_the_shell_is_not_troubled_by_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError):
        complete.choices(["--nope", "x"])
    assert cli.main(["__complete", "--nope", "x"]) == 0
    assert capsys.readouterr() == (":4\n", "")
