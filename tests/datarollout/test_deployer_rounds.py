"""Rounds: what is due, in which order, what is said of it, and when it is tried again."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kubervisor.datarollout.deployer.download import Downloader
from kubervisor.datarollout.deployer.folder import DataFolder
from kubervisor.datarollout.deployer.limits import Limits
from kubervisor.datarollout.deployer.notify import Notify
from kubervisor.datarollout.deployer.pages import LONGEST_SECONDS, Watchdog
from kubervisor.datarollout.deployer.problems import NotificationFailed
from kubervisor.datarollout.deployer.rounds import CHECK_SECONDS, FORBEARANCE, Rounds
from kubervisor.datarollout.deployer.site import Site
from kubervisor.datarollout.deployer.statuses import Statuses
from kubervisor.datarollout.needs import REQUEST, STATUS, STORE_DATA, STORE_LOCATION, read_needs
from kubervisor.datarollout.versions import (
    Deployed,
    Progress,
    Request,
    Version,
    read_deployed,
    write_request,
)
from kubervisor.errors import ApiUnavailable
from kubervisor.kube.own_pod import OwnPod, OwnPodWatch
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs
from kubervisor.telemetry.deployer_metrics import DeployerMetrics
from tests.datarollout.deploying import Asked, Repository, file, packed, repository


class Notes:
    """The pod's annotations as the API server keeps them; `broken` refuses to write."""

    namespace = "shop"

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.writes: list[tuple[str, str]] = []
        self.broken = False

    def request(self, _method: str, _path: str, **asked: Any) -> bytes:
        if self.broken:
            raise ApiUnavailable("no answer")
        ((key, text),) = asked["body"]["metadata"]["annotations"].items()
        self.stored[key] = text
        self.writes.append((key.removeprefix(STATUS), json.loads(text)["State"]))
        return b""

    def stream(self, *_: Any, **__: Any) -> Iterable[bytes]:
        raise NotImplementedError


class Beside:
    """A deployer on a clock of the test's."""

    def __init__(self, remote: Repository, location: Path) -> None:
        self.remote, self.location, self.notes = remote, location, Notes()
        self.now = 1000.0
        self.notify: Notify | None = None
        self.newest: Callable[[], OwnPod | None] = lambda: None
        self.start()

    def start(self) -> None:
        """As a process that has just begun."""
        self.clock = Clock(lambda: 1.7e9 + self.now, lambda: self.now)
        log = logs.get("test")
        self.site = Site(
            repository=self.remote.url,
            read_token=str,
            location="",
            limits=Limits(),
            downloader=Downloader(most_bytes=1 << 22, stall_seconds=1.0),
            notify=lambda name, version: self.notify(name, version) if self.notify else None,
        )
        statuses = Statuses(self.notes, clock=self.clock, log=log)
        self.rounds = Rounds(
            self.site,
            statuses,
            self._newest,
            clock=self.clock,
            metrics=DeployerMetrics(),
            log=log,
        )

    def _newest(self) -> OwnPod | None:
        return self.newest()

    def publish(self, text: str, source: str = "a") -> Version:
        return self.remote.publish(source, packed(file("text", text.encode())))

    def ask(self, **asked: Version) -> None:
        self.notes.stored[STORE_DATA] = ",".join(asked)
        self.notes.stored[STORE_LOCATION] = str(self.location)
        for name, version in asked.items():
            self.notes.stored[f"{REQUEST}{name}"] = write_request(Request(version, 1.7e9))

    def pod(self) -> OwnPod:
        return OwnPod("shop", "cart-1", "u1", dict(self.notes.stored))

    def round(self, after: float = 0.0) -> float:
        """The next one, so many seconds later."""
        self.now += after
        pod = self.pod()
        return self.rounds.run(pod, read_needs(pod.annotations))

    def deploy(self, **asked: Version) -> float:
        self.ask(**asked)
        return self.round()

    def said(self, name: str = "a") -> Deployed:
        found = read_deployed(self.notes.stored.get(f"{STATUS}{name}"))
        assert found is not None
        return found

    def text(self, name: str = "a") -> str:
        path = self.location / name / "text"
        return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def served() -> Iterator[Repository]:
    with repository() as running:
        yield running


