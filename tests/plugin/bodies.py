"""API objects as the plugin reads them, in few words."""

from __future__ import annotations

import time
from typing import Any

from kubectl_kubervisor import words
from kubectl_kubervisor.instants import parse
from kubectl_kubervisor.objects import Guard, Json, Pod, guard, pod

NOW = parse("2026-11-21T10:00:00Z") or 0.0
AN_HOUR_AGO = "2026-11-21T09:00:00Z"
A_MINUTE_AGO = "2026-11-21T09:59:00Z"
IN_FIVE_MINUTES = "2026-11-21T10:05:00Z"


def at(seconds_ago: float) -> str:
    """An instant before NOW."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - seconds_ago))


def a_pod(
    name: str = "shop-1",
    traffic: str | None = "yes",
    *,
    ready: bool = True,
    phase: str = "Running",
    deleting: bool = False,
    owner: tuple[str, str] = ("ReplicaSet", "shop"),
    labels: dict[str, str] | None = None,
    notes: dict[str, str] | None = None,
) -> Pod:
    """A pod of the fleet `app=shop`."""
    own = {"app": "shop", **({words.TRAFFIC: traffic} if traffic else {}), **(labels or {})}
    meta: Json = {
        "namespace": "web",
        "name": name,
        "uid": f"uid-of-{name}",
        "creationTimestamp": AN_HOUR_AGO,
        "labels": own,
        "annotations": notes or {},
        "ownerReferences": [{"kind": owner[0], "name": owner[1], "controller": True}],
    }
    if deleting:
        meta["deletionTimestamp"] = A_MINUTE_AGO
    ready_now = {"type": "Ready", "status": "True" if ready else "False"}
    status = {"phase": phase, "conditions": [ready_now]}
    return pod({"metadata": meta, "spec": {"nodeName": "node-0"}, "status": status})


def an_ejected_pod(name: str = "shop-1", **more: str) -> Pod:
    """A pod that a breaker took out a minute ago, for six."""
    notes = {
        words.EJECTION_ID: "e1",
        words.EJECTED_AT: A_MINUTE_AGO,
        words.EJECTED_UNTIL: IN_FIVE_MINUTES,
        words.REASON: "Outlier",
        words.EVIDENCE: "12 of 40 bad (30 %), tolerance 20 %, peers 1 %",
        words.RETRY_COUNT: "2",
    }
    labels = {words.NAME: "shop", words.STRATEGY: "codes"}
    return a_pod(name, "no", labels=labels, notes=notes | more)


def conditions(**states: str | tuple[str, str] | tuple[str, str, str]) -> list[Json]:
    """Conditions by type: a status, or status and reason, or these and a message."""
    made = []
    for kind, said in states.items():
        status, reason, message = (*((said,) if isinstance(said, str) else said), "", "")[:3]
        made.append(
            {
                "type": kind,
                "status": status,
                "reason": reason,
                "message": message,
                "observedGeneration": 1,
                "lastTransitionTime": A_MINUTE_AGO,
            }
        )
    return made


def a_guard(
    *,
    generation: int = 1,
    fleet: tuple[int, int, int, int, int, int] | None = (10, 9, 1, 0, 5, 4),
    recent: list[Json] | None = None,
    outliers: list[Json] | None = None,
    **states: str | tuple[str, str] | tuple[str, str, str],
) -> Guard:
    """A KubervisorService that is Ready and guards, but for what is named."""
    well: dict[str, Any] = {"Ready": ("True", "Guarding"), "Active": "True"}
    status: Json = {"conditions": conditions(**(well | {"SourcesAvailable": "True"} | states))}
    if fleet is not None:
        names = ("members", "serving", "ejected", "paused", "floor", "mayEject")
        status["fleet"] = dict(zip(names, fleet, strict=True))
    return guard(
        {
            "metadata": {
                "namespace": "web",
                "name": "shop",
                "generation": generation,
                "creationTimestamp": AN_HOUR_AGO,
            },
            "spec": {"service": "shop", "breakers": [{"name": "codes"}, {"name": "latency"}]},
            "status": {**status, "recent": recent or [], "outliers": outliers or []},
        }
    )


def decided(action: str, evidence: str = "", *, pod: str = "shop-1", ago: float = 60) -> Json:
    """A line of the record."""
    return {
        "time": at(ago),
        "action": action,
        "pod": pod,
        "podUid": f"uid-of-{pod}",
        "breaker": "codes",
        "reason": "Outlier",
        "evidence": evidence,
    }


def a_workload(
    kind: str = "Deployment",
    name: str = "shop",
    *,
    labels: dict[str, str] | None = None,
    match: dict[str, Any] | None = None,
    owner: tuple[str, str] | None = None,
) -> Json:
    """A workload whose pods the Service `app=shop` selects; its template carries our label."""
    meta: Json = {"namespace": "web", "name": name}
    if owner:
        meta["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    given = {"app": "shop", words.TRAFFIC: "yes"} if labels is None else labels
    return {
        "kind": kind,
        "metadata": meta,
        "spec": {
            "selector": match or {"matchLabels": {"app": "shop"}},
            "template": {"metadata": {"labels": given}},
        },
    }


def a_service(name: str = "shop", **selector: str) -> Json:
    """An enabled Service, unless told what it selects."""
    chosen = selector or {"app": "shop", words.TRAFFIC: "yes"}
    return {"metadata": {"namespace": "web", "name": name}, "spec": {"selector": chosen}}


def a_lease(holder: str = "pod-1", renewed: float = 1, notes: dict[str, str] | None = None) -> Json:
    """The Lease of a controller, renewed so many seconds before NOW."""
    spec = {"holderIdentity": holder, "renewTime": at(renewed), "leaseDurationSeconds": 15}
    meta = {"namespace": "kubervisor", "name": "kubervisor-traffic", "annotations": notes or {}}
    return {"metadata": meta, "spec": spec}
