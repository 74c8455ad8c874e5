"""Where the new volume is made: only storage that waits for its first user can be told.

A StorageClass with volumeBindingMode WaitForFirstConsumer makes a volume for the node that the
claim's annotation selected-node names; the scheduler writes it for a pod that waits, and the
relocation itself, since its pods are stopped. A class that binds at once chooses by itself, among
its allowedTopologies where it has some.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubervisor.rules.actions.action import Object, Refusal
from kubervisor.rules.actions.move_fields import name_of
from kubervisor.rules.actions.objects import condition, field
from kubervisor.rules.decision.selector import LabelOperator, Requirement

ZONE = "topology.kubernetes.io/zone"
SELECTED_NODE = "volume.kubernetes.io/selected-node"

_NO_PODS = frozenset({"NoSchedule", "NoExecute"})


def choose_node(
    storage_class: Object,
    volume: Object,
    template: Object,
    nodes: Sequence[Object],
    *,
    zone: str,
    in_use_on: str,
) -> str | Refusal:
    """The node that the new volume is made for, "" where the class chooses by itself.

    The pods of `template` must be able to run there, in `zone` where it is given, else where
    `volume` can be reached: best on `in_use_on`, where they ran.
    """
    name = name_of(storage_class)
    if storage_class.get("volumeBindingMode") != "WaitForFirstConsumer":
        if zone and _zones(storage_class) != {zone}:
            return Refusal(
                "ZoneNotPossible",
                f"StorageClass {name} binds at once and chooses the zone itself; name a class "
                f"with volumeBindingMode WaitForFirstConsumer, or with allowedTopologies of zone "
                f"{zone} alone",
                is_final=True,
            )
        return ""
    names = [
        name_of(node)
        for node in nodes
        if _takes_pods(node, in_use_on)
        and _allows(storage_class, _labels(node))
        and _may_run(template["spec"], _labels(node))
        and (_labels(node).get(ZONE) == zone if zone else reaches(volume, _labels(node)))
    ]
    if not names:
        where = f"in zone {zone}" if zone else "where the volume is"
        return Refusal(
            "NoNode",
            f"no node {where} is ready, admitted by StorageClass {name} and by the pods' own "
            f"nodeSelector and affinity; a volume is made for a node",
        )
    return in_use_on if in_use_on in names else min(names)


def is_in_zone(volume: Object, zone: str, nodes: Iterable[Object]) -> bool:
    """Whether nodes of that zone can use the volume."""
    there = (_labels(node) for node in nodes)
    return any(reaches(volume, labels) for labels in there if labels.get(ZONE) == zone)


def reaches(volume: Object, labels: Mapping[str, str]) -> bool:
    """Whether a node with these labels can use the volume."""
    return _any_term(field(volume, "spec", "nodeAffinity", "required"), labels)


def _zones(storage_class: Object) -> set[str]:
    expressions = [
        expression
        for term in storage_class.get("allowedTopologies") or ()
        for expression in term.get("matchLabelExpressions") or ()
    ]
    # Drivers have keys of their own for the same, such as topology.ebs.csi.aws.com/zone.
    return {value for one in expressions if one["key"].endswith("/zone") for value in one["values"]}


def _labels(node: Object) -> Mapping[str, str]:
    return field(node, "metadata", "labels") or {}


def _takes_pods(node: Object, in_use_on: str) -> bool:
    """A tainted node may be one for these pods alone: where they ran, they can run."""
    taints = field(node, "spec", "taints") or ()
    is_open = all(taint.get("effect") not in _NO_PODS for taint in taints)
    is_ready = condition(node, "Ready") is not None
    return (
        is_ready
        and not field(node, "spec", "unschedulable")
        and (is_open or name_of(node) == in_use_on)
    )


def _allows(storage_class: Object, labels: Mapping[str, str]) -> bool:
    terms = storage_class.get("allowedTopologies") or ()
    return not terms or any(
        all(
            labels.get(one["key"]) in one["values"]
            for one in term.get("matchLabelExpressions") or ()
        )
        for term in terms
    )


def _may_run(spec: Object, labels: Mapping[str, str]) -> bool:
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    chosen: Mapping[str, str] = spec.get("nodeSelector") or {}
    affinity = field(spec, "affinity", "nodeAffinity", required)
    return chosen.items() <= labels.items() and _any_term(affinity, labels)


def _any_term(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether one term of a node selector holds; there is nothing to hold where there is none."""
    if not selector:
        return True
    return any(
        all(_holds(one, labels) for one in term.get("matchExpressions") or ())
        for term in selector.get("nodeSelectorTerms") or ()
    )


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    try:
        operator = LabelOperator(expression["operator"])
    except ValueError:
        return False  # Gt and Lt, of nodes only: no zone is told so
    values = frozenset(expression.get("values") or ())
    return Requirement(expression["key"], operator, values).holds(labels)
