"""Which objects a rule is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kubervisor.kube.rule_records import SeenObject
from kubervisor.rules.decision.policy import RulePolicy

LabelsOf = Callable[[str], Mapping[str, str] | None]
"""The labels of a namespace, None where nobody knows of it."""


def choose(
    policy: RulePolicy, seen: Iterable[SeenObject], labels_of: LabelsOf
) -> dict[str, SeenObject]:
    """Those of the objects `seen`, all of the rule's kind, that its selectors mean, by uid. One
    that is being deleted is none.
    """
    namespaces: dict[str, bool] = {}
    chosen = {}
    for one in seen:
        if one.deleting or not policy.selector.selects(one.labels):
            continue
        is_meant = namespaces.get(one.namespace)
        if is_meant is None:
            labels = labels_of(one.namespace)
            is_meant = labels is not None and policy.namespace_selector.selects(labels)
            namespaces[one.namespace] = is_meant
        if is_meant:
            chosen[one.uid] = one
    return chosen
