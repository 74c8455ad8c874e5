"""What a storm of ejections is, and what is left of it after its first minute."""

from __future__ import annotations

from collections import Counter

from kubervisor.runtime.storm import EjectionLimit

SERVICES = [f"shop-{number}" for number in range(20)]


class Hands:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ejections(
    limit: EjectionLimit, clock: Hands, *, seconds: float, services: list[str], each: float = 0.1
) -> Counter[str]:
    """How many pods each Service ejects when all of them want to all the time."""
    done: Counter[str] = Counter()
    ends = clock.now + seconds
    while clock.now < ends:
        done.update(service for service in services if limit.take(service) == 0)
        clock.now += each
    return done


def test_the_first_minute_of_a_storm_has_the_whole_rate() -> None:
    clock = Hands()
    done = ejections(EjectionLimit(5, clock=clock), clock, seconds=60, services=SERVICES)

    assert 295 <= done.total() <= 307


def test_after_a_minute_each_service_ejects_one_pod_in_ten_seconds() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    ejections(limit, clock, seconds=61, services=SERVICES)

    done = ejections(limit, clock, seconds=100, services=SERVICES)

    assert all(9 <= done[service] <= 11 for service in SERVICES)


def test_a_calm_minute_ends_a_storm() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    ejections(limit, clock, seconds=90, services=SERVICES)
    clock.now += 61

    done = ejections(limit, clock, seconds=10, services=SERVICES[:1])

    assert done.total() >= 30


def test_one_pod_after_another_for_hours_is_no_storm() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)

    done = ejections(limit, clock, seconds=7200, services=SERVICES[:1], each=2)

    assert done.total() == 3600


def test_one_service_ejects_at_most_five_in_any_second() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    clock.now += 3600
    instants = []
    for _ in range(1000):
        if limit.take("shop") == 0:
            instants.append(clock.now)
        clock.now += 0.01

    assert max(sum(at <= later < at + 1 for later in instants) for at in instants) <= 5
    assert len(instants) >= 45


def test_after_an_outage_all_services_together_eject_five_a_second() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    clock.now += 3600
    limit.outage()

    first = ejections(limit, clock, seconds=1, services=SERVICES, each=0.01).total()
    second = ejections(limit, clock, seconds=1, services=SERVICES, each=0.01).total()

    assert first <= 5
    assert second <= 5


def test_a_service_that_is_calm_is_not_slowed_by_the_storm_of_others() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    ejections(limit, clock, seconds=90, services=SERVICES[1:])

    assert limit.take(SERVICES[0]) == 0


def test_one_service_alone_can_make_a_storm() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    first = ejections(limit, clock, seconds=62, services=SERVICES[:1], each=0.05).total()
    rest = ejections(limit, clock, seconds=40, services=SERVICES[:1], each=0.05).total()

    assert first > 200
    assert rest <= 5


def test_a_few_pods_again_and_again_are_no_storm() -> None:
    clock = Hands()
    limit = EjectionLimit(5, clock=clock)
    for _ in range(60):
        done = ejections(limit, clock, seconds=0.5, services=SERVICES[:1], each=0.05).total()
        assert done >= 2
        clock.now += 10
