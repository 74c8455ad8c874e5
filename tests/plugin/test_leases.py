"""What the Leases of controllers tell: who acts, and who was told to stop."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_kubervisor import words
from kubectl_kubervisor.leases import controllers, idle, stopped_for
from kubectl_kubervisor.objects import Json
from tests.plugin.bodies import NOW, a_lease


def test_only_leases_of_controllers_are_stopped() -> None:
    names = ("kubervisor-traffic", "kubervisor-traffic-1a2b", "kubervisor-trafficker", "other")
    leases = [{"metadata": {"name": name}} for name in names]
    assert [one["metadata"]["name"] for one in controllers(leases)] == list(names[:2])


def stopped(word: str) -> Json:
    return a_lease(notes={words.STOPPED: word})


WORDS = [
    pytest.param(a_lease(), set(), id="none"),
    pytest.param(stopped('["*"]'), {"*"}, id="all namespaces"),
    pytest.param(stopped('["cart", "shop"]'), {"cart", "shop"}, id="two of them"),
    pytest.param(stopped("yes"), {"*"}, id="what is no JSON stops everything"),
    pytest.param(stopped('{"a": 1}'), {"*"}, id="what is no list does too"),
    pytest.param(stopped("[1]"), {"*"}, id="and a list of numbers"),
]


@pytest.mark.parametrize(("lease", "where"), WORDS)
def test_where_controllers_are_stopped(lease: Json, where: set[str]) -> None:
    assert stopped_for(lease) == where


ACTING: list[Any] = [
    pytest.param([], "", id="without a Lease nobody knows"),
    pytest.param([a_lease()], "", id="fresh"),
    pytest.param([a_lease(renewed=-90)], "", id="renewed in the future: a clock is wrong"),
    pytest.param([a_lease(renewed=30)], "", id="late: a clock may be wrong"),
    pytest.param([a_lease(renewed=300)], "was last renewed 5m ago", id="stale"),
    pytest.param([a_lease(holder="")], "is held by nobody", id="given up"),
    pytest.param([stopped('["*"]')], "stops them", id="stopped everywhere"),
    pytest.param([stopped('["web"]')], "stops them", id="stopped here"),
    pytest.param([stopped('["cart"]')], "", id="stopped elsewhere"),
    pytest.param([a_lease(renewed=300), a_lease()], "", id="another acts"),
]


@pytest.mark.parametrize(("found", "why"), ACTING)
def test_why_no_controller_acts(found: list[Json], why: str) -> None:
    said = idle(found, "web", NOW)
    assert (why in said, bool(said)) == (True, bool(why))
