"""One look at all sources: one that goes wrong, whatever it is, leaves the others as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kubervisor.datarollout.controller.asker import Asker
from kubervisor.datarollout.controller.deciding import Decider
from kubervisor.datarollout.controller.offers import Offers
from kubervisor.datarollout.controller.rollout_news import RolloutNews
from kubervisor.datarollout.controller.rollouts import Rollouts
from kubervisor.datarollout.decision.plan import plan_rollout
from kubervisor.datarollout.decision.state import RolloutPlan, RolloutPolicy, View
from kubervisor.datarollout.needs import STORE_DATA
from kubervisor.datarollout.versions import Version, write_manifest
from kubervisor.errors import ApiUnavailable, Conflict, Forbidden, KubervisorError, LeadershipLost
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter, RolloutEvents
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord, packed
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.together import Together
from kubervisor.telemetry import logs
from kubervisor.traffic.model import PodUid
from tests.datarollout.builders import A, B

LOG = logs.get("test")
SOURCES = ("bad", "good")


class Events(RolloutEvents):
    """Takes them and tells nobody."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def record(self, *_: Any, **said: Any) -> None:
        self.reasons.append(said["reason"])


class Store(DataWriter):
    """Stores what is written; a look sees it by the watch as soon as it `shows`. Of the names in
    `errors` it refuses what is reported.
    """

    def __init__(self) -> None:
        self.errors: dict[str, KubervisorError] = {}
        self.reports: list[str] = []
        self.rollouts: dict[str, SpecRecord] = {}
        self.pods: dict[str, DataPod] = {}
        self.version = 0

    def next_version(self) -> str:
        self.version += 1
        return str(self.version)

    def make(self, namespace: str, name: str, spec: Mapping[str, Any]) -> SpecRecord:
        made = SpecRecord(
            namespace=namespace,
            name=name,
            uid=f"uid-{name}",
            resource_version=self.next_version(),
            generation=1,
            created_at=float(self.version),
            deleting=False,
            finalizers=(),
            annotations={},
            spec=dict(spec),
            stored_status=packed(b"null"),
        )
        self.rollouts[made.uid] = made
        return made

    def report(self, record: SpecRecord, status: Mapping[str, Any]) -> SpecRecord:
        self.reports.append(record.name)
        if record.name in self.errors:
            raise self.errors[record.name]
        if self.rollouts[record.uid].resource_version != record.resource_version:
            raise Conflict("it changed", status=409)
        stored = packed(msgspec.json.encode(status))
        made = replace(record, stored_status=stored, resource_version=self.next_version())
        self.rollouts[record.uid] = made
        return made

    def ask(self, pod: DataPod, requests: Mapping[str, str]) -> DataPod:
        stored = self.pods[pod.uid]
        if any(stored.notes.get(key) != pod.notes.get(key) for key in requests):
            raise Conflict("it changed", status=409)
        made = replace(stored, notes={**stored.notes, **requests}, version=self.next_version())
        self.pods[pod.uid] = made
        return made

    def read_pod(self, pod: DataPod) -> DataPod:
        return self.pods[pod.uid]

    def read_rollout(self, record: SpecRecord) -> SpecRecord:
        return self.rollouts[record.uid]


class Manifest:
    """A repository that publishes A of each source, and what the test adds."""

    def __init__(self) -> None:
        self.versions: dict[str, tuple[Version, ...]] = dict.fromkeys(SOURCES, (A,))

    def read(self) -> bytes | None:
        return write_manifest(self.versions)

    def forget(self) -> None:
        """It tells all of it anyway."""


