"""What is printed: ages, tables, and nothing that a terminal would obey."""

from __future__ import annotations

import doctest
import importlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_kubervisor import errors, instants, table, text, words
from kubervisor.api import crd
from kubervisor.kube import stopping
from kubervisor.settings import Settings
from kubervisor.text import printable
from kubervisor.traffic import keys, watchdogs
from kubervisor.traffic.reasons import Reason

MODULES = ("flags", "instants", "table", "text", "watchdogs")


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"kubectl_kubervisor.{module}"))
    assert (failed, tried > 0) == (0, True)


AGES = [
    (-5, "0s"),
    (0, "0s"),
    (119, "119s"),
    (120, "2m"),
    (599, "9m59s"),
    (600, "10m"),
    (179 * 60, "179m"),
    (3 * 3600 + 60, "3h1m"),
    (8 * 3600, "8h"),
    (47 * 3600, "47h"),
    (50 * 3600, "2d2h"),
    (8 * 86400, "8d"),
    (800 * 86400, "2y"),
]


@pytest.mark.parametrize(("seconds", "shown"), AGES)
def test_ages_are_those_of_kubectl(seconds: float, shown: str) -> None:
    assert instants.age(seconds) == shown


@pytest.mark.parametrize("unreadable", [None, 5, "", "soon", "2026-11-21", "2026-13-01T00:00:00Z"])
def test_an_unreadable_instant_has_an_unknown_age(unreadable: object) -> None:
    assert instants.since(unreadable, 0.0) == "<unknown>"


@pytest.mark.parametrize("wrong", ["", "m", "5x", "-5s", "5 s", "1h-30m"])
def test_a_duration_that_is_none_is_a_mistake(wrong: str) -> None:
    with pytest.raises(errors.UsageError, match="invalid duration"):
        instants.seconds(wrong)


@given(st.text())
def test_cells_neither_break_lines_nor_move_the_cursor(cell: str) -> None:
    rendered = table.render(["A", "B"], [[cell, "x"]])
    assert rendered.count("\n") == 1
    assert text.printable(rendered.replace("\n", "")) == rendered.replace("\n", "")
    assert printable(text.printable(cell)) == text.printable(cell)


@given(st.text())
def test_json_means_the_same_after_its_controls_are_escaped(value: str) -> None:
    document = json.dumps({"a": value}, ensure_ascii=False)
    shown = text.printable_document(document)
    assert json.loads(shown) == {"a": value}
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_colour_is_for_whole_cells_and_only_where_asked() -> None:
    plain = table.render(["A"], [["True"], ["Trueish"]])
    assert "\x1b" not in plain
    shown = table.render(["A"], [["True"], ["Trueish"]], colour=True).splitlines()
    assert shown[1] == "\x1b[32mTrue\x1b[0m"
    assert shown[2] == "Trueish"


TERMINALS = [
    pytest.param(True, {"TERM": "xterm"}, True, id="a terminal"),
    pytest.param(False, {"TERM": "xterm"}, False, id="a pipe"),
    pytest.param(True, {"TERM": "xterm", "NO_COLOR": "1"}, False, id="who wants none"),
    pytest.param(True, {"TERM": "dumb"}, False, id="a terminal without colours"),
    pytest.param(True, {}, False, id="a terminal that does not say what it is"),
]


@pytest.mark.parametrize(("is_terminal", "env", "wanted"), TERMINALS)
def test_colour_is_for(
    is_terminal: bool, env: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    assert text.wants_colour() is wanted


def test_the_words_are_the_controllers() -> None:
    for name in ("TRAFFIC", "NAME", "STRATEGY", "EJECTION_ID", "EJECTED_AT", "EJECTED_UNTIL"):
        assert getattr(words, name) == getattr(keys, name)
    for name in ("REASON", "EVIDENCE", "RETRY_COUNT", "RETURNED_AT", "EJECT_REQUEST", "PAUSE"):
        assert getattr(words, name) == getattr(keys, name)
    for name in ("PROBE", "STATUS", "EXPIRY"):
        assert getattr(words, f"WATCHDOG_{name}") == getattr(watchdogs, name)
    assert words.HEALTH == watchdogs.HEALTH
    assert words.REQUESTED == Reason.REQUESTED
    assert words.STOPPED == stopping.STOPPED
    assert Settings.lease_prefix == words.LEASE_PREFIX
    assert words.CRD == crd.CRD_NAME
    assert words.SCHEMA_VERSION_KEY == crd.SCHEMA_VERSION_ANNOTATION
    assert words.SCHEMA_VERSION == crd.SCHEMA_VERSION
