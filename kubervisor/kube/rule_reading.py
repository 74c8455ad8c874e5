"""Rules, where they stand and what they ask, for those who look: LISTed when somebody asks.

The controller has caches of its own. Here nothing is watched, so nothing is spent while nobody
looks; and an object of which only the name can be read is there all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from kubervisor.kube import paths, wire
from kubervisor.kube.client import Api
from kubervisor.kube.failures import UNREADABLE
from kubervisor.kube.listing import list_all
from kubervisor.kube.rule_contents import (
    Approval,
    ApprovalSpec,
    ApprovalStatus,
    ObjectStatus,
    Part,
    Rule,
    RuleObject,
    RuleSpec,
    RuleStatus,
)
from kubervisor.kube.rule_records import RULE_LABEL

T = TypeVar("T")


class _Rule(Part):
    metadata: wire.Meta
    spec: RuleSpec | None = None
    status: RuleStatus | None = None


class _RuleObject(Part):
    metadata: wire.Meta
    status: ObjectStatus | None = None


class _Approval(Part):
    metadata: wire.Meta
    spec: ApprovalSpec | None = None
    status: ApprovalStatus | None = None


class _Bare(Part):
    metadata: wire.Meta


_rules = msgspec.json.Decoder(_Rule)
_objects = msgspec.json.Decoder(_RuleObject)
_approvals = msgspec.json.Decoder(_Approval)
_bare = msgspec.json.Decoder(_Bare)


def list_rules(api: Api, *, timeout: float = 10.0) -> Iterator[Rule]:
    """Yield the AutopilotRules by name.

    `timeout` (seconds) is that of each page, here and below. Raises ApiError: NotFound where the
    API server does not know them, Forbidden where the account may not list them.
    """
    return list_all(api, paths.AUTOPILOT_RULES, _rule, timeout=timeout)


def list_rule_objects(
    api: Api, namespace: str | None = None, *, timeout: float = 10.0
) -> Iterator[RuleObject]:
    """Yield the AutopilotRuleObjects of a namespace, or of all, by namespace and name."""
    return _listed(api, paths.AUTOPILOT_RULE_OBJECTS, namespace, _rule_object, timeout)


def list_approvals(
    api: Api, namespace: str | None = None, *, timeout: float = 10.0
) -> Iterator[Approval]:
    """Yield the ActionApprovals of a namespace, or of all, by namespace and name."""
    return _listed(api, paths.ACTION_APPROVALS, namespace, _approval, timeout)


def _listed(
    api: Api,
    kind: str,
    namespace: str | None,
    decode: Callable[[bytes | msgspec.Raw], T],
    timeout: float,
) -> Iterator[T]:
    return list_all(api, paths.collection(kind, namespace), decode, timeout=timeout)


def _rule(text: bytes | msgspec.Raw) -> Rule:
    try:
        found = _rules.decode(text)
    except UNREADABLE:
        meta = _bare.decode(text).metadata
        return Rule(
            meta.name, meta.generation, meta.creation_timestamp, RuleSpec(), RuleStatus(), False
        )
    meta = found.metadata
    return Rule(
        meta.name,
        meta.generation,
        meta.creation_timestamp,
        found.spec or RuleSpec(),
        found.status or RuleStatus(),
    )


def _rule_object(text: bytes | msgspec.Raw) -> RuleObject:
    try:
        found = _objects.decode(text)
        meta, status, readable = found.metadata, found.status or ObjectStatus(), True
    except UNREADABLE:
        meta, status, readable = _bare.decode(text).metadata, ObjectStatus(), False
    rule = (meta.labels or {}).get(RULE_LABEL, "")
    return RuleObject(meta.namespace, meta.name, rule, status, readable)


def _approval(text: bytes | msgspec.Raw) -> Approval:
    try:
        found = _approvals.decode(text)
    except UNREADABLE:
        meta = _bare.decode(text).metadata
        none = ApprovalStatus()
        return Approval(meta.namespace, meta.name, meta.creation_timestamp, "", none, False)
    meta, state = found.metadata, (found.spec or ApprovalSpec()).approval_state
    status = found.status or ApprovalStatus()
    return Approval(meta.namespace, meta.name, meta.creation_timestamp, state or "pending", status)
