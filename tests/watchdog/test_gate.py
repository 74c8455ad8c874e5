"""When a gate lets a pod be Ready: AutoCrane's table, and what it left open or got wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.watchdogs import WatchdogStatus
from kubervisor.watchdog.gate import KEPT_SECONDS, Gate, Rule, failing_names

DECADE = 10 * 365 * 86_400.0


def gate(min_ready: float = 0.0, always: float | None = None) -> Gate:
    return Gate(Rule(min_ready, always), started=0.0)


def healthy(gate: Gate, now: float) -> bool:
    return gate.answer(now).healthy


def test_autocranes_table() -> None:
    """Its own values: 20 s, a look at 100 s, asked at 100 s, 122 s and ten years later."""
    own, other = gate(20), gate(20)
    assert not healthy(own, 100)

    own = own.seen([], 100)
    assert not healthy(own, 100)
    assert healthy(own, 122)
    assert healthy(own, 122 + DECADE)

    own = own.seen(["disk"], 122 + DECADE)
    assert not healthy(own, 122 + DECADE)
    assert not healthy(own, 122 + 2 * DECADE)
    assert not any(healthy(other, now) for now in (0, 100, 122, 122 + DECADE))


@pytest.mark.parametrize(("now", "so"), [(119.9, False), (120, False), (120.1, True)])
def test_the_least_time_must_be_exceeded(now: float, so: bool) -> None:
    assert healthy(gate(20).seen([], 100), now) is so


def test_without_a_least_time_the_second_look_is_healthy() -> None:
    seen = gate().seen([], 100)
    assert not healthy(seen, 100)
    assert healthy(seen, 100.1)


def test_later_looks_without_errors_do_not_begin_anew() -> None:
    seen = gate(20).seen([], 100).seen([], 110).seen([], 119)
    assert healthy(seen, 120.1)


def test_an_error_begins_the_time_anew() -> None:
    seen = gate(20).seen([], 0).seen(["disk"], 50).seen([], 52)
    assert not healthy(seen, 72)
    assert healthy(seen, 72.1)


def test_one_that_was_never_read_is_not_healthy_and_says_why() -> None:
    assert gate().answer(DECADE).why == "the pod has not been read yet"
    unread = gate().unread("a right is missing", 1)
    assert (healthy(unread, DECADE), unread.answer(1).why) == (False, "a right is missing")


@pytest.mark.parametrize("errors", [[], ["disk"]], ids=["no error", "in error"])
def test_always_healthy_after_its_time_whatever_is_seen(errors: list[str]) -> None:
    """AutoCrane's defect: it went on and answered by the state after all."""
    seen = gate(1e9, always=600).seen(errors, 0)
    assert not healthy(seen, 600)
    assert healthy(seen, 600.1)
    assert healthy(seen.unread("no answer", 601), DECADE)
    assert healthy(gate(always=600), 600.1)


def test_a_pod_that_cannot_be_read_stays_as_it_was_for_a_time() -> None:
    seen = gate(20).seen([], 0)
    blind = seen.unread("no answer", 100).unread("no answer", 130)
    assert healthy(blind, 100 + KEPT_SECONDS)
    assert not healthy(blind, 100 + KEPT_SECONDS + 0.1)
    assert blind.answer(200).why == "no answer"


def test_a_pod_in_error_says_so_for_the_same_time() -> None:
    blind = gate().seen(["disk"], 0).unread("no answer", 1)
    assert blind.answer(1 + KEPT_SECONDS).why == "in error: disk"
    assert blind.answer(2 + KEPT_SECONDS).why == "no answer"


def test_no_pod_becomes_healthy_while_it_cannot_be_read() -> None:
    blind = gate(20).seen([], 0).unread("no answer", 10)
    assert not healthy(blind, 10 + KEPT_SECONDS)


def test_a_short_gap_is_no_part_of_the_time_without_errors() -> None:
    seen = gate(20).seen([], 0).unread("no answer", 10).seen([], 40)
    assert not healthy(seen, 50)
    assert healthy(seen, 50.1)


def test_after_a_long_gap_the_time_begins_anew() -> None:
    seen = gate(20).seen([], 0).unread("no answer", 100).seen([], 200)
    assert not healthy(seen, 220)
    assert healthy(seen, 220.1)


def test_a_pod_that_is_gone_is_not_healthy() -> None:
    gone = gate().seen([], 0).lost("there is none")
    assert (healthy(gone, 1), gone.answer(1).why) == (False, "there is none")


def test_an_answer_names_a_few_of_many_watchdogs() -> None:
    many = [f"w{number}" for number in range(8)]
    assert gate().seen(many, 0).answer(1).why == "in error: w0, w1, w2, w3, w4 and 3 more"


def test_only_errors_that_have_not_expired_count() -> None:
    said = [
        WatchdogStatus("a", "Error"),
        WatchdogStatus("b", "warning"),
        WatchdogStatus("c", "errors"),
        WatchdogStatus("d", "error", expires=10),
        WatchdogStatus("e", "info"),
    ]
    assert failing_names(said, 9.9) == ("a", "d")
    assert failing_names(said, 10) == ("a",)


LOOKS = st.lists(
    st.tuples(st.floats(0.1, 40), st.sampled_from(["clear", "error", "unread"])), max_size=30
)


@given(LOOKS, st.floats(0, 60), st.floats(0, KEPT_SECONDS))
def test_healthy_means_seen_without_errors_for_longer_than_the_least_time(
    looks: list[tuple[float, str]], least: float, later: float
) -> None:
    """Whatever was seen: the time that counts is at most that since the last error."""
    now, clear_since, read_at = 0.0, None, None
    gate_now = gate(least)
    for pause, kind in looks:
        now += pause
        if kind == "unread":
            gate_now = gate_now.unread("no answer", now)
            continue
        gate_now = gate_now.seen(["disk"] if kind == "error" else [], now)
        read_at = now
        clear_since = None if kind == "error" else (now if clear_since is None else clear_since)
    asked = now + later
    if healthy(gate_now, asked):
        assert clear_since is not None
        assert read_at is not None
        assert asked - clear_since > least
        assert gate_now.unread_since is None or asked - gate_now.unread_since <= KEPT_SECONDS
