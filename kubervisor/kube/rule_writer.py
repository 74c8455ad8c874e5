"""Writes of remediation rules: what they remember and what they ask people for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.failures import JSON_PATCH, decoded
from kubervisor.kube.podwrites import WRITE_SECONDS
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_records import (
    OBJECT_LABEL,
    RULE_LABEL,
    RuleObjectRecord,
    decode_approval,
    decode_rule,
    decode_rule_object,
)
from kubervisor.kube.unreadable import Raw

T = TypeVar("T")
API_VERSION = "autopilot.libopenstorage.org/v1alpha1"
FIELD_MANAGER = "kubervisor-rules"
FINALIZER = "kubervisor.k8s.io/action-in-progress"

_QUERY = {"fieldManager": FIELD_MANAGER}


class RuleEvents(EventRecorder):
    """Records Events that regard AutopilotRules."""

    regards = (API_VERSION, "AutopilotRule")
    tells_notes_apart = True  # objects are in the notes


class RuleWriter:
    """Writes while `may_write` lets it; that raises LeadershipLost and is asked before each write.

    All but deletions return what is stored then. Raises: Conflict where the object is no longer
    what was read, or its name is taken; NotFound; ApiUnavailable where nobody knows whether it
    happened; LeadershipLost; the rest of the ApiError tree.
    """

    def __init__(self, api: Api, may_write: Callable[[], None]) -> None:
        self._api, self._may_write = api, may_write

    def report(self, rule: SpecRecord, status: Mapping[str, Any]) -> SpecRecord:
        """Store the status of an AutopilotRule."""
        path = paths.single(paths.AUTOPILOT_RULES, None, rule.name, "status")
        steps = _on(rule.uid, rule.resource_version, ("/status", status))
        return self._patch(path, steps, decode_rule)

    def make(self, rule: SpecRecord, namespace: str, name: str, label: str) -> RuleObjectRecord:
        """Create the AutopilotRuleObject of a rule and of the object that is called `label`,
        without a status.
        """
        body = {
            "apiVersion": API_VERSION,
            "kind": "AutopilotRuleObject",
            "metadata": {
                "namespace": namespace,
                "name": name,
                "labels": {RULE_LABEL: rule.name, OBJECT_LABEL: label},
                "ownerReferences": [_owner("AutopilotRule", rule.name, rule.uid)],
            },
        }
        path = paths.collection(paths.AUTOPILOT_RULE_OBJECTS, namespace)
        return self._create(path, body, decode_rule_object)

    def remember(self, record: RuleObjectRecord, status: Mapping[str, Any]) -> RuleObjectRecord:
        """Store the status of an AutopilotRuleObject."""
        path = paths.single(paths.AUTOPILOT_RULE_OBJECTS, record.namespace, record.name, "status")
        steps = _on(record.uid, record.resource_version, ("/status", status))
        return self._patch(path, steps, decode_rule_object)

    def hold(self, record: RuleObjectRecord, *, is_held: bool) -> RuleObjectRecord:
        """Let the deletion of an AutopilotRuleObject wait, or go on. While its rule is acting it is
        held, whoever deletes it or the rule: what was begun is brought to its end.
        """
        path = paths.single(paths.AUTOPILOT_RULE_OBJECTS, record.namespace, record.name)
        others = tuple(one for one in record.finalizers if one != FINALIZER)
        wanted = (*others, FINALIZER) if is_held else others
        # The API server refuses new finalizers of what is being deleted: it goes as it is.
        if wanted == record.finalizers or (is_held and record.deleting):
            return record
        steps = _on(record.uid, record.resource_version, ("/metadata/finalizers", wanted))
        return self._patch(path, steps, decode_rule_object)

    def forget(self, record: RuleObjectRecord) -> None:
        """Delete that very AutopilotRuleObject."""
        path = paths.single(paths.AUTOPILOT_RULE_OBJECTS, record.namespace, record.name)
        self._may_write()
        body = {"preconditions": {"uid": record.uid, "resourceVersion": record.resource_version}}
        self._api.request("DELETE", path, body=body, timeout=WRITE_SECONDS)

    def ask(self, owner: RuleObjectRecord, name: str, spec: Mapping[str, Any]) -> SpecRecord:
        """Create the ActionApproval of an AutopilotRuleObject, without a status."""
        body = {
            "apiVersion": API_VERSION,
            "kind": "ActionApproval",
            "metadata": {
                "namespace": owner.namespace,
                "name": name,
                "labels": {RULE_LABEL: owner.rule, OBJECT_LABEL: owner.object},
                "ownerReferences": [_owner("AutopilotRuleObject", owner.name, owner.uid)],
            },
            "spec": spec,
        }
        path = paths.collection(paths.ACTION_APPROVALS, owner.namespace)
        return self._create(path, body, decode_approval)

    def settle(self, approval: SpecRecord, spec: Mapping[str, Any]) -> SpecRecord:
        """Store the spec of an ActionApproval: that it is asked for anew, or no longer."""
        path = paths.single(paths.ACTION_APPROVALS, approval.namespace, approval.name)
        steps = _on(approval.uid, approval.resource_version, ("/spec", spec))
        return self._patch(path, steps, decode_approval)

    def show(self, approval: SpecRecord, status: Mapping[str, Any]) -> SpecRecord:
        """Store the status of an ActionApproval: what would be done."""
        path = paths.single(paths.ACTION_APPROVALS, approval.namespace, approval.name, "status")
        steps = _on(approval.uid, approval.resource_version, ("/status", status))
        return self._patch(path, steps, decode_approval)

    def read_rule(self, rule: SpecRecord) -> SpecRecord:
        """The AutopilotRule as stored now."""
        return self._get(paths.single(paths.AUTOPILOT_RULES, None, rule.name), decode_rule)

    def read_object(self, record: RuleObjectRecord) -> RuleObjectRecord:
        """The AutopilotRuleObject as stored now."""
        return self.find_object(record.namespace, record.name)

    def find_object(self, namespace: str, name: str) -> RuleObjectRecord:
        """The AutopilotRuleObject of that name as stored now."""
        path = paths.single(paths.AUTOPILOT_RULE_OBJECTS, namespace, name)
        return self._get(path, decode_rule_object)

    def read_approval(self, approval: SpecRecord) -> SpecRecord:
        """The ActionApproval as stored now."""
        return self.find_approval(approval.namespace, approval.name)

    def find_approval(self, namespace: str, name: str) -> SpecRecord:
        """The ActionApproval of that name as stored now."""
        return self._get(paths.single(paths.ACTION_APPROVALS, namespace, name), decode_approval)

    def _get(self, path: str, decode: Callable[[Raw], T]) -> T:
        return decoded(path, decode, self._api.request("GET", path, timeout=WRITE_SECONDS))

    def _create(self, path: str, body: object, decode: Callable[[Raw], T]) -> T:
        self._may_write()
        answer = self._api.request("POST", path, query=_QUERY, body=body, timeout=WRITE_SECONDS)
        return decoded(path, decode, answer)

    def _patch(self, path: str, steps: list[dict[str, object]], decode: Callable[[Raw], T]) -> T:
        self._may_write()
        answer = self._api.request(
            "PATCH",
            path,
            query=_QUERY,
            body=steps,
            content_type=JSON_PATCH,
            timeout=WRITE_SECONDS,
        )
        return decoded(path, decode, answer)


def _on(uid: str, version: str, *sets: tuple[str, object]) -> list[dict[str, object]]:
    """The steps that set fields of that very version of that very object."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        *({"op": "add", "path": path, "value": value} for path, value in sets),
    ]


def _owner(kind: str, name: str, uid: str) -> dict[str, object]:
    return {"apiVersion": API_VERSION, "kind": kind, "name": name, "uid": uid, "controller": True}
