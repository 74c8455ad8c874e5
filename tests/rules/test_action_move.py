"""Volumes are moved without losing anything: whoever is killed, fails or meddles, at any step."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from kubervisor.rules.actions.action import Deed, Do, Done, Refusal, Step, Target
from kubervisor.rules.actions.move import MoveVolume
from kubervisor.rules.actions.move_journal import MOVE
from kubervisor.rules.actions.move_steps import KEPT
from kubervisor.rules.actions.objects import annotation
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent
from tests.rules.dict_world import Json, Refused, noted, previewed
from tests.rules.storage_world import NAMESPACE, StorageWorld, deployment, stateful_set

PARAMS = {"storageClass": "fast", "maxDowntime": "60"}
LOOKS = 900
"""More than any move takes, a second each: also one that waits for a workload to become ready."""


@dataclass
class Case:
    """A workload whose claim is moved."""

    workload: Callable[[], Json]
    claims: tuple[str, ...]
    claim: str
    params: dict[str, str]
    stopped_at: int = 0

    def world(self) -> StorageWorld:
        return StorageWorld(self.workload(), *self.claims)


SNAPSHOT = {**PARAMS, "method": "snapshot", "snapshotClass": "snaps"}
CASES = {
    "deployment": Case(deployment, ("data",), "data", PARAMS),
    "deployment by snapshot": Case(deployment, ("data",), "data", SNAPSHOT),
    "stateful set": Case(stateful_set, ("data-db-0",), "data-db-0", PARAMS),
    "stateful set by snapshot": Case(stateful_set, ("data-db-0",), "data-db-0", SNAPSHOT),
}
each_case = pytest.mark.parametrize(
    "case", [pytest.param(case, id=name) for name, case in CASES.items()]
)


@dataclass
class Story:
    """One move, from look to look; what it did and said."""

    world: StorageWorld
    claim: str
    params: dict[str, str] = field(default_factory=lambda: PARAMS)
    at_look: Callable[[int], None] = lambda _: None
    may_do: Callable[[Deed], bool] = lambda _: True
    before_deed: Callable[[int], None] = lambda _: None
    """What happens between the look and the deed of that number."""
    forgets: Callable[[int], bool] = lambda _: False
    """Whether it is killed after the deed of that number, before that was noted."""
    now: float = 1_000_000.0
    deeds: list[Deed] = field(default_factory=list)
    replicas: list[int] = field(default_factory=list)
    last: Step | None = None

    def play(self) -> Step:
        """What it came to."""
        ref = self.world.claim(self.claim)
        target = Target(ref, "to-fast")
        intent = previewed(MoveVolume(), self.world, target, self.params, self.now)
        for look in range(LOOKS):
            self.at_look(look)
            self.last = MoveVolume().step(ref, intent, self.world, self.now)
            if isinstance(self.last, Do):
                intent = self._do(self.last, intent)
            elif isinstance(self.last, Done | Refusal):
                return self.last
            self.world.tick()
            self.replicas.append(self.world.workload["spec"]["replicas"])
            self.now += 1
        assert self.last is not None
        return self.last

    def _do(self, step: Do, intent: Intent) -> Intent:
        try:
            if not self.may_do(step.deed):
                raise Refused
            self.before_deed(len(self.deeds))
            self.world.do(step.deed)
        except Refused:
            return intent
        self.deeds.append(step.deed)
        return intent if self.forgets(len(self.deeds)) else noted(intent, step.note)


def assert_nothing_lost(world: StorageWorld) -> None:
    """Every pod ever started had all that was written before, and no volume went."""
    assert world.losses == []


def story(case: Case, **more: object) -> Story:
    return Story(case.world(), case.claim, dict(case.params), **more)  # type: ignore[arg-type]


def assert_moved(told: Story, before: str) -> None:
    """It runs as before, on a new volume of the new class, and has the old one."""
    world = told.world
    assert isinstance(told.last, Done), told.last
    (pod,) = world.running()
    name = pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    volume = world.there("PersistentVolume", "", world.volume_of(name))
    assert volume["spec"]["storageClassName"] == "fast"
    assert volume["metadata"]["name"] != before
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete", "as its class says"
    kept = world.there("PersistentVolume", "", before)
    assert kept["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert "moved to" in kept["metadata"]["annotations"]["kubervisor.k8s.io/kept"]
    assert_nothing_lost(world)


@each_case
def test_a_volume_is_moved_with_all_that_was_written(case: Case) -> None:
    told = story(case)
    before = told.world.volume_of(case.claim)

    told.play()

    assert_moved(told, before)
    assert told.world.workload["spec"]["replicas"] == 1


def test_the_claim_of_a_deployment_stays_and_the_new_one_is_like_it() -> None:
    told = story(CASES["deployment"])
    told.play()
    world = told.world

    (volume,) = world.workload["spec"]["template"]["spec"]["volumes"]
    name = volume["persistentVolumeClaim"]["claimName"]
    made = world.there("PersistentVolumeClaim", NAMESPACE, name)
    assert name.startswith("data-")
    assert made["metadata"]["labels"] == {"app": "db"}
    assert made["metadata"]["annotations"]["note"] == "mine"
    assert "pv.kubernetes.io/bind-completed" not in made["metadata"]["annotations"]
    assert world.there("PersistentVolumeClaim", NAMESPACE, "data")["status"]["phase"] == "Bound"


def test_the_claim_of_a_stateful_set_has_its_name_again_and_no_other_is_left() -> None:
    told = story(CASES["stateful set"])
    before = told.world.claim("data-db-0")
    told.play()
    world = told.world

    (claim,) = world.list("PersistentVolumeClaim", NAMESPACE)
    assert claim["metadata"]["name"] == "data-db-0"
    assert claim["metadata"]["uid"] != before.uid
    assert claim["metadata"]["labels"] == {"app": "db"}
    assert claim["metadata"]["annotations"] == {"note": "mine"}


def test_of_a_stateful_set_only_the_replicas_from_that_ordinal_on_are_stopped() -> None:
    world = StorageWorld(stateful_set(3), "data-db-0", "data-db-1", "data-db-2")
    told = Story(world, "data-db-1")
    told.play()

    assert isinstance(told.last, Done)
    assert min(told.replicas) == 1
    assert told.replicas[-1] == 3


def test_a_workload_without_replicas_is_moved_and_stays_so() -> None:
    for workload, claim in ((deployment, "data"), (stateful_set, "data-db-0")):
        told = Story(StorageWorld(workload(0), claim), claim)
        told.play()
        assert isinstance(told.last, Done)
        assert set(told.replicas) == {0}
        assert_nothing_lost(told.world)


def deeds_of(case: Case) -> list[Deed]:
    told = story(case)
    told.play()
    return told.deeds


@each_case
def test_killed_after_any_deed_it_goes_on_to_the_same_end(case: Case) -> None:
    for number in range(1, len(deeds_of(case)) + 1):
        told = story(case, forgets=number.__eq__)
        before = told.world.volume_of(case.claim)
        told.play()
        assert_moved(told, before)
        assert len(told.deeds) == len(deeds_of(case)), "nothing is done twice"


@each_case
def test_killed_after_every_deed_it_goes_on_to_the_same_end(case: Case) -> None:
    told = story(case, forgets=lambda number: number > 1)
    before = told.world.volume_of(case.claim)
    told.play()
    assert_moved(told, before)


@each_case
def test_away_for_long_after_any_deed_it_ends_well(case: Case) -> None:
    """A process that is down for longer than the workload may be goes on, or takes it back."""
    for number in range(1, len(deeds_of(case)) + 1):
        told = story(case)

        def away(_: int, told: Story = told, number: int = number) -> None:
            if len(told.deeds) == number:
                told.now += 3600
                let_pass(told.world)

        told.at_look = away
        told.play()
        let_pass(told.world)
        assert told.world.workload["spec"]["replicas"] == 1
        assert len(told.world.running()) == 1
        assert_nothing_lost(told.world)


def says_what_to_do(refusal: Step | None) -> bool:
    return isinstance(refusal, Refusal) and refusal.is_final and MOVE in refusal.message


@each_case
def test_where_a_deed_is_refused_for_ever_the_workload_runs_or_it_is_still_tried(
    case: Case,
) -> None:
    count = len(deeds_of(case))
    for number in range(count):
        told = story(case)
        forbidden: list[str] = []

        def may_do(
            deed: Deed, told: Story = told, number: int = number, fb: list[str] = forbidden
        ) -> bool:
            if len(told.deeds) == number and not fb:
                fb.append(signature(deed))
            return signature(deed) not in fb

        told.may_do = may_do
        told.play()
        world = told.world
        let_pass(world)
        stuck = isinstance(told.last, Do) and signature(told.last.deed) in forbidden
        is_up = world.workload["spec"]["replicas"] == 1 and len(world.running()) == 1
        assert is_up or stuck, (number, told.last)
        if is_up and not stuck:
            assert says_what_to_do(told.last)
        assert_nothing_lost(world)

        forbidden[:] = ["none"]  # the right is given
        if stuck:
            story_goes_on(told)
            assert len(world.running()) == 1
            assert_nothing_lost(world)


def story_goes_on(told: Story) -> None:
    """Later looks, of a process without memory."""
    assert isinstance(told.last, Do)
    journal = json.loads(annotation(told.world.workload, MOVE) or "{}")
    if not journal:
        return  # it was never stopped
    ref = replace(
        ObjectRef("PersistentVolumeClaim", NAMESPACE, told.claim, ""), uid=journal["claim"]
    )
    intent = Intent(MoveVolume.name, "", journal["goal"])
    for _ in range(LOOKS):
        told.last = MoveVolume().step(ref, intent, told.world, told.now)
        if isinstance(told.last, Done | Refusal):
            break
        if isinstance(told.last, Do):
            told.world.do(told.last.deed)
        told.world.tick()
        told.now += 1
    let_pass(told.world)


def signature(deed: Deed) -> str:
    """What is done to what, whatever the instant."""
    target = getattr(deed, "target", None)
    changes = sorted(change.path for change in getattr(deed, "changes", ()))
    kind = target.kind if target else deed.manifest["kind"]  # type: ignore[union-attr]
    return f"{type(deed).__name__} {kind} {changes}"


def let_pass(world: StorageWorld) -> None:
    """Long enough for pods to come or go."""
    for _ in range(10):
        world.tick()


def meddlings() -> Iterator[tuple[str, Callable[[StorageWorld, int], None]]]:
    def scaled_up(world: StorageWorld, since: int) -> None:
        if since == 0:
            world.scale(1)

    def scaled_up_and_down(world: StorageWorld, since: int) -> None:
        if since == 0:
            world.scale(1)
            let_pass(world)
            world.scale(0)
            let_pass(world)

    def another_image(world: StorageWorld, since: int) -> None:
        if since == 0:
            world.workload["spec"]["template"]["spec"]["containers"] = [{"image": "new"}]
            world.workload["metadata"]["generation"] += 1

    yield "scaled up", scaled_up
    yield "scaled up and down", scaled_up_and_down
    yield "another image", another_image


@each_case
@pytest.mark.parametrize("meddle", [pytest.param(meddle, id=name) for name, meddle in meddlings()])
def test_whatever_somebody_does_to_the_workload_at_any_look_nothing_is_lost(
    case: Case, meddle: Callable[[StorageWorld, int], None]
) -> None:
    for look in range(50):
        told = story(case)
        told.at_look = lambda now, told=told, look=look: meddle(told.world, now - look)  # type: ignore[misc]
        told.play()
        assert_ended_well(told)


@each_case
@pytest.mark.parametrize("meddle", [pytest.param(meddle, id=name) for name, meddle in meddlings()])
def test_nor_where_it_happens_between_a_look_and_its_deed(
    case: Case, meddle: Callable[[StorageWorld, int], None]
) -> None:
    for number in range(len(deeds_of(case))):
        told = story(case)
        met: list[int] = []

        def once(now: int, told: Story = told, number: int = number, met: list[int] = met) -> None:
            if now == number and not met:
                met.append(now)
                meddle(told.world, 0)

        told.before_deed = once
        told.play()
        assert_ended_well(told)


def assert_ended_well(told: Story) -> None:
    """It says how it ended, and the workload can run, with all that was written."""
    assert isinstance(told.last, Done | Refusal)
    assert_in_order(told)
    let_pass(told.world)
    told.world.scale(1)
    let_pass(told.world)
    assert len(told.world.running()) == 1
    assert_nothing_lost(told.world)


def assert_in_order(told: Story) -> None:
    """No volume waits for a name, and the one in use is as its class says."""
    for volume in told.world.list("PersistentVolume", ""):
        assert volume["spec"]["claimRef"].get("uid"), f"{volume['metadata']['name']} is for anybody"
    claim = told.world.get("PersistentVolumeClaim", NAMESPACE, told.claim)
    if isinstance(told.last, Refusal) and claim is not None:
        volume = told.world.there("PersistentVolume", "", told.world.volume_of(told.claim))
        assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        assert KEPT not in volume["metadata"].get("annotations", {})


class TestTrouble:
    """What is said, and what is left, where there will be no copy."""

    def test_a_copy_that_takes_too_long_is_given_up_and_not_tried_again(self) -> None:
        told = story(CASES["stateful set"])
        told.world.provisions = False
        told.play()

        assert isinstance(told.last, Refusal)
        assert "not complete after 60 s" in told.last.message
        assert "started again on its old volume" in told.last.message
        assert told.replicas.count(0) == pytest.approx(61, abs=2)
        assert told.replicas[-1] == 1
        target = Target(told.world.claim(told.claim), "to-fast")
        again = MoveVolume().preview(target, PARAMS, told.world, told.now)
        assert isinstance(again, Refusal)
        assert again.is_final
        assert MOVE in again.message
        assert_ended_well(told)

    def test_once_somebody_took_the_mark_off_it_is_tried_again_with_another_copy(self) -> None:
        told = story(CASES["stateful set"])
        told.world.provisions = False
        told.play()
        told.world.provisions = True
        before = told.world.volume_of(told.claim)
        let_pass(told.world)
        del told.world.workload["metadata"]["annotations"][MOVE]

        told.play()

        assert_moved(told, before)

    def test_a_volume_that_is_not_let_go_of_is_not_copied(self) -> None:
        told = story(CASES["deployment"])
        told.world.detaches = False
        told.play()

        assert isinstance(told.last, Refusal)
        assert len(told.world.list("PersistentVolumeClaim", NAMESPACE)) == 1
        assert_ended_well(told)

    def test_where_the_mark_is_taken_off_meanwhile_it_says_how_to_start_the_workload(self) -> None:
        told = story(CASES["deployment"])

        def take_off(look: int) -> None:
            if look == 3:
                del told.world.workload["metadata"]["annotations"][MOVE]

        told.at_look = take_off
        told.play()

        assert isinstance(told.last, Refusal)
        assert "it had 1 replicas: scale it" in told.last.message

    def test_a_workload_that_is_not_ready_on_its_new_volume_is_not_put_back(self) -> None:
        told = story(CASES["deployment"])

        def never_ready(_: int) -> None:
            if len(told.deeds) > 3:
                told.world.workload["status"]["readyReplicas"] = 0

        told.at_look = never_ready
        told.play()

        assert isinstance(told.last, Refusal)
        assert "It was not put back" in told.last.message
        assert told.replicas[-1] == 1
        assert_nothing_lost(told.world)

    def test_a_copy_that_is_no_copy_is_never_used(self) -> None:
        def of_another_driver(volume: Json) -> None:
            volume["spec"]["csi"]["driver"] = "other"

        def the_old_one(volume: Json) -> None:
            volume["spec"]["csi"]["volumeHandle"] = told.world.volume_of("data")

        for spoil in (of_another_driver, the_old_one):
            told = story(CASES["deployment"])
            old = told.world.volume_of("data")

            def spoiled(
                _: int, told: Story = told, old: str = old, spoil: Callable[[Json], None] = spoil
            ) -> None:
                for volume in told.world.stored("PersistentVolume"):
                    if volume["metadata"]["name"] != old:
                        spoil(volume)

            told.at_look = spoiled
            told.play()
            assert isinstance(told.last, Refusal)
            assert_ended_well(told)

    def test_a_claim_whose_source_was_dropped_would_be_empty_and_is_never_used(self) -> None:
        told = story(CASES["deployment"])

        def dropped(_: int) -> None:
            for claim in told.world.stored("PersistentVolumeClaim"):
                claim["spec"].pop("dataSource", None)

        told.at_look = dropped
        told.play()
        assert isinstance(told.last, Refusal)
        assert "would be empty" in told.last.message
        assert_ended_well(told)
