"""The history of all Services stays within its bytes, whoever comes, grows and goes."""

from __future__ import annotations

from math import nan

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.grid import Cell
from kubervisor.ui.history import MINUTES, MOST_BYTES, History
from kubervisor.ui.lately import Lately
from kubervisor.ui.ring import PodId
from kubervisor.ui.tally import Count, Tally

KEYS = [ServiceKey("shop", name) for name in ("cart", "mail", "search")]
CELL = Cell(1.0, nan, nan, 1, 1)


def put(history: History, key: ServiceKey, breaker: str, minute: int, pods: int) -> None:
    ids = [PodId(f"{key}-{number}", f"pod-{number}") for number in range(pods)]
    ring = history.ring(key, breaker)
    ring.put(minute, ids, [CELL] * pods, baseline=nan, threshold=nan)
    history.fit(key, breaker)


def rings_of(history: History) -> dict[tuple[ServiceKey, str], int]:
    return {
        (key, name): ring.nbytes
        for key in KEYS
        if (past := history.get(key)) is not None
        for name, ring in past.rings.items()
    }


def counted(history: History) -> int:
    tallies = [past.tally.nbytes for key in KEYS if (past := history.get(key)) is not None]
    return sum(tallies) + sum(rings_of(history).values())


acts = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "forget", "keep"]),
        st.sampled_from(KEYS),
        st.sampled_from(["errors", "latency"]),
        st.integers(0, 5),
        st.integers(0, 60),
    ),
    max_size=60,
)


@given(acts=acts, most=st.integers(4_000, 60_000))
def test_it_never_takes_more_than_it_may(
    acts: list[tuple[str, ServiceKey, str, int, int]], most: int
) -> None:
    history, minute = History(most_bytes=most), 1000
    for act, key, breaker, later, pods in acts:
        minute += later
        if act == "put":
            put(history, key, breaker, minute, pods)
        elif act == "forget":
            history.forget(key)
        else:
            history.keep(key, [breaker])
        assert history.nbytes == counted(history)
        assert history.nbytes <= most or not rings_of(history)


def test_a_huge_service_pays_for_itself_and_a_small_one_keeps_its_hour() -> None:
    history = History(most_bytes=100_000)
    small, huge = KEYS[0], KEYS[1]
    for minute in range(1, MINUTES + 1):
        put(history, small, "errors", minute, 5)
        put(history, huge, "errors", minute, 400)
    kept_small, kept_huge = history.get(small), history.get(huge)
    assert kept_small is not None
    assert kept_huge is not None
    assert kept_small.rings["errors"].minutes == MINUTES
    assert 1 <= kept_huge.rings["errors"].minutes < MINUTES
    assert kept_huge.rings["errors"].start + kept_huge.rings["errors"].minutes - 1 == MINUTES


def test_ten_thousand_pods_of_fifteen_hundred_services_keep_their_hour() -> None:
    tenth = History(most_bytes=MOST_BYTES // 10)
    keys = [ServiceKey("shop", f"s{number}") for number in range(150)]
    for minute in range(1, MINUTES + 1):
        for key in keys:
            put(tenth, key, "errors", minute, 7)
    for key in keys:
        past = tenth.get(key)
        assert past is not None
        assert past.rings["errors"].minutes == MINUTES


def test_breakers_that_are_gone_are_forgotten() -> None:
    history = History()
    put(history, KEYS[0], "errors", 1, 3)
    put(history, KEYS[0], "latency", 1, 3)
    history.keep(KEYS[0], ["latency"])
    assert [name for _, name in rings_of(history)] == ["latency"]


def test_a_tally_says_what_was_counted_and_none_for_minutes_between() -> None:
    tally = Tally(4)
    for minute, serving in ((10, 5), (11, 4), (13, 3)):
        tally.put(minute, Count(6, serving, 1, 0, 2, 70_000))
    assert list(tally.column("serving", 9, 6)) == [None, 5, 4, None, 3, None]
    assert list(tally.column("cap", 13, 1)) == [65_534]
    tally.put(12, Count(0, 0, 0, 0, 0, 0))
    assert list(tally.column("serving", 10, 4)) == [5, 4, None, 3]
    tally.put(20, Count(6, 1, 1, 0, 2, 6))
    assert list(tally.column("serving", 16, 5)) == [None, None, None, None, 1]
    tally.put(2, Count(6, 2, 1, 0, 2, 6))
    assert list(tally.column("serving", 2, 1)) == [2]


@given(
    added=st.lists(st.tuples(st.sampled_from(KEYS), st.text(max_size=30)), max_size=80),
    each=st.integers(1, 8),
    most=st.integers(30, 400),
)
def test_what_was_told_lately_is_the_newest_and_within_its_bytes(
    added: list[tuple[ServiceKey, str]], each: int, most: int
) -> None:
    lately: Lately[str] = Lately(len, each=each, most_bytes=most)
    for key, text in added:
        lately.add(key, text)
        assert lately.nbytes == sum(len(one) for name in KEYS for one in lately.of(name)) <= most
    for key in KEYS:
        told = [text for name, text in added if name == key]
        kept = lately.of(key)
        assert len(kept) <= each
        assert list(kept) == told[len(told) - len(kept) :]
    for key in KEYS:
        lately.forget(key)
    assert lately.nbytes == 0
