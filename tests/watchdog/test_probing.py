"""How many answers in a row make a level, and when the next probe is."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.probes import Tuning
from kubervisor.watchdog.probing import JITTER, LONGEST_REST, Heard, Judgement, hear, judge, rest

INFO, WARNING, ERROR = Level.INFO, Level.WARNING, Level.ERROR
LEVELS = {"i": INFO, "w": WARNING, "e": ERROR}
GRAVITY = {INFO: 0, WARNING: 1, ERROR: 2}


def after(answers: str, *, failures: int = 1, successes: int = 1, ready: bool = True) -> Judgement:
    """What is known after these answers; `.` is none at all."""
    tuning, known = Tuning(failures=failures, successes=successes), Judgement()
    for number, answer in enumerate(answers):
        heard = Heard(LEVELS.get(answer, ERROR), f"{answer}{number}", answer != ".")
        known = judge(known, heard, tuning, ready=ready)
    return known


@pytest.mark.parametrize(
    ("answers", "failures", "successes", "level"),
    [
        ("", 1, 1, None),
        # AutoCrane's: each answer is believed at once.
        ("i", 1, 1, INFO),
        ("e", 1, 1, ERROR),
        (".", 1, 1, ERROR),
        ("w", 1, 1, WARNING),
        ("ei", 1, 1, INFO),
        ("iei", 1, 1, INFO),
        ("ee", 1, 1, ERROR),
        # Three failures in a row, two successes in a row.
        ("e", 3, 2, None),
        ("ee", 3, 2, None),
        ("eee", 3, 2, ERROR),
        ("e.e", 3, 2, ERROR),
        ("i", 3, 2, None),
        ("ii", 3, 2, INFO),
        ("iieei", 3, 2, INFO),
        ("iieeieei", 3, 2, INFO),
        ("iieee", 3, 2, ERROR),
        ("iieeei", 3, 2, ERROR),
        ("iieeeiei", 3, 2, ERROR),
        ("iieeeii", 3, 2, INFO),
        # A warning is not well and no error: the nearest that all of a run are.
        ("iiwww", 3, 2, WARNING),
        ("iiwew", 3, 2, WARNING),
        ("iieew", 3, 2, WARNING),
        ("iieeeww", 3, 2, WARNING),
        ("iieeeiw", 3, 2, WARNING),
        ("iieeewi", 3, 2, WARNING),
        ("iiwwweee", 3, 2, ERROR),
        ("iiwwwee", 3, 2, WARNING),
        ("iiwwwii", 3, 2, INFO),
        ("iiwwwewe", 3, 2, WARNING),
        ("iiweee", 3, 2, ERROR),
        ("iieeewii", 3, 2, INFO),
    ],
)
def test_levels(answers: str, failures: int, successes: int, level: Level | None) -> None:
    assert after(answers, failures=failures, successes=successes).level is level


def test_the_message_is_of_the_answer_that_decided() -> None:
    assert after("iie").message == "e2"
    assert after("iieee").message == "e2"
    assert after("iieew", failures=3).message == "w4"
    assert after("iiwee", failures=3).message == "w2"


@pytest.mark.parametrize(("answers", "level"), [(".", None), ("...", None), ("e", ERROR)])
def test_a_pod_that_is_not_ready_is_heard_but_its_silence_is_not(
    answers: str, level: Level | None
) -> None:
    assert after(answers, ready=False).level is level


def test_silence_of_a_pod_that_is_not_ready_neither_sets_nor_clears_an_error() -> None:
    tuning, silence = Tuning(), Heard(ERROR, "", answered=False)
    for before in ("e", "i"):
        known = after(before)
        assert judge(known, silence, tuning, ready=False).level is known.level


def test_a_pod_that_is_not_ready_can_clear_its_error() -> None:
    known = judge(after("e"), Heard(INFO, ""), Tuning(), ready=False)
    assert known.level is INFO


ANSWERS = st.text(st.sampled_from("iwe."), max_size=60)
IN_A_ROW = st.integers(1, 5)


@given(ANSWERS, IN_A_ROW, IN_A_ROW)
def test_a_change_is_backed_by_as_many_answers_in_a_row(
    answers: str, failures: int, successes: int
) -> None:
    levels = [LEVELS.get(answer, ERROR) for answer in answers]
    known, tuning = Judgement(), Tuning(failures=failures, successes=successes)
    for number, level in enumerate(levels, start=1):
        before, known = known.level, judge(known, Heard(level, ""), tuning, ready=True)
        if known.level is before:
            continue
        assert known.level is not None
        graver = (
            known.level is not INFO if before is None else GRAVITY[known.level] > GRAVITY[before]
        )
        run = levels[:number][-(failures if graver else successes) :]
        assert len(run) == (failures if graver else successes)
        if graver:
            assert all(GRAVITY[one] >= GRAVITY[known.level] for one in run)
        else:
            assert all(GRAVITY[one] <= GRAVITY[known.level] for one in run)
        assert known.level in run


@given(ANSWERS, IN_A_ROW, IN_A_ROW, st.sampled_from("iwe"))
def test_whatever_was_before_as_many_equal_answers_settle_it(
    answers: str, failures: int, successes: int, last: str
) -> None:
    known = after(answers + last * max(failures, successes), failures=failures, successes=successes)
    assert known.level is LEVELS[last]


@given(ANSWERS.filter(bool))
def test_with_one_in_a_row_the_level_is_that_of_the_last_answer(answers: str) -> None:
    assert after(answers).level is LEVELS.get(answers[-1], ERROR)


@given(ANSWERS, IN_A_ROW, IN_A_ROW)
def test_runs_shorter_than_asked_for_change_nothing(
    answers: str, failures: int, successes: int
) -> None:
    """Cut to runs of well and not well that are too short, the answers leave a pod where it is."""
    short = ""
    for bad, run in groupby(answers, lambda answer: answer != "i"):
        short += "".join(run)[: (failures if bad else successes) - 1]
        if bad:
            short += "i"  # one that ends the run
    settled = after("i" * successes + short, failures=failures, successes=successes)
    assert settled.level is INFO


def test_a_silent_pod_in_error_is_asked_less_and_less_often() -> None:
    waits = [rest(after("." * silent), Tuning(), draw=0.5) for silent in range(1, 7)]
    assert waits == [30, 60, LONGEST_REST, LONGEST_REST, LONGEST_REST, LONGEST_REST]
    assert rest(after("......i"), Tuning(), draw=0.5) == 30
    assert rest(after("......e"), Tuning(), draw=0.5) == 30


def test_one_that_is_not_in_error_yet_is_not_left_alone() -> None:
    assert rest(after("..", failures=3), Tuning(), draw=0.5) == 30


def test_a_long_period_is_never_longer_for_silence() -> None:
    assert rest(after("." * 9), Tuning(period=600), draw=0.5) == 600


@given(st.floats(0, 1), ANSWERS)
def test_waits_are_drawn_around_the_period(draw: float, answers: str) -> None:
    wait = rest(after(answers), Tuning(period=10), draw=draw)
    assert 10 * (1 - JITTER) <= wait <= LONGEST_REST * (1 + JITTER)


@pytest.mark.parametrize(
    ("status", "level", "message", "heard"),
    [
        (200, "", "", Heard(INFO, "")),
        (204, "", "", Heard(INFO, "")),
        (299, "", "", Heard(INFO, "")),
        (200, "warning", "", Heard(WARNING, "it answered with a warning")),
        (200, " Warning ", "disk at 91 %", Heard(WARNING, "disk at 91 %")),
        (200, "error", "", Heard(INFO, "")),
        (200, "loud", "", Heard(INFO, "")),
        (500, "", "", Heard(ERROR, "it answered 500 Internal Server Error")),
        (500, "", "cannot refresh", Heard(ERROR, "cannot refresh")),
        (500, "warning", "", Heard(ERROR, "it answered 500 Internal Server Error")),
        (404, "", "", Heard(ERROR, "it answered 404 Not Found")),
        (302, "", "", Heard(ERROR, "it answered 302 Found: redirects are not followed")),
        (799, "", "", Heard(ERROR, "it answered 799")),
    ],
)
def test_what_an_answer_says(status: int, level: str, message: str, heard: Heard) -> None:
    assert hear(status, level, message) == heard