@pytest.fixture
def beside(served: Repository, tmp_path: Path) -> Beside:
    served.script, served.asked[:] = lambda _: False, []
    return Beside(served, tmp_path)


def down(asked: Asked) -> bool:
    return asked.answer(503)


def test_what_is_asked_for_is_brought_and_told_once(beside: Beside) -> None:
    one = beside.publish("one")
    beside.deploy(a=one)
    assert beside.text() == "one"
    assert beside.notes.writes == [("a", "fetching"), ("a", "ready")]
    assert beside.rounds.is_complete
    for _ in range(5):
        assert beside.round(CHECK_SECONDS / 4) <= CHECK_SECONDS
    beside.start()
    beside.round()
    assert len(beside.notes.writes) == 2
    assert len(beside.remote.asked) == 1


def test_the_same_bytes_under_another_path_are_told_and_not_brought(beside: Beside) -> None:
    one = beside.publish("one")
    beside.deploy(a=one)
    again = Version("66-again.tar.zst", one.sha256)
    beside.deploy(a=again)
    assert beside.said().version.path == "66-again.tar.zst"
    assert beside.said().progress is Progress.READY
    assert len(beside.remote.asked) == 1


def test_the_way_back_does_not_wait_for_a_download(beside: Beside) -> None:
    b1, b2 = beside.publish("b1", "b"), beside.publish("b2", "b")
    a1 = beside.publish("a1")
    beside.deploy(b=b1)
    beside.deploy(b=b2)
    seen: list[str] = []

    def look(_: Asked) -> bool:
        seen.append(beside.text("b"))
        return False

    beside.remote.script = look
    beside.deploy(a=a1, b=b1)
    assert seen == ["b1"]


def test_a_download_ends_where_something_else_is_asked_for(beside: Beside) -> None:
    one = beside.publish("one")
    beside.deploy(a=one)
    two = beside.publish("two")
    beside.ask(a=two)
    asked_two = beside.pod()
    beside.ask(a=one)
    beside.newest = beside.pod
    needs = read_needs(asked_two.annotations)
    assert beside.rounds.run(asked_two, needs) <= 0  # the next round is due at once
    assert beside.text() == "one"
    beside.round()
    assert (beside.said().progress, beside.said().version.is_same(one)) == (Progress.READY, True)


def test_a_change_of_other_annotations_ends_no_download(beside: Beside) -> None:
    one = beside.publish("one")
    beside.ask(a=one)
    beside.newest = lambda: OwnPod("shop", "cart-1", "u1", {**beside.notes.stored, "other": "x"})
    beside.round()
    assert beside.text() == "one"


def test_a_repository_that_is_down_for_a_moment_is_no_failure(beside: Beside) -> None:
    one = beside.publish("one")
    beside.remote.script = down
    beside.deploy(a=one)
    beside.round(FORBEARANCE / 2)
    assert beside.notes.writes == [("a", "fetching")]
    assert beside.rounds.failures() == {}
    beside.remote.script = lambda _: False
    beside.round(60)
    assert beside.said().progress is Progress.READY


def test_a_repository_that_stays_down_is_one(beside: Beside) -> None:
    one = beside.publish("one")
    beside.remote.script = down
    beside.deploy(a=one)
    for _ in range(10):
        beside.round(FORBEARANCE / 2)
    assert beside.notes.writes == [("a", "fetching"), ("a", "failed")]
    assert "HTTP 503" in beside.said().message
    assert "HTTP 503" in beside.rounds.failures()["a"]
    beside.start()
    beside.round(400)
    assert len(beside.notes.writes) == 2  # each try would else be two writes
    beside.remote.script = lambda _: False
    beside.round(400)
    assert beside.notes.writes[2:] == [("a", "ready")]


