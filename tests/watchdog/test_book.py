"""What an eviction may rest on."""

from __future__ import annotations

from dataclasses import replace

from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.book import Book, Word

ONE, OTHER = PodUid("u1"), PodUid("u2")


def word(level: Level = Level.ERROR, *, until: float = 100.0, probed: bool = True) -> Word:
    return Word(level, 0.0, "", until, probed)


def test_failing_are_the_pods_with_a_watchdog_in_error() -> None:
    book = Book()
    book.note(ONE, "b", word())
    book.note(ONE, "a", word())
    book.note(ONE, "c", word(Level.WARNING))
    book.note(OTHER, "a", word(Level.INFO))
    assert book.failing(99) == {ONE: ("a", "b")}


def test_a_word_that_was_not_confirmed_in_time_is_none() -> None:
    book = Book()
    book.note(ONE, "a", word(until=100))
    assert book.failing(99.9)
    assert not book.failing(100)


def test_a_probe_that_cannot_be_made_evicts_nobody() -> None:
    book = Book()
    book.note(ONE, "a", word(probed=False))
    assert not book.failing(0)
    assert book.of(ONE)["a"].level is Level.ERROR


def test_what_is_forgotten_is_not_known() -> None:
    book = Book()
    for name in ("a", "b"):
        book.note(ONE, name, word())
    book.forget(ONE, "a")
    assert book.of(ONE).keys() == {"b"}
    book.forget(ONE, "b")
    book.forget(ONE, "b")
    assert not book.of(ONE)
    book.note(ONE, "a", word())
    book.forget(ONE)
    assert not book.failing(0)


def test_an_answer_is_not_changed_by_what_is_noted_later() -> None:
    book = Book()
    book.note(ONE, "a", word())
    before = book.of(ONE)
    book.note(ONE, "b", word())
    assert before.keys() == {"a"}


def test_silence_of_most_pods_evicts_nobody() -> None:
    book = Book()
    for number in range(10):
        said = replace(word(), silent=number < 5)
        book.note(PodUid(f"u{number}"), "a", said)
    assert not book.is_cut_off()
    assert len(book.failing(0)) == 10
    book.note(PodUid("u5"), "a", replace(word(), silent=True))
    assert book.is_cut_off()
    assert set(book.failing(0)) == {"u6", "u7", "u8", "u9"}


def test_of_a_few_pods_all_may_be_silent() -> None:
    book = Book()
    for number in range(9):
        book.note(PodUid(f"u{number}"), "a", replace(word(), silent=True))
    assert len(book.failing(0)) == 9
