"""The fault shapes: what goes wrong, in which fleet, and whom it is right to eject."""

from __future__ import annotations

from dataclasses import dataclass

from kubervisor.simulation.scenario import Fault, Memory, Scenario, Scrapes, Traffic

START = 120.0
"""Seconds until the fault begins: every window is full by then."""
DURATION = 480.0

Pods = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A scenario; `curable` where ejecting the faulty pods is the cure, so that they should be."""

    name: str
    scenario: Scenario
    curable: bool = True


def _shape(
    name: str,
    *faults: Fault,
    pods: int = 10,
    traffic: Traffic | None = None,
    duration: float = DURATION,
    scrape: float = 5.0,
    new: Pods = (),
) -> Shape:
    scenario = Scenario(
        name=name,
        pods=pods,
        new=new,
        duration=duration,
        traffic=traffic or Traffic(),
        scrapes=Scrapes(interval=scrape),
        faults=faults,
    )
    return Shape(name, scenario, curable=any(fault.outlier for fault in faults))


def hard(
    pods: int = 10, outliers: int = 1, *, scrape: float = 5.0, traffic: Traffic | None = None
) -> Shape:
    """Half the requests of some pods fail."""
    name = f"hard 50 %, {outliers} of {pods}"
    return _erring(name, 50, pods, outliers, scrape, traffic)


def gray(
    percent: float,
    pods: int = 10,
    *,
    scrape: float = 5.0,
    traffic: Traffic | None = None,
) -> Shape:
    """A few in a hundred requests of a pod fail."""
    return _erring(f"gray {percent:g} %, 1 of {pods}", percent, pods, 1, scrape, traffic)


def _erring(
    name: str, percent: float, pods: int, outliers: int, scrape: float, traffic: Traffic | None
) -> Shape:
    fault = Fault(pods=tuple(range(outliers)), start=START, error_percent=percent)
    return _shape(name, fault, pods=pods, traffic=traffic, scrape=scrape)


def slow(factor: float, pods: int = 10) -> Shape:
    """A pod takes longer for every request."""
    fault = Fault(start=START, slow=factor)
    return _shape(f"slow x{factor:g}, 1 of {pods}", fault, pods=pods)


def dependency(pods: int = 10, *, stagger: float = 0.0) -> Shape:
    """What all pods call is down: ejecting cures nothing."""
    fault = Fault(
        pods="all", start=START, error_percent=40, stagger=stagger, outlier=False, duration=300
    )
    how = f", {stagger:g} s apart" if stagger else ""
    return _shape(f"global dependency{how}, {pods}", fault, pods=pods)


def healthy(
    pods: int,
    *,
    scrape: float = 5.0,
    traffic: Traffic | None = None,
    memory: Memory | None = None,
) -> Scenario:
    """A day on which nothing is wrong; in steps of a scrape."""
    return Scenario(
        name=f"healthy, {pods}",
        pods=pods,
        duration=86_400,
        tick=scrape,
        traffic=traffic or Traffic(),
        memory=memory or Memory(),
        scrapes=Scrapes(interval=scrape),
    )


def all_shapes() -> tuple[Shape, ...]:
    """Every shape of the table."""
    return (
        *_failing(),
        *(slow(factor) for factor in (1.5, 2, 5)),
        *_coming_and_going(),
        *_of_many(),
        *_of_fleets(),
        *_of_measurement(),
    )


def _failing() -> tuple[Shape, ...]:
    return (hard(), *(gray(percent) for percent in (2, 5, 8, 10)))


def _coming_and_going() -> tuple[Shape, ...]:
    cold = Fault(
        pods=(0, 1), start=START, duration=45, error_percent=20, slow=3, restart=True, outlier=False
    )
    client = Fault(pods=(0,), start=START, error_percent=30, moves=5.0, outlier=False)
    return (
        _shape("30 s on, 30 s off", Fault(start=START, error_percent=50, on=30, off=30)),
        _shape("cold start of 2", cold),
        _shape("poison client that hops", client),
    )


def _of_many() -> tuple[Shape, ...]:
    zone = Fault(pods=(0, 3, 6), start=START, error_percent=50)
    version = Fault(pods=(6, 7, 8, 9), start=START, error_percent=30, outlier=False)
    return (
        hard(10, 3),
        hard(10, 4),
        _shape("zone: 3 of 9", zone, pods=9),
        _shape("version: the 4 new of 10", version, new=(6, 7, 8, 9)),
        dependency(),
        dependency(stagger=10),
        _shape(
            "sticky load, hard",
            Fault(start=START, error_percent=50),
            traffic=Traffic(weight_cv=0.6),
        ),
    )


def _of_fleets() -> tuple[Shape, ...]:
    fleets = tuple(hard(pods) for pods in (2, 3, 5, 50, 200))
    lone = _erring("0.5 rps, hard, 1 of 10", 50, 10, 1, 5.0, Traffic(rps=0.5))
    return (*fleets, lone)


def _of_measurement() -> tuple[Shape, ...]:
    failing = Fault(start=START, error_percent=50)
    return (
        _shape("half the scrapes missing", failing, Fault(pods="all", missing=50, outlier=False)),
        _shape(
            "stale for 60 s",
            failing,
            Fault(start=START, duration=60, silent=True, outlier=False),
        ),
        _shape(
            "counter reset",
            Fault(start=START, error_percent=50, restart=True),
            Fault(pods=(4, 5), start=START + 60, restart=True, outlier=False),
        ),
        _shape("clock skew of 3 s", failing, Fault(pods=(0, 1, 2), skew=-3, outlier=False)),
    )
