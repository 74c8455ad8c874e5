from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import page
from benchmarks.figures import Figure


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _instead(monkeypatch: pytest.MonkeyPatch, measured: float) -> list[bool]:
    """Two benchmarks of one figure each; returns with what `quick` they were run."""
    ran: list[bool] = []

    def run(*, quick: bool) -> list[Figure]:
        ran.append(quick)
        return [Figure("answer", measured, "s", target=1.0)]

    monkeypatch.setattr(program, "BENCHMARKS", {"one": run, "two": run})
    return ran


@pytest.mark.parametrize(
    ("argv", "ran"),
    [
        pytest.param([], [False, False], id="no name runs all"),
        pytest.param(["two"], [False], id="a name runs that one"),
        pytest.param(["--quick"], [True, True], id="quick is passed on"),
    ],
)
def test_the_command_line_chooses(
    argv: list[str], ran: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = _instead(monkeypatch, 0.5)
    assert program.main(argv) == 0
    assert told == ran


def test_a_missed_target_is_printed_and_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _instead(monkeypatch, 1.5)
    assert program.main(["one"]) == 1
    assert "MISSED targets: 1" in capsys.readouterr().out
    assert Path("build/bench.json").exists()


def test_a_benchmark_that_breaks_off_is_missed_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*, quick: bool) -> list[Figure]:
        raise TimeoutError(f"the pod stayed, quick or not: {quick}")

    _instead(monkeypatch, 0.5)
    monkeypatch.setitem(program.BENCHMARKS, "one", fails)
    assert program.main([]) == 1
    printed = capsys.readouterr().out
    assert "one: broke off, TimeoutError: the pod stayed" in printed
    assert "answer" in printed


def test_an_interruption_prints_what_was_measured_before_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*, quick: bool) -> list[Figure]:
        raise KeyboardInterrupt(quick)

    _instead(monkeypatch, 0.5)
    monkeypatch.setitem(program.BENCHMARKS, "two", interrupted)
    with pytest.raises(KeyboardInterrupt):
        program.main([])
    assert "answer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "written"),
    [
        pytest.param([], True, id="a whole run of all that it shows"),
        pytest.param(["scale"], False, id="but not a part of it"),
        pytest.param(["--quick"], False, id="nor a quick one"),
    ],
)
def test_the_page_is_written_by(
    argv: list[str], written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*, quick: bool) -> list[Figure]:
        return [Figure("answer", float(quick), "s")]

    told: list[object] = []
    monkeypatch.setattr(program, "BENCHMARKS", {"crowd": run, "scale": run})
    monkeypatch.setattr(page, "write", told.append)
    program.main(argv)
    assert bool(told) is written


def test_an_unknown_name_is_bad_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _instead(monkeypatch, 0.5)
    with pytest.raises(SystemExit) as ended:
        program.main(["three"])
    assert ended.value.code == 2
    assert "there are one, two" in capsys.readouterr().err
