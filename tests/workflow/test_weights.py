"""Weights of routes, read and set."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.workflow.weights import weights, with_weights

Json = dict[str, Any]


def virtual_service(*rules: Json, place: str = "http") -> Json:
    return {"kind": "VirtualService", "metadata": {"name": "shop"}, "spec": {place: list(rules)}}


def http_route(*rules: Json) -> Json:
    return {"kind": "HTTPRoute", "metadata": {"name": "shop"}, "spec": {"rules": list(rules)}}


def to(host: str, weight: int | None = None, **more: Any) -> Json:
    destination = {"destination": {"host": host, **more}}
    return destination if weight is None else destination | {"weight": weight}


def ref(name: str, weight: int | None = None, **more: Any) -> Json:
    return {"name": name, "port": 80, **more} | ({} if weight is None else {"weight": weight})


SPLIT = {"primary": 90, "canary": 10}
ROUTES = {
    "VirtualService": virtual_service({"route": [to("primary", 90), to("canary", 10)]}),
    "HTTPRoute": http_route({"backendRefs": [ref("primary", 90), ref("canary", 10)]}),
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_the_weights_of_each_rule_are_read(route: Json) -> None:
    assert weights(route) == (SPLIT,)


@pytest.mark.parametrize(
    ("route", "read"),
    [
        pytest.param(virtual_service({"route": [to("a")]}), {"a": 100}, id="an only one has all"),
        pytest.param(
            virtual_service({"route": [to("a"), to("b", 5)]}), {"a": 0, "b": 5}, id="else nothing"
        ),
        pytest.param(
            http_route({"backendRefs": [ref("a"), ref("b")]}), {"a": 1, "b": 1}, id="equal shares"
        ),
        pytest.param(
            virtual_service({"route": [to("a", 1, subset="v1"), to("a", 2, subset="v2")]}),
            {"a/v1": 1, "a/v2": 2},
            id="subsets of one host",
        ),
        pytest.param(
            http_route({"backendRefs": [ref("a", 1), ref("a", 2, namespace="far")]}),
            {"a": 1, "a.far": 2},
            id="one in another namespace",
        ),
        pytest.param(
            virtual_service({"route": [to("a", 7)]}, place="tcp"), {"a": 7}, id="not http alone"
        ),
    ],
)
def test_what_a_route_leaves_open_is_read_as_the_mesh_does(
    route: Json, read: dict[str, int]
) -> None:
    assert weights(route) == (read,)


@pytest.mark.parametrize(
    "route",
    [
        virtual_service({"redirect": {"uri": "/"}}),
        http_route({"filters": []}),
        {"kind": "HTTPRoute", "spec": {}},
        {"kind": "VirtualService"},
    ],
)
def test_rules_without_backends_have_no_weights(route: Json) -> None:
    assert weights(route) == ()


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
@given(canary=st.integers(0, 100))
def test_what_is_set_is_what_is_read(route: Json, canary: int) -> None:
    before = copy.deepcopy(route)
    wanted = {"primary": 100 - canary, "canary": canary}

    changed = with_weights(route, wanted)

    assert weights(changed) == (wanted,)
    assert route == before
    assert with_weights(changed, SPLIT) == before


def test_rules_between_other_backends_stay() -> None:
    rules: list[Json] = [
        {"route": [to("primary", 90), to("canary", 10)]},
        {"route": [to("admin")]},
        {"redirect": {"uri": "/"}},
    ]

    changed = with_weights(virtual_service(*rules), {"primary": 100, "canary": 0})

    assert weights(changed) == ({"primary": 100, "canary": 0}, {"admin": 100})
    assert changed["spec"]["http"][1:] == rules[1:]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"primary": 100, "other": 0}, "VirtualService shop has no rule between other, primary"),
        ({"primary": 100}, "has no rule between primary"),
        ({"primary": 110, "canary": -10}, "weights are 0 or more"),
        ({"primary": 0, "canary": 0}, "one is above 0"),
        ({}, "one is above 0"),
    ],
)
def test_a_split_that_cannot_be_is_refused(wanted: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        with_weights(ROUTES["VirtualService"], wanted)


def test_two_backends_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="HTTPRoute shop has a rule with two backends of one name"):
        weights(http_route({"backendRefs": [ref("a", port=1), ref("a", port=2)]}))


@pytest.mark.parametrize("kind", ["Service", ""])
def test_only_routes_have_weights(kind: str) -> None:
    with pytest.raises(ValueError, match="a route is a VirtualService or HTTPRoute, not a"):
        weights({"kind": kind, "spec": {}})
