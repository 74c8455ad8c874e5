"""Kinds of workflows and their objects, as `deploy` and an operator leave them in a cluster."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubervisor import instants
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import await_object

GROUP, VERSION = "examples.io", "v1"
HOSTILE = "<img src=x onerror=window.owned=1>\u202e"
OPERATOR = "canary-operator"
OPERATOR_LABEL = "workflow.kubervisor.k8s.io/operator"
PHASES = [
    {"name": "Initializing", "initial": True, "next": ["Waiting"]},
    {
        "name": "Waiting",
        "next": ["Evaluating", "RollBack"],
        "timeout": 600,
        "onTimeout": "RollBack",
    },
    {"name": "Evaluating"},
    {"name": "RollBack", "final": True},
]
WITHIN = 60.0
Body = dict[str, Any]


def a_definition(
    kind: str = "CanaryDeployment",
    *,
    operator: str = OPERATOR,
    phases: object = PHASES,
) -> Body:
    """The definition of a kind that an operator looks after, with a schema that admits anything."""
    plural = f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{GROUP}",
            "labels": {OPERATOR_LABEL: operator},
            "annotations": {"workflow.kubervisor.k8s.io/phases": json.dumps(phases)},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def an_object(name: str, status: Body, *, kind: str = "CanaryDeployment") -> Body:
    """An object of such a kind."""
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"deployment": name},
        "status": status,
    }


def waiting(now: float, **more: Any) -> Body:
    """The status of one that has waited for five minutes."""
    return {
        "phase": "Waiting",
        "observedGeneration": 1,
        "phaseSince": _at(now - 300),
        "phaseMessage": "10 % of the requests go to the canary",
        "phaseHistory": [
            _passed(now - 360, "Initializing"),
            _passed(now - 300, "Waiting", "the canary is there"),
        ],
        "conditions": [_ready("True", "Synced", "", now), _complete("False", now)],
        "weight": 10,
        "primary": "shop-primary",
        **more,
    }


def failing(now: float) -> Body:
    """The status of one whose worker fails; its words are hostile."""
    return {
        "phase": "Evaluating",
        "observedGeneration": 1,
        "phaseSince": _at(now - 60),
        "phaseFailures": 3,
        "phaseMessage": f"looks at {HOSTILE}",
        "phaseHistory": [
            _passed(now - 400, "Initializing"),
            _passed(now - 300, "Waiting", HOSTILE),
            _passed(now - 60, "Evaluating"),
        ],
        "conditions": [_ready("False", "WorkerFailed", f"ValueError: {HOSTILE}", now)],
    }


def rolled_back(now: float) -> Body:
    """The status of one that has come to its end."""
    return {
        "phase": "RollBack",
        "observedGeneration": 1,
        "phaseSince": _at(now - 3600),
        "phaseMessage": "43 % of its requests failed",
        "phaseHistory": [
            _passed(now - 4200, "Initializing"),
            _passed(now - 4140, "Waiting"),
            _passed(now - 3660, "Evaluating"),
            _passed(now - 3600, "RollBack", "43 % of its requests failed"),
        ],
        "conditions": [_ready("True", "Resting", "", now), _complete("True", now)],
    }


@contextmanager
def defined(api: Api, *definitions: Body) -> Iterator[None]:
    """The API server serves these kinds; afterwards they are gone, and their objects."""
    kinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    try:
        for one in definitions:
            api.apply(f"{kinds}/{one['metadata']['name']}", one)
        for one in definitions:
            await_object(api, kinds, one["metadata"]["name"], _is_established, WITHIN)
        yield
    finally:
        undefine(api, *(one["metadata"]["name"] for one in definitions))


def undefine(api: Api, *names: str) -> None:
    """Return once these kinds are gone and their objects, also those that await an operator's end.

    An object with a finalizer whose operator does not run would keep its kind for ever.
    """
    kinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    there = [api.get(f"{kinds}/{name}") for name in names if api.exists(f"{kinds}/{name}")]
    for definition in there:
        api.delete(f"{kinds}/{definition['metadata']['name']}")
    for definition in there:
        _let_go(api, definition["spec"])
    for definition in there:
        _until_gone(api, f"{kinds}/{definition['metadata']['name']}")


def undefine_all(api: Api) -> None:
    """Return once the API server serves no kind of a workflow: earlier tests may have left some."""
    kinds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    left = api.get(kinds, labelSelector=OPERATOR_LABEL)["items"]
    undefine(api, *(one["metadata"]["name"] for one in left))


def _let_go(api: Api, kind: Json) -> None:
    """Take the finalizers off all objects of a kind that is about to go."""
    root = f"/apis/{kind['group']}/{kind['versions'][0]['name']}"
    plural = kind["names"]["plural"]
    try:
        objects = api.get(f"{root}/{plural}")["items"]
    except ApiRefused:  # the last one is gone, and the kind with it
        return
    for one in objects:
        if one["metadata"].get("finalizers"):
            where = f"{root}/namespaces/{one['metadata']['namespace']}/{plural}"
            path = f"{where}/{one['metadata']['name']}"
            with suppress(ApiRefused):  # it is gone meanwhile
                api.merge(path, {"metadata": {"finalizers": None}})


def put(api: Api, body: Body, namespace: str) -> Json:
    """Store an object as it is, with its status, as a person and the operator would."""
    plural, name = f"{body['kind'].lower()}s", body["metadata"]["name"]
    where = f"/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{plural}/{name}"
    body = {**body, "metadata": {**body["metadata"], "namespace": namespace}}
    api.apply(where, {key: one for key, one in body.items() if key != "status"})
    return api.merge(f"{where}/status", {"status": body["status"]})


def _until_gone(api: Api, path: str) -> None:
    deadline, pause = time.monotonic() + WITHIN, threading.Event()
    while api.exists(path):
        assert time.monotonic() < deadline, f"not within {WITHIN} s: {path} is gone"
        pause.wait(0.05)


def _is_established(definition: Json) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


def _passed(at: float, phase: str, message: str = "") -> Body:
    return {"phase": phase, "since": _at(at), **({"message": message} if message else {})}


def _ready(status: str, reason: str, message: str, now: float) -> Body:
    return _condition("Ready", status, reason, message, now)


def _complete(status: str, now: float) -> Body:
    return _condition("Complete", status, "Final" if status == "True" else "GoesOn", "", now)


def _condition(kind: str, status: str, reason: str, message: str, now: float) -> Body:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": _at(now - 240),
        "observedGeneration": 1,
    }


def _at(at: float) -> str:
    return instants.render(at, "microseconds")
