"""A status claims its object before it says anything, and counts that only pass are not written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubervisor.api.status import EjectionIntent, FleetCount, KubervisorServiceStatus
from kubervisor.errors import ApiUnavailable, Conflict
from kubervisor.kube import paths
from kubervisor.kube.client import Api, connect
from kubervisor.kube.objects import get_spec, write_status
from kubervisor.kube.records import SpecRecord, decode_spec
from kubervisor.runtime.status_writer import COUNTS_SETTLE, StatusWriter
from kubervisor.traffic.model import PodUid
from playground.cluster import LocalCluster

SPEC = {"service": "cart", "breakers": [{"name": "b", "customService": "oracle.x:80"}]}
POD = PodUid("p1")


@dataclass
class Leader:
    """A leader of `epoch` on the API server; `fenced` is what it fenced."""

    api: Api
    epoch: int
    now: float = 0.0
    fenced: list[str | None] = field(default_factory=list)
    pods_are_out_of_reach: bool = False

    def __post_init__(self) -> None:
        self.statuses = StatusWriter(
            self.api,
            check=lambda: None,
            epoch=lambda: self.epoch,
            outrank=self._outrank,
            unconfirmed=lambda pods: pods,
            fence=self._fence,
            clock=lambda: self.now,
        )

    def _outrank(self, epoch: int) -> None:
        self.epoch = epoch + 1

    def _fence(self, name: str, intent: EjectionIntent) -> None:
        if self.pods_are_out_of_reach:
            raise ApiUnavailable("no answer")
        self.fenced.append(intent.pod_uid)


@pytest.fixture
def api(taught: LocalCluster) -> Iterator[Api]:
    with closing(connect(str(taught.kubeconfig), user_agent="kubervisor-tests")) as door:
        yield door


@pytest.fixture
def record(api: Api, namespace: str) -> SpecRecord:
    """A KubervisorService without a status."""
    body = {
        "apiVersion": "kubervisor.k8s.io/v1alpha1",
        "kind": "KubervisorService",
        "metadata": {"name": "cart"},
        "spec": SPEC,
    }
    created = api.request("POST", paths.collection(paths.KUBERVISOR_SERVICES, namespace), body=body)
    return decode_spec(created)


def stored(api: Api, record: SpecRecord) -> dict[str, Any]:
    return get_spec(api, record.namespace, record.name).status


def status(serving: int = 3, *, breakers: str = "b") -> KubervisorServiceStatus:
    return KubervisorServiceStatus(breakers=breakers, fleet=FleetCount(serving=serving))


def serving(api: Api, record: SpecRecord) -> int:
    return int(stored(api, record)["fleet"]["serving"])


def test_the_first_status_claims_its_object_in_the_same_write(
    api: Api, record: SpecRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    request = api.request

    def note(method: str, *args: Any, **more: Any) -> bytes:
        sent.append(method)
        return request(method, *args, **more)

    monkeypatch.setattr(api, "request", note)

    Leader(api, epoch=2).statuses.write(record, status())

    assert sent == ["PATCH"]
    assert stored(api, record) == {**status().wire(), "epoch": 2}


def test_a_status_with_declared_ejections_is_claimed_before_it_is_replaced(
    api: Api, record: SpecRecord
) -> None:
    before = Leader(api, epoch=1)
    before.statuses.declare(record, POD, "e1")
    after = Leader(api, epoch=2)

    after.statuses.write(get_spec(api, record.namespace, record.name), status())

    assert after.fenced == [POD]


def test_counts_are_written_when_they_have_settled(api: Api, record: SpecRecord) -> None:
    leader = Leader(api, 1)
    assert leader.statuses.write(record, status(3)) == 0
    assert leader.statuses.write(record, status(2)) == COUNTS_SETTLE
    leader.now += COUNTS_SETTLE / 2
    assert leader.statuses.write(record, status(1)) == COUNTS_SETTLE / 2
    assert serving(api, record) == 3
    leader.now += COUNTS_SETTLE / 2
    assert leader.statuses.write(record, status(1)) == 0
    assert serving(api, record) == 1


def test_counts_that_change_back_are_not_written(api: Api, record: SpecRecord) -> None:
    leader = Leader(api, 1)
    leader.statuses.write(record, status(3))
    before = get_spec(api, record.namespace, record.name).resource_version
    leader.statuses.write(record, status(2))
    leader.now += COUNTS_SETTLE
    assert leader.statuses.write(record, status(3)) == 0
    assert leader.statuses.write(record, status(2)) == COUNTS_SETTLE, "from now on, not from then"
    assert get_spec(api, record.namespace, record.name).resource_version == before


def test_what_else_is_new_takes_the_counts_along(api: Api, record: SpecRecord) -> None:
    leader = Leader(api, 1)
    leader.statuses.write(record, status(3))
    leader.statuses.write(record, status(2))
    assert leader.statuses.write(record, status(2, breakers="b, c")) == 0
    assert serving(api, record) == 2


def test_what_was_told_need_not_be_told_again(api: Api, record: SpecRecord) -> None:
    leader = Leader(api, 1)
    assert not leader.statuses.has_told(record, "facts")
    leader.statuses.write(record, status(3), "facts")
    assert leader.statuses.has_told(record, "facts")
    assert not leader.statuses.has_told(record, "other facts")


def test_what_was_told_is_told_again_where_the_object_is_another_by_now(
    api: Api, record: SpecRecord
) -> None:
    leader = Leader(api, 1)
    leader.statuses.write(record, status(3), "facts")
    stored = get_spec(api, record.namespace, record.name)
    changed = write_status(api, stored, {**stored.status, "breakers": "by hand"})
    assert not leader.statuses.has_told(changed, "facts")


def test_counts_that_settle_are_not_told_yet(api: Api, record: SpecRecord) -> None:
    leader = Leader(api, 1)
    leader.statuses.write(record, status(3), "three")
    leader.statuses.write(record, status(2), "two")
    assert not leader.statuses.has_told(record, "two")
    assert not leader.statuses.has_told(record, "three"), (
        "it would not be seen that they changed back"
    )


def test_a_declared_ejection_is_not_all_told(api: Api, record: SpecRecord) -> None:
    leader = Leader(api, 1)
    leader.statuses.write(record, status(3), "facts")
    leader.statuses.declare(get_spec(api, record.namespace, record.name), POD, "e")
    leader.statuses.write(record, status(3), "facts")
    assert not leader.statuses.has_told(record, "facts")


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda s, r: s.write(r, status()), id="by its first status"),
        pytest.param(lambda s, r: s.declare(r, POD, "e2"), id="by its first ejection"),
        pytest.param(lambda s, r: s.claim(r), id="before a termination"),
    ],
)
def test_an_object_is_claimed(
    write: Callable[[StatusWriter, SpecRecord], object], api: Api, record: SpecRecord
) -> None:
    Leader(api, 1).statuses.write(record, status())
    second = Leader(api, 2)
    write(second.statuses, get_spec(api, record.namespace, record.name))
    assert stored(api, record)["epoch"] == 2


def test_what_was_declared_after_we_looked_voids_the_first_ejection(
    api: Api, record: SpecRecord
) -> None:
    first, second = Leader(api, 1), Leader(api, 2)
    assert not second.statuses.declares(record)
    first.statuses.declare(record, PodUid("p0"), "e1")
    with pytest.raises(Conflict, match="a leader before us"):
        second.statuses.declare(record, POD, "e2")
    assert second.fenced == ["p0"]
    second.statuses.declare(record, POD, "e2")
    assert second.fenced == ["p0"]
    assert [intent["podUid"] for intent in stored(api, record)["intents"]] == [POD]


def test_a_fence_that_fails_is_tried_again_before_anything_is_written(
    api: Api, record: SpecRecord
) -> None:
    Leader(api, 1).statuses.declare(record, PodUid("p0"), "e1")
    second = Leader(api, 2)
    found = get_spec(api, record.namespace, record.name)
    assert second.statuses.declares(found)
    second.pods_are_out_of_reach = True
    for _ in range(2):
        with pytest.raises(ApiUnavailable):
            second.statuses.write(found, status())
        assert stored(api, record)["intents"], "whoever leads next must know of it"
    second.pods_are_out_of_reach = False
    assert second.statuses.claim(found)
    assert second.fenced == ["p0"]
    assert not second.statuses.claim(found)
    assert second.epoch == 2, "it has not outranked itself"
