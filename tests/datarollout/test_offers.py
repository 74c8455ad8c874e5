"""What is asked of the repository, how often, and what becomes of bad answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubervisor.datarollout.controller.offers import Offers
from kubervisor.errors import SourceAnswerUnusable, SourceRejected, SourceTimeout, SourceUnavailable
from kubervisor.runtime.clock import Clock
from kubervisor.sources import data_repository
from kubervisor.sources.data_repository import ManifestClient
from kubervisor.telemetry import logs
from tests.datarollout.shelf import Shelf
from tests.sources.servers import Exchange, hanging, response, serving

LOG = logs.get("test")


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as shelf:
        shelf.publish("prices", "one")
        yield shelf


class Ticking:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now)


def client(url: str, **more: Path) -> ManifestClient:
    return ManifestClient(url, timeout=5, **more)


def test_the_manifest_is_read_once_and_then_only_where_it_changed(shelf: Shelf) -> None:
    repository = client(shelf.url)
    assert repository.read() == shelf.manifest()
    assert repository.read() is None
    shelf.publish("prices", "two")
    assert repository.read() == shelf.manifest()
    assert shelf.unchanged == 1


def test_the_token_is_sent_and_read_again_when_it_changes(shelf: Shelf, tmp_path: Path) -> None:
    shelf.token, file = "secret-1", tmp_path / "token"
    file.write_text("secret-0\n")
    repository = client(shelf.url, token_file=file)
    with pytest.raises(SourceRejected) as refused:
        repository.read()
    assert "secret" not in str(refused.value)
    file.write_text("secret-1\n")
    assert repository.read()


@pytest.mark.parametrize("text", ["", "two words", "\u0661", "a\nb"])
def test_without_a_token_in_its_file_nobody_is_asked(
    shelf: Shelf, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(SourceUnavailable, match="no token"):
        client(shelf.url, token_file=file).read()
    assert not shelf.asked


def test_a_redirect_is_not_followed(shelf: Shelf) -> None:
    def redirect(exchange: Exchange) -> None:
        headers = f"Location: {shelf.url}/.manifest\r\n"
        exchange.send(response(status="302 Found", headers=headers))

    with serving(redirect) as server, pytest.raises(SourceAnswerUnusable, match="redirect"):
        client(f"http://{server.address}").read()
    assert not shelf.asked


def test_one_that_hangs_is_given_up() -> None:
    with serving(hanging) as server, pytest.raises(SourceTimeout):
        ManifestClient(f"http://{server.address}", timeout=0.2).read()


def test_one_that_is_not_there_is_unavailable(shelf: Shelf) -> None:
    url = shelf.url
    shelf.down = True
    with pytest.raises(SourceUnavailable, match="503"):
        client(url).read()
    with serving(hanging) as server:
        gone = server.address
    with pytest.raises(SourceUnavailable):
        client(f"http://{gone}").read()


def test_one_without_end_is_cut_off(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_repository, "MOST_BYTES", 2**20)
    shelf.body = b"x" * 2**21
    with pytest.raises(SourceAnswerUnusable, match="more than"):
        client(shelf.url).read()


def offering(shelf: Shelf, time: Ticking | None = None) -> Offers:
    clock = (time or Ticking()).clock()
    return Offers(client(shelf.url), period=15, patience=0, clock=clock, log=LOG)


def test_it_is_asked_once_a_period_however_often_it_is_looked_at(shelf: Shelf) -> None:
    offers, changes = offering(shelf), list[str]()
    offers.changed = lambda: changes.append("changed")
    assert offers.step() == 15
    for _ in range(5):
        assert len(offers.look().of("prices") or ()) == 1
    assert shelf.asked == 1
    offers.step()
    assert len(changes) == 1
    shelf.publish("prices", "two")
    offers.step()
    assert len(changes) == 2
    assert len(offers.look().of("prices") or ()) == 2
    assert offers.look().of("rates") == ()


def test_who_looks_before_the_first_answer_waits_for_it_and_not_for_ever(shelf: Shelf) -> None:
    assert "not answered yet" in offering(shelf).look().problem
    patient = Offers(client(shelf.url), period=15, patience=60, clock=Clock(), log=LOG)
    asking = threading.Thread(target=patient.step)
    asking.start()
    assert patient.look().of("prices")
    asking.join()


def test_what_cannot_be_read_is_a_problem_until_it_can(shelf: Shelf) -> None:
    time = Ticking()
    offers = offering(shelf, time)
    shelf.body = b'{"Sources": 7}'
    offers.step()
    assert "no manifest" in offers.look().problem
    assert offers.look().of("prices") is None
    shelf.body = None
    offers.step()
    assert not offers.look().problem
    assert offers.age() == 0
    time.now += 7
    assert offers.age() == 7


def test_after_a_failure_the_versions_of_before_are_not_offered(shelf: Shelf) -> None:
    offers = offering(shelf)
    offers.step()
    assert offers.look().of("prices")
    shelf.down = True
    offers.step()
    assert offers.look().of("prices") is None
    shelf.down = False
    offers.step()
    assert offers.look().of("prices")
