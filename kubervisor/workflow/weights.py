"""Which share of its requests a route gives to each of its backends: an Istio VirtualService's or a
Gateway API HTTPRoute's.

A backend is named as its route names it: `shop-canary`, with a subset `shop/v2`, and in another
namespace `shop.prod`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from kubervisor.workflow.objects import Json

_RULES = {"VirtualService": ("http", "tls", "tcp"), "HTTPRoute": ("rules",)}
_BACKENDS = {"VirtualService": "route", "HTTPRoute": "backendRefs"}


def weights(route: Json) -> tuple[Mapping[str, int], ...]:
    """The weights of each rule that has backends, in the rules' order. A backend gets its weight's
    share of their sum.

    Raises ValueError where the object is no route, or a rule has two backends of one name.

    >>> one = {"destination": {"host": "a"}, "weight": 90}
    >>> other = {"destination": {"host": "b"}, "weight": 10}
    >>> weights({"kind": "VirtualService", "spec": {"http": [{"route": [one, other]}]}})
    ({'a': 90, 'b': 10},)
    """
    return tuple(
        {name: _weight(route, backends, backend) for name, backend in backends.items()}
        for backends in _rules(route)
    )


def with_weights(route: Json, wanted: Mapping[str, int]) -> Json:
    """A copy of the route in which the rules between exactly these backends have these weights;
    its other rules stay as they are.

    Raises ValueError where there is no such rule, or the weights cannot be split by: one is
    negative, or none is above 0.
    """
    if any(weight < 0 for weight in wanted.values()) or not any(wanted.values()):
        raise ValueError(f"weights are 0 or more, and one is above 0, not {dict(wanted)}")
    changed = deepcopy(route)
    fitting = [backends for backends in _rules(changed) if backends.keys() == wanted.keys()]
    if not fitting:
        raise ValueError(f"{_named(route)} has no rule between {', '.join(sorted(wanted))}")
    for backends in fitting:
        for name, backend in backends.items():
            backend["weight"] = wanted[name]
    return changed


def _rules(route: Json) -> Iterator[dict[str, Json]]:
    """The backends of each rule that has some, by name."""
    kind = route.get("kind", "")
    if kind not in _RULES:
        raise ValueError(f"a route is a {' or '.join(_RULES)}, not a {kind or 'thing of no kind'}")
    for place in _RULES[kind]:
        for rule in route.get("spec", {}).get(place) or ():
            backends = rule.get(_BACKENDS[kind]) or ()
            by_name = {_name(kind, backend): backend for backend in backends}
            if len(by_name) < len(backends):
                raise ValueError(f"{_named(route)} has a rule with two backends of one name")
            if by_name:
                yield by_name


def _name(kind: str, backend: Json) -> str:
    if kind == "HTTPRoute":
        namespace = backend.get("namespace")
        return f"{backend['name']}.{namespace}" if namespace else str(backend["name"])
    host, subset = backend["destination"]["host"], backend["destination"].get("subset")
    return f"{host}/{subset}" if subset else str(host)


def _weight(route: Json, backends: Mapping[str, Json], backend: Json) -> int:
    """An HTTPRoute's default is 1. In a VirtualService that is silent, an only backend has all."""
    if "weight" in backend:
        return int(backend["weight"])
    if route["kind"] == "HTTPRoute":
        return 1
    return 100 if len(backends) == 1 else 0


def _named(route: Json) -> str:
    return f"{route['kind']} {route.get('metadata', {}).get('name', '')}".rstrip()
