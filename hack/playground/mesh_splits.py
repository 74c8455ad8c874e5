"""How the routes of a namespace split the requests to a Service, as a mesh does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from kubervisor.workflow.weights import weights
from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch

_ROUTES = {
    "VirtualService": "/apis/networking.istio.io/v1alpha3/namespaces/{}/virtualservices",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
}

Split = Mapping[str, int]
"""The weights of Services."""


class Splits:
    """Which Services get the requests to `service` at `port`, until closed. `changed` is called on
    the threads of the watches with each new split.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        service: str,
        port: int,
        changed: Callable[[Split], None],
    ) -> None:
        self._told, self._all_to = changed, {service: 1}
        self._last: Split = {}
        self._watches: tuple[Watch[Split], ...] = ()
        self._watches = tuple(
            Watch(api, path.format(namespace), _reader(kind, service, port), changed=self._changed)
            for kind, path in _ROUTES.items()
        )
        self._changed()

    @property
    def now(self) -> Split:
        """Without a route, the Service itself has all."""
        of_routes = (one for watch in self._watches for one in watch.objects.values())
        return next(filter(None, of_routes), self._all_to)

    def close(self) -> None:
        """End the watches."""
        for watch in self._watches:
            watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _changed(self, *_: object) -> None:
        now = self.now
        if now != self._last:
            self._last = now
            self._told(now)


def split_of(route: Json, service: str, port: int) -> Split | None:
    """How a VirtualService or an HTTPRoute splits the requests to a Service at a port; None where
    it does not.

    >>> rule = {"backendRefs": [{"name": "a", "weight": 9}, {"name": "b", "weight": 1}]}
    >>> spec = {"parentRefs": [{"kind": "Service", "name": "shop"}], "rules": [rule]}
    >>> split_of({"kind": "HTTPRoute", "spec": spec}, "shop", 80)
    {'a': 9, 'b': 1}
    """
    spec = route["spec"]
    if route["kind"] == "HTTPRoute":
        parents = [
            parent
            for parent in spec.get("parentRefs", ())
            if parent.get("kind") == "Service" and parent["name"] == service
        ]
        if not any(parent.get("port", port) == port for parent in parents):
            return None
        rules = spec.get("rules", ())
    else:
        if service not in spec.get("hosts", ()):
            return None
        rules = [rule for rule in spec.get("http", ()) if _matches(rule, port)]
    return weights(_only(route, rules[0]))[0] if rules else None


def _reader(kind: str, service: str, port: int) -> Callable[[Json], Split]:
    """Items of a LIST need not say what they are."""
    return lambda route: split_of(route | {"kind": kind}, service, port) or {}


def _matches(rule: Json, port: int) -> bool:
    matches = rule.get("match") or [{}]
    return any(one.get("port", port) == port for one in matches)


def _only(route: Json, rule: Json) -> Json:
    """The route with a single rule."""
    field = "rules" if route["kind"] == "HTTPRoute" else "http"
    return {"kind": route["kind"], "spec": {field: [rule]}}