class Scene:
    """The looks of a process whose watches show what is stored at once, or, while it is `behind`,
    what was stored when that began.
    """

    def __init__(self) -> None:
        self.store, self.manifest, self.events = Store(), Manifest(), Events()
        self.failing: set[str] = set()
        self.behind: tuple[tuple[SpecRecord, ...], tuple[DataPod, ...]] | None = None
        self.now = 1_700_000_000.0
        for number in range(4):
            uid = PodUid(f"pod-{number}")
            notes = {STORE_DATA: ",".join(SOURCES)}
            self.store.pods[uid] = DataPod("shop", f"web-{number}", uid, "0", True, notes)
        fresh_pods = Fresh[DataPod](lambda pod: pod.version)
        fresh_rollouts = Fresh[SpecRecord](lambda one: one.resource_version, begins=True)
        together, clock = Together("test", 1), Clock(lambda: self.now, lambda: self.now)
        news = RolloutNews(self.events, LOG)
        self.offers = Offers(self.manifest, period=15, patience=0, clock=clock, log=LOG)
        self.rollouts = Rollouts(
            offers=self.offers,
            pods=lambda: self.behind[1] if self.behind else tuple(self.store.pods.values()),
            rollouts=lambda: self.behind[0] if self.behind else tuple(self._stored()),
            fresh_pods=fresh_pods,
            fresh_rollouts=fresh_rollouts,
            decider=Decider(
                self._decide,
                self.store,
                fresh_rollouts,
                news,
                default=RolloutPolicy(probation=10),
                dry_run=False,
            ),
            asker=Asker(self.store, fresh_pods, together, most=100, ends=lambda: False),
            writer=self.store,
            news=news,
            together=together,
            period=15,
            most=100,
            clock=clock,
            log=LOG,
        )

    def look(self, seconds: float = 60.0) -> float:
        """The next look, so much later."""
        self.now += seconds
        self.offers.step()
        return self.rollouts.step()

    def fall_behind(self) -> None:
        """The watches show nothing new from now on."""
        self.behind = tuple(self._stored()), tuple(self.store.pods.values())

    def asked(self, source: str) -> int:
        """How many pods have a request for a source."""
        key = f"request.data.autocrane.io/{source}"
        return sum(key in pod.notes for pod in self.store.pods.values())

    def status(self, source: str) -> dict[str, Any]:
        return self.store.rollouts[f"uid-{source}"].status

    def _stored(self) -> list[SpecRecord]:
        return list(self.store.rollouts.values())

    def _decide(self, view: View, now: float) -> RolloutPlan:
        if any(one.path in self.failing for one in view.published or ()):
            raise ZeroDivisionError("a defect")
        return plan_rollout(view, now)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_defect_in_one_decision_is_that_sources_alone(scene: Scene) -> None:
    scene.manifest.versions["bad"] = (B,)
    scene.failing.add(B.path)
    assert scene.look() == 15
    assert (scene.asked("bad"), scene.asked("good")) == (0, 4)
    scene.failing.clear()
    scene.look()
    assert scene.asked("bad") == 4


@pytest.mark.parametrize(
    "error",
    [Forbidden("no right", status=403), Conflict("changed", status=409), ApiUnavailable("lost")],
)
def test_nobody_is_asked_for_what_is_not_stored(scene: Scene, error: KubervisorError) -> None:
    scene.store.errors["bad"] = error
    scene.look()
    assert scene.asked("bad") == 0
    scene.look()
    scene.store.errors.clear()
    scene.look()
    scene.look()
    assert (scene.asked("bad"), scene.asked("good")) == (4, 4)


def test_what_the_watch_does_not_show_yet_is_not_done_twice(scene: Scene) -> None:
    scene.look()
    scene.fall_behind()
    scene.manifest.versions["good"] = (A, B)
    scene.look()
    on_candidate = {
        pod.name: text
        for pod in scene.store.pods.values()
        if (text := pod.notes["request.data.autocrane.io/good"])
    }
    scene.look(0)  # the status counts the request
    before = scene.store.version
    for _ in range(3):
        scene.look(0)
    after = {
        pod.name: pod.notes["request.data.autocrane.io/good"] for pod in scene.store.pods.values()
    }
    assert after == on_candidate
    assert len(set(after.values())) == 2
    assert scene.store.version == before
    assert scene.events.reasons.count("CandidateChosen") == 1


def test_nothing_is_written_while_nothing_changes(scene: Scene) -> None:
    for _ in range(4):
        scene.look()
    before, reports = scene.store.version, len(scene.store.reports)
    for _ in range(10):
        scene.look()
    assert (scene.store.version, len(scene.store.reports)) == (before, reports)


def test_who_leads_no_more_ends_its_look(scene: Scene) -> None:
    scene.look()
    scene.manifest.versions["good"] = (A, B)
    scene.store.errors["good"] = LeadershipLost("another leads")
    with pytest.raises(LeadershipLost):
        scene.look()
