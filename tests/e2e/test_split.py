"""Two controllers guard a cluster between them, by namespaces, and one is handed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kubervisor import instants
from playground.cluster import LocalCluster
from playground.controller import Controller, Line
from playground.fault_answers import Holds
from playground.faultproxy import FaultProxy
from playground.fleet import Fleet
from playground.fleet_pod import Pod
from tests.e2e import invariants as rules
from tests.e2e.passages import Passage
from tests.e2e.scene import FOREVER, WITHIN, Scene, names
from tests.e2e.test_restart import acted
from tests.faults.test_writes import ejects
from tests.namespaces import passing_namespace

OUT = 15
"""Seconds out of traffic: longer than handing over takes, so that it happens meanwhile."""
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


@dataclass(frozen=True, slots=True)
class Split:
    """Namespaces that stay with one controller each, west and east, and one that moves."""

    west: Scene
    moving: Scene
    east: Scene

    def controller(self, home: Scene, *more: Scene, kubeconfig: Path | None = None) -> Controller:
        """The controller of `home` as a release of its own, guarding other namespaces too."""
        side = "west" if home is self.west else "east"
        return home.controller(
            *(f"--namespace={scene.namespace}" for scene in more),
            *((f"--kubeconfig={kubeconfig}",) if kubeconfig else ()),
            f"--lease-namespace={self.west.namespace}",
            f"--lease-name=kubervisor-traffic-{side}",
        )

    def upgrade(self, old: Controller, home: Scene, *more: Scene) -> Controller:
        """Roll out other namespaces as a Deployment does: the new one is ready, the old one goes,
        the new one leads.
        """
        new = self.controller(home, *more)
        assert not led(new)
        assert old.stop() == 0
        home.wait_leading(new)
        return new


@pytest.fixture
def split(taught: LocalCluster) -> Iterator[Split]:
    with ExitStack() as stack:
        named = [stack.enter_context(passing_namespace(taught)) for _ in range(3)]
        yield Split(*(stack.enter_context(Scene(taught, name)) for name in named))


def led(controller: Controller) -> bool:
    """Whether it has begun to lead."""
    return any(is_leading(line) for line in controller.lines())


def leaves(controller: Controller) -> bool:
    """Whether it has found that an object is another controller's."""
    return any(line["event"] == "Another controller guards it" for line in controller.lines())


def guarded(scene: Scene, size: int = 4, **spec: Any) -> Fleet:
    """A fleet whose outliers stay out for OUT seconds, unless told otherwise."""
    fleet = scene.fleet(size)
    scene.guard(scene.breaker(), **{"defaultActivator": {"period": OUT}} | spec)
    scene.wait_condition("Ready")
    return fleet


def eject(scene: Scene, fleet: Fleet, pod: Pod) -> Passage:
    """Have `pod` found an outlier until it is out."""
    scene.detector.outliers(pod)
    fleet.wait(lambda f: pod.name in names(f.out()), WITHIN, f"{pod.name} is out")
    scene.detector.outliers()
    return next(one for one in scene.ejections() if one.pod == pod.name)


def test_each_of_two_controllers_has_its_own_lease_and_guards_its_own_namespaces(
    split: Split,
) -> None:
    controllers = [split.controller(home) for home in (split.west, split.east)]
    for home, controller in zip((split.west, split.east), controllers, strict=True):
        home.wait_leading(controller)
        fleet = guarded(home)
        eject(home, fleet, fleet.pods()[0])
    split.west.until(
        lambda: [acted(controller) for controller in controllers] == [["Ejected pod"]] * 2,
        "each has acted once",
    )
    leases = split.west.api.get(LEASES.format(split.west.namespace))["items"]
    holders = {one["metadata"]["name"]: one["spec"]["holderIdentity"] for one in leases}
    assert holders.keys() == {"kubervisor-traffic-west", "kubervisor-traffic-east"}
    assert len(set(holders.values())) == 2


Two = tuple[Controller, Controller]
Order = Callable[[Split, Controller, Controller], Two]


def remove_then_add(split: Split, west: Controller, east: Controller) -> Two:
    """As the documentation says."""
    west = split.upgrade(west, split.west)
    return west, split.upgrade(east, split.east, split.moving)


def add_then_remove(split: Split, west: Controller, east: Controller) -> Two:
    """For a while it is in both sets: who came last has it, and the other lets go."""
    east = split.upgrade(east, split.east, split.moving)
    split.moving.until(lambda: leaves(west), "the old one lets go")
    split.moving.wait_condition("Ready")
    return split.upgrade(west, split.west), east


