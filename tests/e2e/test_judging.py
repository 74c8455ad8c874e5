"""An ejection is judged by what was stored when it was written, whenever the watches tell it."""

from __future__ import annotations

from playground.fleet_api import Json
from tests.e2e.judging import Judging
from tests.e2e.test_invariants import SELECTOR, SPEC, a_pod, ejected


def stored(version: int, **more: Json) -> Json:
    return {"metadata": {"name": "shop", "resourceVersion": str(version)}, **more}


def guard(version: int, at_least: int) -> Json:
    breaker = {"name": "oracle", "minPodsAvailableCount": at_least}
    return stored(version, spec=SPEC | {"breakers": [breaker]})


def shop(version: int) -> Json:
    return stored(version, spec={"selector": SELECTOR})


def told(judging: Judging, version: int) -> None:
    """One of two that serve was ejected."""
    before = a_pod()
    after = ejected(before)
    after["metadata"]["resourceVersion"] = str(version)
    judging.ejection("ns/a", before, after, [after, a_pod("b")])


def test_what_is_told_after_the_ejection_but_was_stored_before_it_counts() -> None:
    judging = Judging()
    told(judging, 5)
    judging.service("ns/shop", shop(2))
    judging.guard(guard(3, at_least=1))
    assert not [*judging.breaches()]


def test_the_spec_of_that_moment_counts_neither_an_older_nor_a_newer_one() -> None:
    judging = Judging()
    judging.service("ns/shop", shop(1))
    judging.guard(guard(2, at_least=1))
    judging.guard(guard(3, at_least=2))
    told(judging, 5)
    judging.guard(guard(6, at_least=1))
    (breach,) = judging.breaches()
    assert breach == "pod ns/a: I1: oracle left 1 of 2 serving, its floor is 2"
    assert not [*judging.breaches()], "it is told once"


def test_a_breaker_that_came_later_is_no_reason() -> None:
    judging = Judging()
    judging.service("ns/shop", shop(1))
    told(judging, 5)
    judging.guard(guard(6, at_least=1))
    (breach,) = judging.breaches()
    assert "ejected by breaker oracle, which no KubervisorService has" in breach


def test_a_service_that_was_gone_by_then_holds_nothing_back() -> None:
    judging = Judging()
    judging.service("ns/shop", shop(1))
    judging.service("ns/shop", None)
    judging.guard(guard(2, at_least=2))
    told(judging, 5)
    assert not [*judging.breaches()]
    judging.service("ns/shop", shop(6))
    told(judging, 7)
    assert len([*judging.breaches()]) == 1
