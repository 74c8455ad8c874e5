"""A watch is believed while it speaks; a silent one only after a LIST has said the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from kubervisor.errors import ApiUnavailable
from kubervisor.kube.freshness import BELIEVED_SECONDS, Freshness
from kubervisor.kube.records import decode_pod
from kubervisor.kube.reflector import Reflector
from kubervisor.traffic.model import Pod, PodUid

from .scripted import ScriptedServer

SELECTOR = {"app": "shop"}


@dataclass
class Watch:
    """What Freshness asks of a reflector."""

    name: str = "pods"
    last_sign: float = 0.0
    renewed: int = 0

    def renew(self) -> int:
        self.renewed += 1
        return self.renewed


class Case:
    """Pods a and b as the watch has shown them, and a server that lists what it is told to."""

    def __init__(self, scripted: ScriptedServer) -> None:
        self.now, self.watch, self.scripted = 100.0, Watch(), scripted
        self.members = [shown("a", 1), shown("b", 2)]
        self.stores(("a", 1), ("b", 2))
        watches = cast("list[Reflector[Any]]", [self.watch])
        self.freshness = Freshness(scripted.api(), watches, clock=lambda: self.now)

    def stores(self, *pods: tuple[str, int]) -> None:
        """Let the server list these; one named `unreadable` has a phase of another type."""
        items = [wire(*pod) for pod in pods]
        for one in items:
            if one["metadata"]["name"] == "unreadable":
                one["status"] = {"phase": 7}
        body = {"metadata": {}, "items": items}
        self.scripted.script = lambda exchange: exchange.answer(200, body)

    def confirm(self, *changing: str) -> None:
        self.freshness.confirm(
            "here", SELECTOR, self.members, changing=[PodUid(uid) for uid in changing]
        )

    @property
    def lists(self) -> list[str]:
        return [asked.query["labelSelector"] for asked in self.scripted.asked]


def wire(name: str, version: int) -> dict[str, Any]:
    metadata = {"name": name, "uid": name, "namespace": "here", "resourceVersion": str(version)}
    return {"metadata": metadata, "status": {"phase": "Running"}}


def shown(name: str, version: int) -> Pod:
    return decode_pod(str(wire(name, version)).replace("'", '"').encode())


@pytest.fixture
def case(scripted: ScriptedServer) -> Case:
    return Case(scripted)


def test_a_watch_that_has_just_spoken_is_believed(case: Case) -> None:
    case.watch.last_sign = case.now - BELIEVED_SECONDS + 1
    case.confirm()
    assert case.lists == []


def test_a_silent_watch_is_asked_about_once_in_a_while(case: Case) -> None:
    case.confirm()
    case.now += BELIEVED_SECONDS - 1
    case.confirm()
    assert case.lists == ["app=shop"]
    case.now += 2
    case.confirm()
    assert len(case.lists) == 2


@pytest.mark.parametrize(
    "pods",
    [
        pytest.param([("a", 1), ("b", 3)], id="one has changed"),
        pytest.param([("a", 1)], id="one is gone"),
        pytest.param([("a", 1), ("b", 2), ("c", 3)], id="one is new"),
    ],
)
def test_a_silent_watch_that_missed_something_is_renewed(
    pods: list[tuple[str, int]], case: Case
) -> None:
    case.stores(*pods)
    with pytest.raises(ApiUnavailable, match="has fallen behind"):
        case.confirm()
    assert case.watch.renewed == 1


def test_pods_that_we_are_changing_may_be_ahead(case: Case) -> None:
    case.stores(("a", 1), ("b", 3))
    case.confirm("b")
    assert case.watch.renewed == 0


def test_after_a_conflict_even_a_watch_that_speaks_is_asked_about(case: Case) -> None:
    case.watch.last_sign = case.now
    case.freshness.doubt("here", SELECTOR)
    case.confirm()
    case.confirm()
    assert case.lists == ["app=shop"]


def test_a_pod_that_nobody_could_ever_read_is_no_member(case: Case) -> None:
    case.stores(("a", 1), ("b", 2), ("unreadable", 3))
    case.confirm()
    assert case.watch.renewed == 0


def test_a_member_that_cannot_be_read_any_more_may_be_in_any_state(case: Case) -> None:
    case.members.append(shown("unreadable", 2))
    case.stores(("a", 1), ("b", 2), ("unreadable", 3))
    with pytest.raises(ApiUnavailable, match="here/unreadable cannot be read any more: Expected"):
        case.confirm()
    assert case.watch.renewed == 0, "another LIST would not read it either"