def both_at_once(split: Split, west: Controller, east: Controller) -> Two:
    """Both new ones wait for their Leases when the old ones are ended."""
    new = split.controller(split.west), split.controller(split.east, split.moving)
    assert [west.stop(), east.stop()] == [0, 0]
    split.west.wait_leading(new[0])
    split.east.wait_leading(new[1])
    return new


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(remove_then_add, id="it is removed from one and then added to the other"),
        pytest.param(add_then_remove, id="it is added to one and then removed from the other"),
        pytest.param(both_at_once, id="both are upgraded at once"),
    ],
)
def test_a_namespace_is_handed_over_with_what_is_ejected_in_it(order: Order, split: Split) -> None:
    before = split.controller(split.west, split.moving), split.controller(split.east)
    split.west.wait_leading(before[0])
    split.east.wait_leading(before[1])
    homes = split.west, split.moving, split.east
    fleets = [guarded(scene) for scene in homes]
    ejections = [eject(s, f, f.pods()[0]) for s, f in zip(homes, fleets, strict=True)]

    west, east = order(split, *before)
    began = [instants.parse(one.wait_line(is_leading, WITHIN, "")["ts"]) for one in (west, east)]
    anew = eject(split.moving, fleets[1], fleets[1].pods()[1])
    split.moving.until(lambda: "Ejected pod" in acted(east), "its new controller did it")
    assert epoch(anew) > epoch(ejections[1])

    for scene, ejection in zip(homes, ejections, strict=True):
        back = returned(scene, ejection)
        until = instants.parse(rules.notes(ejection.body)[rules.EJECTED_UNTIL])
        at = instants.parse(rules.notes(back.body)[rules.RETURNED_AT])
        assert until is not None
        assert at is not None
        assert until - 0.1 <= at < max(filter(None, began)) + OUT, "neither freed nor held anew"
        assert back.retries == 1
        assert [one.ejection for one in scene.ejections() if one.uid == ejection.uid] == [
            ejection.ejection
        ]
    assert "Ejected pod" not in acted(west)


def test_a_namespace_in_two_sets_is_guarded_by_whoever_leads_last(split: Split) -> None:
    first = split.controller(split.west, split.moving)
    split.west.wait_leading(first)
    fleet = guarded(
        split.moving, 6, defaultActivator={"period": FOREVER}, budget={"minAvailable": 3}
    )
    second = split.controller(split.east, split.moving)
    split.east.wait_leading(second)
    split.moving.until(lambda: leaves(first), "the first one lets go")
    split.moving.detector.outliers(*fleet.pods())
    fleet.wait(lambda f: len(f.out()) == 3, WITHIN, "the floor is reached")
    with split.moving.observer.silence("pods"):
        split.moving.evaluations(10)
    assert not acted(first)
    assert acted(second) == ["Ejected pod"] * 3
    assert not leaves(second)


def test_of_two_that_have_led_equally_often_one_guards_a_new_object(split: Split) -> None:
    both = split.controller(split.west, split.moving), split.controller(split.east, split.moving)
    split.west.wait_leading(both[0])
    split.east.wait_leading(both[1])
    fleet = guarded(split.moving)
    split.moving.until(lambda: any(map(leaves, both)), "one lets go")
    eject(split.moving, fleet, fleet.pods()[0])
    split.moving.evaluations(10)
    assert sorted(acted(one) for one in both) == [[], ["Ejected pod"]]
    assert sorted(map(leaves, both)) == [False, True]


def test_an_ejection_under_way_when_another_controller_takes_over_does_not_happen(
    split: Split,
) -> None:
    holds = Holds()
    with FaultProxy(split.moving.cluster) as proxy:
        first = split.controller(split.west, split.moving, kubeconfig=proxy.kubeconfig)
        split.west.wait_leading(first)
        fleet = guarded(split.moving)
        victim, other = fleet.pods()[:2]
        with proxy.rule(ejects, holds) as rule:
            split.moving.detector.outliers(victim)
            rule.wait(1, WITHIN)
            split.moving.detector.outliers()
            second = split.controller(split.east, split.moving)
            split.moving.until(lambda: any(map(is_fence, second.lines())), "it fences")
            with split.moving.observer.silence("pods"):
                holds.let_go()
                assert holds.wait_reply(WITHIN).status == 409
            split.moving.until(lambda: leaves(first), "the first one lets go")
        assert not fleet.out()
        eject(split.moving, fleet, other)
        expected = ["Fenced pod", "Ejected pod"]
        split.moving.until(lambda: acted(second) == expected, "it was the second one")


def is_fence(line: Line) -> bool:
    """Whether the line says that a declared ejection cannot happen any more."""
    return bool(line["event"] == "Fenced pod")


def is_leading(line: Line) -> bool:
    """Whether the line says that it leads."""
    return bool(line["event"] == "Leading")


def epoch(passage: Passage) -> int:
    """That of the leader who wrote it."""
    return int(rules.notes(passage.body)[rules.EPOCH])


def returned(scene: Scene, ejection: Passage) -> Passage:
    """The only return of that pod, as soon as it is back."""

    def found() -> list[Passage]:
        return [one for one in scene.returns() if one.uid == ejection.uid]

    scene.until(found, f"{ejection.pod} is back", OUT + WITHIN)
    (back,) = found()
    return back
