"""The prober's loop: who is probed, how often, and what is taken for an answer."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from kubervisor.errors import SourceNotAllowed, SourceTimeout
from kubervisor.kube.watched_cache import WatchedPods
from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.runtime.clock import Clock
from kubervisor.sources.probe import ProbeReply
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.book import Book
from kubervisor.watchdog.inquiry import Inquiry
from kubervisor.watchdog.prober import AT_ONCE, Prober, ProbeRules
from kubervisor.watchdog.probes import Tuning

WITHIN = 30.0
SWIFT = Tuning(period=0.01, timeout=1)
OK = ProbeReply(200, "", "")
FAILS = ProbeReply(500, "", "full")


class Playing:
    """A prober on a thread of its own, and the pods as they answer: by target, `OK` by default."""

    def __init__(self, *, at_once: int = 100, defaults: Tuning = SWIFT) -> None:
        self.pods, self.book = WatchedPods(), Book()
        self.answers: dict[str, ProbeReply | Exception] = {}
        self.asked: Counter[str] = Counter()
        self.addresses: Counter[str] = Counter()
        self.under_way: Counter[str] = Counter()
        self.most_of_one = self.most = 0
        self.held: set[str] = set()
        self.changed: list[tuple[str, str]] = []
        self.prober = Prober(
            self.pods,
            Inquiry(self._ask, self.book, changed=self._changed, clock=Clock()),
            self.book,
            ProbeRules(defaults, range(1024, 65536), at_once),
            clock=Clock(),
        )
        self._moved = threading.Condition()
        self.pods.subscribe(self.prober.told)
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self.prober.stop()
        self._thread.join(WITHIN)
        assert not self._thread.is_alive()

    def wait(self, so: Callable[[], object], what: str) -> None:
        with self._moved:
            assert self._moved.wait_for(lambda: bool(so()), WITHIN), f"not within time: {what}"

    def more(self, target: str, count: int = 3) -> None:
        """Return once it was asked so often again."""
        wanted = self.asked[target] + count
        self.wait(lambda: self.asked[target] >= wanted, f"{target} is asked {count} times more")

    def level(self, name: str = "disk", uid: str = "u1") -> Level | None:
        word = self.book.of(PodUid(uid)).get(name)
        return word.level if word else None

    def _run(self) -> None:
        try:
            self.prober.run()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.failure = error
            with self._moved:
                self._moved.notify_all()

    async def _ask(
        self, address: str, port: int, target: str, *, tls: bool, timeout: float
    ) -> ProbeReply:
        with self._moved:
            self.under_way[target] += 1
            self._moved.notify_all()
        self.most = max(self.most, self.under_way.total())
        self.most_of_one = max(self.most_of_one, self.under_way[target])
        try:
            while target in self.held:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0)
        finally:
            self.under_way[target] -= 1
        answer = self.answers.get(target, OK)
        with self._moved:
            self.asked[target] += 1
            self.addresses[address] += 1
            self._moved.notify_all()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _changed(self, key: tuple[str, str]) -> None:
        with self._moved:
            self.changed.append(key)
            self._moved.notify_all()


@pytest.fixture
def playing() -> Iterator[Playing]:
    made = Playing()
    made.start()
    yield made
    made.close()


def pod(name: str = "cart-1", uid: str = "u1", **probes: str) -> WatchedPod:
    return WatchedPod(
        namespace="shop",
        name=name,
        uid=PodUid(uid),
        phase="Running",
        ready=True,
        address="10.0.0.5",
        probes=tuple((probes or {"disk": "POD_IP:8080/disk"}).items()),
    )


def test_a_pod_is_probed_again_and_again(playing: Playing) -> None:
    playing.pods.upsert(pod())
    playing.more("/disk", 5)
    assert playing.level() is Level.INFO
    assert playing.changed == [("shop", "cart-1")]
    assert playing.addresses.keys() == {"10.0.0.5"}


def test_pods_that_are_there_at_the_start_are_probed_too() -> None:
    playing = Playing()
    playing.pods.upsert(pod())
    playing.start()
    playing.more("/disk")
    playing.close()


def test_a_failure_and_its_end_are_told_once(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.pods.upsert(pod())
    playing.more("/disk")
    assert playing.level() is Level.ERROR
    assert playing.book.of(PodUid("u1"))["disk"].message == "full"
    assert set(playing.book.failing(0)) == {"u1"}
    playing.answers["/disk"] = OK
    playing.more("/disk")
    assert playing.level() is Level.INFO
    assert not playing.book.failing(0)
    assert len(playing.changed) == 2


def test_what_is_in_error_is_failing_only_for_a_while(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.pods.upsert(pod())
    playing.more("/disk")
    assert not playing.book.failing(math.inf)


def test_the_settings_of_a_probe_count(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.held.add("/disk")
    playing.pods.upsert(replace(pod(), probe_settings=(("disk", "failures=3"),)))
    playing.wait(lambda: playing.under_way["/disk"], "it is asked")
    playing.held.clear()
    playing.more("/disk", 1)
    assert playing.level() is None


def test_one_watchdog_is_never_probed_twice_at_a_time(playing: Playing) -> None:
    playing.pods.upsert(pod())
    playing.more("/disk", 50)
    for address in ("10.0.0.6", "10.0.0.7", "10.0.0.8"):
        playing.pods.upsert(replace(pod(), address=address))
        playing.pods.upsert(replace(pod(), address=address, ready=False))
    playing.more("/disk", 50)
    assert playing.most_of_one == 1


def test_no_more_are_probed_at_once_than_may() -> None:
    playing = Playing(at_once=3)
    for number in range(20):
        playing.pods.upsert(pod(f"cart-{number}", f"u{number}", disk=f"POD_IP:8080/{number}"))
    playing.start()
    for number in range(20):
        playing.more(f"/{number}")
    playing.close()
    assert playing.most == 3


def test_one_that_hangs_keeps_no_other_of_its_pod_from_being_probed(playing: Playing) -> None:
    playing.held.add("/slow")
    playing.pods.upsert(pod(slow="POD_IP:8080/slow", swift="POD_IP:8080/swift"))
    playing.more("/swift", 20)
    assert playing.asked["/slow"] == 0
    playing.held.clear()


def test_a_pod_whose_watchdogs_all_hang_takes_two_slots(playing: Playing) -> None:
    targets = [f"/{number}" for number in range(10)]
    playing.held.update(targets)
    playing.pods.upsert(pod(**{target[1:]: f"POD_IP:8080{target}" for target in targets}))
    playing.pods.upsert(pod("other", "u2", other="POD_IP:8080/other"))
    playing.more("/other", 50)
    assert playing.most <= AT_ONCE + 1
    playing.held.clear()
    for target in targets:
        playing.more(target)


def test_a_pod_that_goes_is_probed_no_more_and_forgotten(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.pods.upsert(pod())
    playing.more("/disk")
    playing.pods.delete(pod())
    playing.pods.upsert(pod("other", "u2", other="POD_IP:8080/other"))
    playing.more("/other", 2)
    assert playing.level() is None
    before = playing.asked["/disk"]
    playing.more("/other", 20)
    assert playing.asked["/disk"] <= before + 1


def test_another_pod_of_the_name_begins_anew(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.pods.upsert(pod())
    playing.more("/disk")
    playing.pods.upsert(pod(uid="u2"))
    playing.wait(lambda: playing.level(uid="u2") is Level.ERROR, "the new one is judged")
    assert set(playing.book.failing(0)) == {"u2"}


@pytest.mark.parametrize(
    "state", [{"phase": "Pending"}, {"phase": "Succeeded"}, {"deleting": True}, {"address": ""}]
)
def test_a_pod_that_cannot_answer_is_not_asked(playing: Playing, state: dict[str, object]) -> None:
    playing.pods.upsert(replace(pod(), **state))  # type: ignore[arg-type]  # fields of a pod
    playing.pods.upsert(pod("other", "u2", other="POD_IP:8080/other"))
    playing.more("/other", 20)
    assert playing.asked["/disk"] == 0
    assert playing.level() is None


def test_a_pod_whose_containers_are_not_ready_can_clear_its_error(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.pods.upsert(pod())
    playing.more("/disk")
    playing.pods.upsert(replace(pod(), ready=False))
    playing.answers["/disk"] = OK
    playing.more("/disk")
    assert playing.level() is Level.INFO


def test_an_annotation_that_is_no_probe_is_an_error_that_evicts_nobody(playing: Playing) -> None:
    playing.pods.upsert(pod(disk="POD_IP.evil.com:8080/x"))
    playing.wait(lambda: playing.changed, "it is told")
    word = playing.book.of(PodUid("u1"))["disk"]
    assert word.level is Level.ERROR
    assert word.message.startswith("not probed: its URL 'POD_IP.evil.com:8080/x' cannot be read")
    assert not playing.book.failing(0)
    assert not playing.asked


def test_pods_of_the_host_network_are_not_probed(playing: Playing) -> None:
    playing.pods.upsert(replace(pod(), address="", on_host_network=True))
    playing.wait(lambda: playing.changed, "it is told")
    assert "host network" in playing.book.of(PodUid("u1"))["disk"].message
    assert not playing.book.failing(0)


def test_an_address_that_is_no_pods_is_an_error_that_evicts_nobody(playing: Playing) -> None:
    playing.answers["/disk"] = SourceNotAllowed("its address is a node's")
    playing.pods.upsert(pod())
    playing.more("/disk")
    assert playing.book.of(PodUid("u1"))["disk"].message == "not probed: its address is a node's"
    assert not playing.book.failing(0)
    assert len(playing.changed) == 1
    playing.answers["/disk"] = OK
    playing.wait(lambda: len(playing.changed) == 2, "its end is told")
    assert playing.level() is Level.INFO


def test_a_changed_annotation_is_another_watchdog(playing: Playing) -> None:
    playing.answers["/disk"] = FAILS
    playing.pods.upsert(pod())
    playing.more("/disk")
    playing.pods.upsert(pod(disk="POD_IP:8080/other"))
    playing.more("/other")
    assert playing.level() is Level.INFO
    playing.pods.upsert(pod(disk="no probe"))
    playing.wait(lambda: len(playing.changed) >= 3, "it is told")
    before = playing.asked["/other"]
    playing.pods.upsert(pod("other", "u2", mood="POD_IP:8080/mood"))
    playing.more("/mood", 20)
    assert playing.asked["/other"] <= before + 1


def test_silence_is_an_error_and_makes_it_wait(playing: Playing) -> None:
    playing.answers["/disk"] = SourceTimeout("it did not answer within 1 s")
    playing.pods.upsert(pod())
    playing.wait(lambda: playing.changed, "it is told")
    assert set(playing.book.failing(0)) == {"u1"}


def test_a_pod_that_becomes_ready_is_not_left_alone_any_longer() -> None:
    playing = Playing(defaults=Tuning(period=0.01, timeout=1))
    playing.answers["/disk"] = SourceTimeout("silent")
    playing.start()
    playing.pods.upsert(pod())
    playing.more("/disk", 12)  # by now the next would be in 40 s
    playing.pods.upsert(replace(pod(), ready=False))
    playing.answers["/disk"] = OK
    playing.pods.upsert(pod())
    playing.more("/disk", 2)
    playing.close()


def test_a_fault_of_ours_ends_the_prober_and_is_told() -> None:
    playing = Playing()
    playing.answers["/disk"] = ZeroDivisionError("ours")
    playing.start()
    playing.pods.upsert(pod())
    playing.wait(lambda: playing.failure, "it ends")
    assert isinstance(playing.failure, ZeroDivisionError)
    playing.close()


def test_stopped_before_it_began_it_probes_nothing() -> None:
    playing = Playing()
    playing.pods.upsert(pod())
    playing.prober.stop()
    playing.start()
    playing.close()
    assert not playing.asked


def test_sixteen_watchdogs_of_a_pod_are_probed_and_no_more(playing: Playing) -> None:
    probes = {f"w{number:02}": f"POD_IP:8080/{number:02}" for number in range(40)}
    playing.pods.upsert(pod(**probes))
    for number in range(16):
        playing.more(f"/{number:02}", 1)
    playing.more("/00", 20)
    assert len(playing.asked) == 16
