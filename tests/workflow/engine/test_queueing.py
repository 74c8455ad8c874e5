"""Who is woken by which change: readers and owners are, and nobody by what it wrote itself."""

from __future__ import annotations

from kubervisor.kube.caches import Changes
from kubervisor.workflow.engine.kinds import Key
from kubervisor.workflow.engine.queueing import SHORTEST_REST, InHand, Own, Wakes
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.scheduler.dependencies import Found, Listed
from kubervisor.workflow.scheduler.inventory import Ref
from tests.workflow.engine.seen_objects import seen

KEY, OTHER = Key("shop", "one"), Key("shop", "two")
READ = Found("configmaps", "shop", "a")
LIST = Listed("configmaps", "shop", {"app": "x"})


class _World:
    """A queue at a time that only passes when told."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wakes = Wakes(lambda: self.now)

    def is_due(self) -> bool:
        """Whether somebody is due by now, without waiting."""
        self.now += SHORTEST_REST
        return bool(self.wakes) and self._earliest() <= self.now

    def _earliest(self) -> float:
        queue = self.wakes._queue
        queue._promote()
        return self.now if queue._order else min(queue._due.values(), default=self.now + 1)

    def begin(self, key: Key = KEY) -> InHand:
        self.wakes.wake(key)
        self.now += SHORTEST_REST
        return self.wakes.take()

    def synced(self, *reads: Found | Listed, own: Own | None = None, key: Key = KEY) -> None:
        """`key` was synced, has read so, and is not due by itself."""
        hand = self.begin(key)
        hand.reads += reads
        self.wakes.settle(hand, own or {}, None)


def changed(name: str, version: int, **labels: str) -> Changes[Seen]:
    one = seen(name, version, meta={"labels": labels})
    return [(one, one)]


def test_a_change_of_what_was_read_wakes_its_reader() -> None:
    world = _World()
    world.synced(READ)
    world.wakes.objects_changed(changed("b", 5))
    assert not world.is_due()
    world.wakes.objects_changed(changed("a", 6))
    assert world.is_due()


def test_an_object_that_goes_wakes_its_reader() -> None:
    world = _World()
    world.synced(READ, own={Ref("configmaps", "shop", "a"): 100})
    world.wakes.objects_changed([(seen("a", 5), None)])
    assert world.is_due()


def test_an_object_that_comes_to_a_list_or_leaves_it_wakes_its_reader() -> None:
    for old, new in ((None, {"app": "x"}), ({"app": "x"}, {"app": "y"})):
        world = _World()
        world.synced(LIST)
        before = seen("z", 4, meta={"labels": old}) if old is not None else None
        world.wakes.objects_changed([(before, seen("z", 5, meta={"labels": new}))])
        assert world.is_due()


def test_nobody_is_woken_by_what_it_wrote_itself() -> None:
    world = _World()
    world.synced(READ, own={Ref("configmaps", "shop", "a"): 5, None: 9})
    world.wakes.objects_changed(changed("a", 5))
    world.wakes.resources_changed(changed("one", 9))
    assert not world.is_due()
    world.wakes.resources_changed(changed("one", 10))
    assert world.is_due()


def test_a_write_that_is_shown_while_the_sync_goes_on_is_no_news_either() -> None:
    world = _World()
    hand = world.begin()
    hand.reads.append(READ)
    world.wakes.objects_changed(changed("a", 5))
    world.wakes.resources_changed(changed("one", 6))
    world.wakes.settle(hand, {Ref("configmaps", "shop", "a"): 5, None: 6}, None)
    assert not world.is_due()


def test_a_change_by_another_while_the_sync_goes_on_is_not_lost() -> None:
    world = _World()
    hand = world.begin()
    hand.reads.append(READ)  # read for the first time: no index knows of it yet
    world.wakes.objects_changed(changed("a", 5))
    world.wakes.settle(hand, {None: 4}, None)
    assert world.is_due()


def test_others_are_woken_by_what_one_wrote() -> None:
    world = _World()
    world.synced(READ, key=OTHER)
    world.synced(READ, own={Ref("configmaps", "shop", "a"): 5})
    world.wakes.objects_changed(changed("a", 5))
    assert world.is_due()
    assert world.wakes.take().key == OTHER


def test_many_changes_are_one_sync_and_not_at_once() -> None:
    world = _World()
    world.synced(READ)
    for version in range(10, 20):
        world.wakes.objects_changed(changed("a", version))
    assert len(world.wakes) == 1
    assert world.is_due()


def test_who_backs_off_is_woken_by_its_own_change_only() -> None:
    world = _World()
    hand = world.begin()
    hand.reads.append(READ)
    world.wakes.settle(hand, {}, 8.0, backs_off=True)
    world.wakes.objects_changed(changed("a", 5))
    assert not world.is_due()
    world.wakes.resources_changed(changed("one", 6))
    assert world.is_due()


def test_who_backed_off_is_due_by_itself_after_that() -> None:
    world = _World()
    world.wakes.settle(world.begin(), {}, 8.0, backs_off=True)
    assert not world.is_due()
    world.now += 8.0
    assert world.is_due()


def test_a_sync_puts_off_what_was_due_before_it() -> None:
    world = _World()
    world.wakes.settle(world.begin(), {}, 5.0)
    world.wakes.resources_changed(changed("one", 6))
    world.now += SHORTEST_REST
    world.wakes.settle(world.wakes.take(), {None: 6}, 60.0, backs_off=True)
    world.now += 10.0
    world.wakes.wake(OTHER)
    assert world.wakes.take().key == OTHER  # the timer of the first sync is no reason any more
    world.now += 50.0
    assert world.wakes.take().key == KEY


def test_what_is_gone_is_woken_by_nothing() -> None:
    world = _World()
    world.synced(READ)
    world.wakes.drop(world.begin())
    world.wakes.objects_changed(changed("a", 5))
    assert not world.is_due()


def test_one_that_comes_while_the_former_is_dropped_is_not_lost() -> None:
    world = _World()
    hand = world.begin()
    world.wakes.resources_changed(changed("one", 7))
    world.wakes.drop(hand)
    assert world.is_due()


def test_what_broke_off_is_due_again() -> None:
    world = _World()
    world.wakes.give_back(world.begin())
    assert world.is_due()
