"""A shop on a cluster, as the tests of its canary need it."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from kubervisor.workflow import Json, OnlyFields
from kubervisor.workflow.testing import NOW, a_resource
from kubervisor.workflow.weights import weights

from canary_operator.operator import OPERATOR
from canary_operator.phases import CanaryDeployment, Phase

SPEC: Json = {
    "deployment": "shop",
    "ports": [80],
    "successThreshold": 99,
    "measurementInterval": "1m",
    "analysisPeriod": "30s",
}
OWNED = {"metadata": {"ownerReferences": [{"uid": "uid-of-shop"}]}}


def canary(
    phase: Phase,
    *,
    since: float | None = None,
    status: Json | None = None,
    in_phase: float = 60,
    **spec: Any,
) -> CanaryDeployment:
    """The resource, in its phase for 60 seconds; its version has had requests `since` so many."""
    said: Json = {"trying": 7, "weight": 10} if since is not None else {}
    if since is not None:
        said["timeStarted"] = (NOW - timedelta(seconds=since)).isoformat()
    return a_resource(
        OPERATOR,
        phase,
        name="shop",
        spec=SPEC | spec,
        status=said | (status or {}),
        in_phase=in_phase,
    )


def deployment(
    name: str = "shop",
    *,
    image: str = "shop:1.0",
    replicas: int = 3,
    available: int | None = None,
    canary: str | None = None,
    generation: int = 7,
    conditions: tuple[Json, ...] = (),
) -> Json:
    """A Deployment all of whose pods serve, unless it is said how many."""
    label = {} if canary is None else {"canary": canary}
    serving = replicas if available is None else available
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "uid": name, "generation": generation},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": {"app": "shop", **label}},
            "template": {
                "metadata": {"labels": {"app": "shop", "tier": "web", **label}},
                "spec": {"containers": [{"name": "shop", "image": image}]},
            },
        },
        "status": {
            "observedGeneration": generation,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "availableReplicas": serving,
            "conditions": list(conditions),
        },
    }


def target(image: str = "shop:1.0", replicas: int = 0, **more: Any) -> Json:
    return deployment(image=image, replicas=replicas, **more)


def primary(image: str = "shop:1.0", replicas: int = 3, **more: Any) -> Json:
    return deployment("shop-primary", image=image, replicas=replicas, canary="false", **more)


def trial(image: str = "shop:1.1", replicas: int = 1, **more: Any) -> Json:
    return deployment("shop-canary", image=image, replicas=replicas, canary="true", **more)


def pod(name: str = "shop-canary-abc-1", **labels: str) -> Json:
    hashed = {"app": "shop", "canary": "true", "pod-template-hash": "abc"}
    return {"metadata": {"name": name, "uid": name, "labels": hashed | labels}}


def guard(*, service: str = "shop", outlier: str = "", sources: str = "") -> Json:
    """A KubervisorService that finds this version the outlier; `sources` is what is wrong there."""
    said = f"Most pods of the newer version {outlier} are outliers" if outlier else ""
    conditions = [
        {"type": "VersionOutlier", "status": "True" if outlier else "False", "message": said},
        {"type": "SourcesAvailable", "status": "True", "message": sources},
    ]
    return {
        "metadata": {"name": "shop", "uid": "guard"},
        "spec": {"service": service},
        "status": {"conditions": conditions},
    }


def ours(body: Json) -> Json:
    """The object as one that the resource owns."""
    changed = copy.deepcopy(body)
    changed["metadata"] |= OWNED["metadata"] | {"uid": changed["metadata"]["name"]}
    return changed


def split(route: Json) -> int:
    """The percentage that the trial gets, the same by all rules."""
    (percentage,) = {rule["shop-canary"] for rule in weights(route)}
    assert all(sum(rule.values()) == 100 for rule in weights(route))
    return percentage


def sizes(deployments: Any) -> dict[str, int]:
    """How many pods each Deployment is to have."""
    bodies = [one.body if isinstance(one, OnlyFields) else one for one in deployments or ()]
    return {body["metadata"]["name"]: body["spec"]["replicas"] for body in bodies}


def images(deployments: Any) -> dict[str, str]:
    """Which version each Deployment of ours is to have."""
    owned = [one for one in deployments or () if not isinstance(one, OnlyFields)]
    return {
        body["metadata"]["name"]: body["spec"]["template"]["spec"]["containers"][0]["image"]
        for body in owned
    }
