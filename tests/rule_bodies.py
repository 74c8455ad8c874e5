"""AutopilotRules, their objects and approvals as people and the controller write them."""

from __future__ import annotations

import hashlib
from typing import Any

from kubervisor import instants
from playground.fleet_api import Api, Json

GROUP = "/apis/autopilot.libopenstorage.org/v1alpha1"
API_VERSION = "autopilot.libopenstorage.org/v1alpha1"
HOSTILE = "<img src=x onerror=window.owned=1>\u202e"
RESIZE = "openstorage.io.action.volume/resize"
USAGE = "100 * (kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes)"
Body = dict[str, Any]


def a_rule(name: str, now: float, *, ready: str = "True", **spec: Any) -> Body:
    """A rule that resizes claims more than half full, and what the controller says of it."""
    reason = "Following" if ready == "True" else "SpecInvalid"
    message = "" if ready == "True" else f"spec.actions[0].params.{HOSTILE} is no parameter"
    return {
        "apiVersion": API_VERSION,
        "kind": "AutopilotRule",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": "postgres"}},
            "conditions": {"expressions": [{"key": USAGE, "operator": "Gt", "values": ["50"]}]},
            "actions": [{"name": RESIZE, "params": {"scalepercentage": "100", "maxsize": "40Gi"}}],
            **spec,
        },
        "status": {
            "observedGeneration": 1,
            "objects": 2,
            "triggered": 1,
            "acting": 0,
            "conditions": [
                _condition("Ready", ready, reason, message, now),
                _condition("Triggered", "True", "ConditionMet", "of 1 object", now),
            ],
        },
    }


def an_object(rule: str, claim: str, status: Body) -> Body:
    """Where a rule stands about a claim."""
    uid = f"uid-of-{claim}"
    about = {"kind": "PersistentVolumeClaim", "name": claim, "uid": uid}
    return {
        "apiVersion": API_VERSION,
        "kind": "AutopilotRuleObject",
        "metadata": {
            "name": f"{rule}-pvc-{uid}",
            "labels": {"rule": rule, "object": f"pvc-{uid}"},
        },
        "status": {"object": about, **status},
    }


def normal(now: float) -> Body:
    """The status of an object that is well."""
    return {
        "state": "Normal",
        "since": _at(now - 3600),
        "reason": "Started",
        "message": "the condition does not hold",
        "values": ["21.4"],
        "items": [_passed(now - 3600, "Normal", "watched from now on")],
        "generation": 1,
    }


def awaiting(now: float, approval: str, *, to: str = "20Gi") -> Body:
    """The status of an object that waits for an approval."""
    return {
        "state": "ActionAwaitingApproval",
        "since": _at(now - 300),
        "reason": "ApprovalNeeded",
        "message": f"waits for ActionApproval {approval}",
        "values": ["57.2"],
        "metSince": _at(now - 345),
        "intents": [{"action": RESIZE, "summary": f"resize from 10Gi to {to}", "goal": {"to": to}}],
        "digest": digest_of(to),
        "attempts": 0,
        "items": [
            _passed(now - 3600, "Normal", "watched from now on"),
            _passed(now - 345, "Triggered", "57.2 > 50"),
            {
                **_passed(now - 300, "ActionAwaitingApproval", "asked for"),
                "actionApprovalName": approval,
            },
        ],
        "generation": 1,
    }


def declined(now: float) -> Body:
    """The status of an object about which nothing more can be done; its words are hostile."""
    return {
        "state": "ActionsDeclined",
        "since": _at(now - 60),
        "reason": "ActionDeclined",
        "message": f"it has its maxsize already, says {HOSTILE}",
        "values": ["91"],
        "acted": [_at(now - 1200)],
        "notBefore": _at(now + 300),
        "attempts": 2,
        "items": [_passed(now - 60, "ActionsDeclined", HOSTILE)],
        "generation": 1,
    }


def an_approval(name: str, rule: str, now: float, *, state: str = "pending") -> Body:
    """What a rule asks for about a claim."""
    actions = a_rule(rule, now)["spec"]["actions"]
    return {
        "apiVersion": API_VERSION,
        "kind": "ActionApproval",
        "metadata": {"name": name, "labels": {"rule": rule}},
        "spec": {"approvalState": state, "actions": actions},
        "status": asked(rule, now),
    }


def asked(rule: str, now: float, *, to: str = "20Gi", expires: float = 82_800.0) -> Body:
    """The status of an approval; it ends in `expires` seconds."""
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "shop"}
    return {
        "rule": {"name": rule},
        "lastProcessTimestamp": _at(now - 300),
        "actionPreviews": [
            {
                "action": {"name": RESIZE, "params": {"scalepercentage": "100"}},
                "expectedResult": {"message": f"resize from 10Gi to {to}"},
                "involvedObjects": [{**claim, "name": "data-0", "uid": "uid-of-data-0"}],
            }
        ],
        "actionsDigest": digest_of(to),
        "expiresAt": _at(now + expires),
    }


def digest_of(to: str) -> str:
    """The digest of a resize to that size."""
    return hashlib.sha256(to.encode()).hexdigest()


def put(api: Api, body: Body, namespace: str = "") -> Json:
    """Store an object of rules as it is, with its status, as people and the controller would."""
    plural, name = f"{body['kind'].lower()}s", body["metadata"]["name"]
    where = f"{GROUP}/namespaces/{namespace}/{plural}" if namespace else f"{GROUP}/{plural}"
    body = {**body, "metadata": {**body["metadata"], "namespace": namespace}} if namespace else body
    if namespace and "object" in body.get("status", {}):
        about = {**body["status"]["object"], "namespace": namespace}
        body = {**body, "status": {**body["status"], "object": about}}
    api.apply(f"{where}/{name}", {key: one for key, one in body.items() if key != "status"})
    return api.merge(f"{where}/{name}/status", {"status": body["status"]})


def _passed(at: float, state: str, message: str) -> Body:
    return {"lastProcessTimestamp": _at(at), "state": state, "message": message}


def _condition(kind: str, status: str, reason: str, message: str, now: float) -> Body:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": _at(now - 600),
    }


def _at(at: float) -> str:
    return instants.render(at, "seconds")
