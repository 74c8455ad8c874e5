"""Names of what the controller makes: of each rule and object a record, and perhaps an approval."""

from __future__ import annotations

from hashlib import blake2b

from kubervisor.rules.decision.policy import ObjectKind

PREFIXES = {
    ObjectKind.CLAIM: "pvc",
    ObjectKind.POD: "pod",
    ObjectKind.DEPLOYMENT: "deployment",
    ObjectKind.STATEFUL_SET: "statefulset",
}
LONGEST_NAME = 253


def object_label(kind: str, uid: str) -> str:
    """What Events and labels call an object.

    >>> object_label("PersistentVolumeClaim", "6f1e")
    'pvc-6f1e'
    """
    return f"{PREFIXES[ObjectKind(kind)]}-{uid}"


def rule_object_name(rule: str, label: str) -> str:
    """The name of the AutopilotRuleObject of a rule and the object that is called `label`."""
    return _cut(f"{rule}-{label}")


def approval_name(rule: str, name: str) -> str:
    """The name of the ActionApproval of a rule and the object of that name.

    >>> approval_name("volume-resize", "data-postgres-0")
    'volume-resize-data-postgres-0'
    """
    return _cut(f"{rule}-{name}")


def _cut(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    digest = blake2b(name.encode(), digest_size=4).hexdigest()
    return f"{name[: LONGEST_NAME - 9].rstrip('-.')}-{digest}"
