"""DataRollouts as their controller writes them, for those who show them."""

from __future__ import annotations

import hashlib
from typing import Any

from kubervisor import instants
from playground.fleet_api import Api

GROUP = "/apis/kubervisor.k8s.io/v1alpha1"
KIND = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "DataRollout"}
HOSTILE = "<img src=x onerror=window.owned=1>\u202e"
POLICY = {
    "stages": [25, 50, 100],
    "probation": "10m",
    "failurePercent": 25,
    "progressDeadline": "30m",
}
Body = dict[str, Any]


def a_version(at: float, content: str = "", *, users: int | None = None) -> Body:
    """A version that the source had at `at` (Unix seconds)."""
    digest = hashlib.sha256(f"{content}{at}".encode()).hexdigest().upper()
    path = f"{int(at):x}-{digest[:16].lower()}.tar.zst"
    body: Body = {"path": path, "sha256": digest, "at": instants.render(at, "seconds")}
    return body if users is None else {**body, "users": users}


def settled(now: float, *, users: int = 12) -> Body:
    """The status of one that has nothing newer to bring."""
    good = a_version(now - 7200)
    return {
        "phase": "Settled",
        "reason": "UpToDate",
        "message": f"all {users} pods have the newest version",
        "lastKnownGood": good,
        "newest": good,
        "users": users,
        "onLastKnownGood": users,
        "onCandidate": 0,
        "proven": 0,
        "failing": 0,
        "versions": [{**good, "users": users}],
        "history": [_happened(now - 5400, "Promoted", good, "proven on all 12 pods for 10 min")],
        "conditions": _conditions(now),
    }


def rolling_out(now: float) -> Body:
    """The status of one whose candidate is in its second stage: 3 of the 10 it needs proven."""
    good, candidate = a_version(now - 7200), a_version(now - 1500)
    return {
        "phase": "RollingOut",
        "reason": "Probation",
        "message": "stage 2 of 3, 50 %: 7 of 10 pods have the candidate, 5 of the 10 that the "
        "stage needs have proven it",
        "lastKnownGood": good,
        "candidate": candidate,
        "newest": candidate,
        "stage": {"index": 1, "percent": 50, "since": instants.render(now - 240, "seconds")},
        "users": 20,
        "onLastKnownGood": 10,
        "onCandidate": 10,
        "proven": 5,
        "failing": 1,
        "dependants": 8,
        "failingDependants": 1,
        "versions": [{**good, "users": 12}, {**candidate, "users": 7}],
        "history": [
            _happened(now - 240, "StageBegun", candidate, "stage 2 of 3: 50 % of 20 pods"),
            _happened(now - 1440, "CandidateChosen", candidate, "newer than what 20 pods have"),
            _happened(now - 6000, "Promoted", good, "proven on all 20 pods for 10 min"),
        ],
        "conditions": _conditions(now),
    }


def rolled_back(now: float) -> Body:
    """The status of one that is back on what it had, its newest version in quarantine."""
    good, bad = a_version(now - 9000), a_version(now - 2000, "bad")
    return {
        "phase": "Settled",
        "reason": "BackOff",
        "message": "taken back once; no other version goes out for a while",
        "lastKnownGood": good,
        "newest": bad,
        "users": 8,
        "onLastKnownGood": 8,
        "onCandidate": 0,
        "proven": 0,
        "failing": 0,
        "dependants": 8,
        "failingDependants": 0,
        "versions": [{**good, "users": 8}],
        "quarantine": [
            {
                "path": bad["path"],
                "sha256": bad["sha256"],
                "reason": "CandidateFailing",
                "at": instants.render(now - 300, "seconds"),
                "generation": 1,
            }
        ],
        "failures": 1,
        "notBefore": instants.render(now + 300, "seconds"),
        "history": [
            _happened(now - 200, "RolledBack", good, "all 8 pods have it again"),
            _happened(now - 300, "CandidateFailing", bad, "2 of 2 pods that have it fail"),
            _happened(now - 900, "CandidateChosen", bad, f"published by {HOSTILE}"),
        ],
        "conditions": _conditions(now),
    }


def rolling_back(now: float) -> Body:
    """The status of one whose pods are on their way back."""
    status = rolled_back(now)
    on_the_way = {"onLastKnownGood": 5, "phase": "RollingBack", "reason": "CandidateFailing"}
    return {**status, **on_the_way, "message": "5 of 8 pods are asked to go back"}


def put(api: Api, namespace: str, name: str, status: Body | None, spec: Body | None = None) -> None:
    """Store a DataRollout with that status, as people and the controller would."""
    path = f"{GROUP}/namespaces/{namespace}/datarollouts/{name}"
    body = {**KIND, "metadata": {"name": name, "namespace": namespace}}
    stored = api.apply(path, {**body, "spec": {"source": name} | (spec or {})})
    if status is not None:
        seen = {"observedGeneration": stored["metadata"]["generation"], "policy": POLICY, **status}
        api.merge(f"{path}/status", {"status": seen})


def _happened(at: float, reason: str, version: Body, message: str) -> Body:
    when = instants.render(at, "seconds")
    return {"at": when, "reason": reason, "path": version["path"], "message": message}


def _conditions(now: float, ready: str = "True") -> list[Body]:
    return [
        {
            "type": kind,
            "status": state,
            "reason": reason,
            "message": "",
            "lastTransitionTime": instants.render(now - 600, "seconds"),
        }
        for kind, state, reason in (
            ("Ready", ready, "UpToDate"),
            ("RepositoryAvailable", "True", "UpToDate"),
        )
    ]
