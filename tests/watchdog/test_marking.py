"""What is written on a pod, given what is on it and what its watchdogs say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.watchdog_notes import read_statuses, write_status
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import EXPIRY, PROBE, STATUS, Level
from kubervisor.watchdog.book import Word
from kubervisor.watchdog.marking import Mark, next_expiry, plan_mark

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z
BEFORE, LATER = "2023-11-14T22:13:19Z", "2023-11-14T22:13:21Z"
LONG_AGO = "2020-01-01T00:00:00"  # as AutoCrane writes it
INFO, WARNING, ERROR = Level.INFO, Level.WARNING, Level.ERROR


def pod(health: str | None = None, **notes: str) -> WatchedPod:
    """A pod with these annotations: `probe_disk`, `status_disk`, `expiry_disk`."""
    prefixes = {"probe": PROBE, "status": STATUS, "expiry": EXPIRY}
    annotations = {}
    for key, text in notes.items():
        kind, _, name = key.partition("_")
        annotations[f"{prefixes[kind]}{name}"] = text
    return WatchedPod(
        namespace="shop",
        name="cart-1",
        uid=PodUid("u1"),
        probes=tuple((k[6:], text) for k, text in notes.items() if k.startswith("probe_")),
        statuses=read_statuses(annotations),
        health=health,
    )


def word(level: Level, message: str = "") -> Word:
    return Word(level, NOW + 0.7, message, until=0.0)


def written(mark: Mark) -> dict[str, str]:
    return {status.name: write_status(status) for status in mark.statuses}


URL = "POD_IP:8080/watchdog"


def test_a_pod_that_never_failed_is_left_alone() -> None:
    assert not plan_mark(pod(probe_disk=URL), {"disk": word(INFO)}, NOW)
    assert not plan_mark(pod(probe_disk=URL), {}, NOW)


def test_a_first_failure_is_written_with_the_label() -> None:
    mark = plan_mark(pod(probe_disk=URL), {"disk": word(ERROR, "full")}, NOW)
    assert written(mark) == {"disk": "error/2023-11-14T22:13:20Z/full"}
    assert mark.health == "error"


def test_what_is_there_already_is_not_written_again() -> None:
    there = pod("error", probe_disk=URL, status_disk=f"error/{LONG_AGO}/another reason")
    assert not plan_mark(there, {"disk": word(ERROR, "full")}, NOW)


@pytest.mark.parametrize(
    ("stored", "said", "text", "health"),
    [
        ("error", INFO, "info/2023-11-14T22:13:20Z/error cleared", "info"),
        ("warning", INFO, "info/2023-11-14T22:13:20Z/warning cleared", "info"),
        ("warning", ERROR, "error/2023-11-14T22:13:20Z/why", "error"),
        ("info", ERROR, "error/2023-11-14T22:13:20Z/why", "error"),
        ("error", WARNING, "warning/2023-11-14T22:13:20Z/why", "warning"),
        ("loud", INFO, "info/2023-11-14T22:13:20Z/loud cleared", "info"),
    ],
)
def test_a_transition_is_written(stored: str, said: Level, text: str, health: str) -> None:
    there = pod(stored, probe_disk=URL, status_disk=f"{stored}/{LONG_AGO}/x")
    mark = plan_mark(there, {"disk": word(said, "why")}, NOW)
    assert written(mark) == {"disk": text}
    assert mark.health == health


def test_a_stale_error_stays_until_something_is_judged() -> None:
    assert not plan_mark(pod("error", probe_disk=URL, status_disk=f"error/{LONG_AGO}/x"), {}, NOW)


def test_the_label_is_the_worst_of_all() -> None:
    there = pod(
        "warning", probe_disk=URL, status_mood=f"warning/{LONG_AGO}/x", status_x=f"zzz/{LONG_AGO}/"
    )
    assert plan_mark(there, {"disk": word(INFO)}, NOW).health is None
    assert plan_mark(there, {"disk": word(ERROR)}, NOW).health == "error"


def test_a_wrong_label_is_set_right() -> None:
    assert plan_mark(pod("error", status_mood=f"info/{LONG_AGO}/x"), {}, NOW).health == "info"
    assert plan_mark(pod(None, status_mood=f"Error/{LONG_AGO}/x"), {}, NOW).health == "error"
    assert plan_mark(pod("error"), {}, NOW).health == "Unknown"


def test_a_posted_status_is_left_alone_until_it_expires() -> None:
    there = pod("error", status_mood=f"error/{LONG_AGO}/x", expiry_mood=LATER)
    assert not plan_mark(there, {}, NOW)
    assert next_expiry(there, NOW) == NOW + 1


def test_an_expired_status_goes_and_the_label_with_it() -> None:
    there = pod("error", status_mood=f"error/{LONG_AGO}/x", expiry_mood=BEFORE)
    assert plan_mark(there, {}, NOW) == Mark((), ("mood",), "Unknown")
    assert next_expiry(there, NOW) is None
    there = pod(
        "error",
        status_mood=f"error/{LONG_AGO}/x",
        expiry_mood=BEFORE,
        status_disk=f"warning/{LONG_AGO}/x",
    )
    assert plan_mark(there, {}, NOW) == Mark((), ("mood",), "warning")


def test_what_a_probe_says_does_not_expire_with_what_was_posted() -> None:
    for expiry in (BEFORE, LATER):
        there = pod("error", probe_disk=URL, status_disk=f"error/{LONG_AGO}/x", expiry_disk=expiry)
        mark = plan_mark(there, {"disk": word(ERROR, "full")}, NOW)
        assert written(mark) == {"disk": "error/2023-11-14T22:13:20Z/full"}
        assert mark.removed == ()


def test_a_watchdog_that_is_not_asked_for_any_more_is_not_written() -> None:
    assert not plan_mark(pod(probe_other=URL), {"disk": word(ERROR)}, NOW)


def marked(pod: WatchedPod, mark: Mark) -> WatchedPod:
    """The pod as it is once the mark was written."""
    kept = {one.name: one for one in pod.statuses if one.name not in mark.removed}
    kept |= {one.name: replace(one, is_probed=True) for one in mark.statuses}
    health = pod.health if mark.health is None else mark.health
    return replace(pod, statuses=tuple(kept.values()), health=health)


NAMES = st.sampled_from(["a", "b", "c"])
STORED = st.dictionaries(
    NAMES,
    st.tuples(
        st.sampled_from(["error", "Error", "warning", "info", "loud", "error/x", ""]),
        st.sampled_from([None, BEFORE, LATER, "soon"]),
    ),
)
WORDS = st.dictionaries(NAMES, st.sampled_from(list(Level)).map(word))


@given(STORED, WORDS, st.sets(NAMES), st.sampled_from([None, "error", "info", "Unknown", "x"]))
def test_what_was_written_is_not_written_again(
    stored: dict[str, tuple[str, str | None]],
    words: dict[str, Word],
    probes: set[str],
    health: str | None,
) -> None:
    notes = {f"status_{name}": f"{level}/{LONG_AGO}/x" for name, (level, _) in stored.items()}
    notes |= {f"expiry_{name}": expiry for name, (_, expiry) in stored.items() if expiry}
    there = pod(health, **notes, **{f"probe_{name}": URL for name in probes})
    after = marked(there, plan_mark(there, words, NOW))
    assert not plan_mark(after, words, NOW)
    # And it is true: each judged probe's status is what was judged, or well and never written.
    levels = {status.name: status.level.lower() for status in after.statuses}
    for name in probes & words.keys():
        assert levels.get(name, "info") == words[name].level
    assert all(status.counts(NOW) for status in after.statuses)