def test_tries_become_rarer_and_another_request_is_tried_at_once(beside: Beside) -> None:
    bad = beside.publish("bad")
    beside.remote.script = down
    waits = [beside.deploy(a=bad)]
    for _ in range(12):
        waits.append(beside.round(waits[-1] + 0.001))
    assert 0 < waits[0] <= 1
    assert max(waits) <= 300
    assert waits[-1] >= 100
    tries = len(beside.remote.asked)
    beside.round(1)
    assert len(beside.remote.asked) == tries
    beside.remote.script = lambda _: False
    beside.deploy(a=beside.publish("good"))
    assert beside.text() == "good"


def test_a_source_that_fails_stops_no_other(beside: Beside) -> None:
    good = beside.publish("good", "b")
    beside.deploy(a=Version("5f-missing.tar.zst", "0" * 64), b=good)
    assert (beside.said("a").progress, beside.said("b").progress) == (
        Progress.FAILED,
        Progress.READY,
    )
    assert "has no a/5f-missing.tar.zst" in beside.said("a").message
    assert list(beside.rounds.problems()) == ["a"]


def test_what_nobody_foresaw_stops_no_other(beside: Beside) -> None:
    def notify(name: str, _version: Version) -> None:
        if name == "a":
            raise RuntimeError("unforeseen")

    beside.notify = notify
    beside.deploy(a=beside.publish("one"), b=beside.publish("good", "b"))
    assert beside.said("a").message == "unexpected RuntimeError"
    assert beside.said("b").progress is Progress.READY


def test_a_folder_of_others_is_told_and_nothing_is_downloaded(beside: Beside) -> None:
    (beside.location / "a").mkdir()
    beside.deploy(a=beside.publish("one"))
    assert beside.said().progress is Progress.FAILED
    assert "is not ours: move it away" in beside.said().message
    assert beside.remote.asked == []


def test_a_missing_location_is_told(beside: Beside) -> None:
    one = beside.publish("one")
    beside.location /= "missing"
    beside.deploy(a=one)
    assert "mount a volume there" in beside.said().message
    beside.location.mkdir()
    beside.round(10)
    assert beside.text() == "one"


def test_another_deployer_in_the_folder_is_waited_for(beside: Beside) -> None:
    """That of an init container after a sidecar, for one."""
    other = DataFolder(beside.location)
    other.open()
    beside.deploy(a=beside.publish("one"))
    beside.round(FORBEARANCE / 2)
    assert beside.notes.writes == []
    beside.round(FORBEARANCE)
    assert "another deployer works in" in beside.said().message
    other.close()
    beside.round(60)
    assert beside.text() == "one"
    other.open()
    other.close()


