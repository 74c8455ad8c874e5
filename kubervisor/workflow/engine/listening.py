"""What the watches bring is taken in everywhere, before anybody is woken for it."""

from __future__ import annotations

from collections.abc import Iterator

from kubervisor.kube.caches import Changes
from kubervisor.workflow.engine.belongings import Belongings
from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.queueing import GONE, Wakes
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.watching import World
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.scheduler.inventory import Ref


def listen(
    world: World,
    resources: Written[Key],
    outputs: Written[Ref],
    belongings: Belongings,
    wakes: Wakes,
) -> None:
    """Have all of them hear of each change that the caches of `world` take in."""

    def resources_changed(changes: Changes[Seen]) -> None:
        for one, version in _told(changes):
            resources.shown(Key(one.namespace, one.name), version)
        wakes.resources_changed(changes)

    def objects_changed(changes: Changes[Seen]) -> None:
        for one, version in _told(changes):
            outputs.shown(one.ref, version)
        belongings.take_in(changes)
        wakes.objects_changed(changes)

    world.resources.cache.subscribe(resources_changed)
    for kind in world.kinds.values():
        kind.cache.subscribe(objects_changed)


def _told(changes: Changes[Seen]) -> Iterator[tuple[Seen, int]]:
    """Each object that changed, and as of which version."""
    for old, new in changes:
        if new is not None:
            yield new, new.version
        elif old is not None:
            yield old, GONE