def test_a_full_volume_keeps_what_there_was_and_frees_the_rest(beside: Beside) -> None:
    beside.deploy(a=beside.publish("one"))
    large = beside.publish("x" * 300_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        beside.deploy(a=large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "cannot be written: File too large" in beside.said().message
    assert beside.text() == "one"
    assert list((beside.location / ".kubervisor-data/partial").iterdir()) == []
    beside.round(10)
    assert beside.text() == "x" * 300_000


def test_a_status_that_cannot_be_written_is_tried_again_and_the_data_is_there(
    beside: Beside,
) -> None:
    beside.notes.broken = True
    wait = beside.deploy(a=beside.publish("one"))
    assert beside.text() == "one"
    assert 0 < wait <= 1
    assert beside.rounds.is_complete
    assert not beside.rounds.is_told
    beside.notes.broken = False
    beside.round(wait)
    assert beside.notes.writes == [("a", "ready")]
    assert beside.rounds.is_told


def test_a_status_that_somebody_removed_is_written_again(beside: Beside) -> None:
    beside.deploy(a=beside.publish("one"))
    del beside.notes.stored[f"{STATUS}a"]
    beside.round(CHECK_SECONDS)
    assert beside.said().progress is Progress.READY


def test_a_version_that_lost_files_is_repaired(beside: Beside) -> None:
    beside.deploy(a=beside.publish("one"))
    (beside.location / "a/text").unlink()
    beside.round(CHECK_SECONDS)
    assert beside.text() == "one"


def test_a_link_that_somebody_removed_is_made_again(beside: Beside) -> None:
    beside.deploy(a=beside.publish("one"))
    (beside.location / "a").unlink()
    beside.round(CHECK_SECONDS)
    assert beside.text() == "one"


def test_a_request_that_cannot_be_read_changes_nothing(beside: Beside) -> None:
    beside.deploy(a=beside.publish("one"))
    beside.notes.stored[f"{REQUEST}a"] = "unreadable"
    beside.round()
    assert beside.text() == "one"
    assert "cannot be read" in beside.rounds.failures()["a"]
    assert not beside.rounds.is_complete
    assert beside.said().progress is Progress.READY


def test_who_waits_for_a_request_has_not_failed(beside: Beside) -> None:
    beside.notes.stored[STORE_DATA] = "a"
    beside.notes.stored[STORE_LOCATION] = str(beside.location)
    beside.round()
    assert "nobody has asked" in beside.rounds.problems()["a"]
    assert beside.rounds.failures() == {}
    assert not beside.rounds.is_complete


def test_who_gives_up_says_so(beside: Beside) -> None:
    beside.remote.script = down
    beside.deploy(a=beside.publish("one"))
    beside.rounds.give_up(beside.pod())
    assert beside.said().progress is Progress.FAILED
    assert "HTTP 503" in beside.said().message


def test_the_application_is_told_before_the_pod_is_ready(beside: Beside) -> None:
    told: list[tuple[str, str, int]] = []
    beside.notify = lambda name, _: told.append((name, beside.text(), len(beside.notes.writes)))
    beside.deploy(a=beside.publish("one"))
    assert told == [("a", "one", 1)]  # after `fetching` and before `ready`
    beside.round(CHECK_SECONDS)
    beside.start()
    beside.round()
    assert len(told) == 1


def test_an_application_that_does_not_hear_is_a_failure_and_told_again(beside: Beside) -> None:
    told: list[str] = []
    deaf = True

    def notify(name: str, _version: Version) -> None:
        told.append(name)
        if deaf:
            raise NotificationFailed("the application is deaf")

    beside.notify = notify
    beside.deploy(a=beside.publish("one"))
    assert beside.text() == "one"
    assert (beside.said().progress, beside.said().message) == (
        Progress.FAILED,
        "the application is deaf",
    )
    beside.start()
    deaf = False
    beside.round(10)
    assert beside.said().progress is Progress.READY
    assert told == ["a", "a"]


def test_the_watchdog_fails_with_what_failed_and_after_a_long_time(beside: Beside) -> None:
    one = beside.publish("one")
    watch = OwnPodWatch(beside.notes, "shop", "cart-1", period=1.0)
    watchdog = Watchdog(beside.rounds, watch, beside.clock)
    beside.deploy(a=one)
    watch.last_seen, watch.problem = beside.now, ""
    assert watchdog.answer() == ("200 OK", "ok")
    beside.now += LONGEST_SECONDS - 1
    assert watchdog.answer() == ("200 OK", "ok")
    beside.now += 2
    watch.problem = "the API server is away"
    status, why = watchdog.answer()
    assert status.startswith("500")
    assert why == "no success for 35 min: the API server is away"
    watch.last_seen = beside.now
    assert watchdog.answer() == ("200 OK", "ok")

    beside.deploy(a=Version("5f-missing.tar.zst", "0" * 64))
    assert watchdog.answer() == (
        "500 Internal Server Error",
        "a: the repository has no a/5f-missing.tar.zst",
    )
