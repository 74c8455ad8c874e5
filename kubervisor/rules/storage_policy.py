"""StoragePolicies, the form before AutopilotRules (2019), as rules that mean the same.

Nothing is left out in silence: a rule with a condition less would act more often than was meant, so
what has no counterpart keeps a policy from being converted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubervisor.api.autopilot_fields import API_VERSION
from kubervisor.api.autopilot_rule import KIND as RULE
from kubervisor.errors import SpecError

KIND = "StoragePolicy"

COOL_DOWN = 240
"""Seconds that the engine of that time left an object alone."""

GROWTH = "2Gi"
"""What it added, whatever a policy said."""

_RESIZE = "openstorage.io.action.volume/resize"
_VOLUME = re.compile(r"openstorage\.io[./]object[./]volume")
_METRIC = re.compile(r"openstorage\.io[./]condition[./]volume[./](\w+)")
_ALIASES = {"usage_percentage": "VolumeUsagePercent", "capacity_gb": "VolumeCapacityGB"}
_OPERATORS = {"gt": "Gt", "lt": "Lt", "eq": "In"}


def convert(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The AutopilotRule that does what the StoragePolicy did.

    Raises SpecError, naming the field that has no counterpart and what to do about it.
    """
    name = _object(policy, "metadata").get("name")
    if not isinstance(name, str) or not name:
        raise SpecError("metadata.name: must be given")
    spec = _object(policy, "spec")
    rule_spec: dict[str, Any] = {
        field: spec[field] for field in ("weight", "enforcement") if spec.get(field)
    }
    rule_spec |= {
        "selector": _selector(_object(spec, "object")),
        "conditions": {"expressions": _expressions(spec)},
        "actions": [_action(spec)],
        "actionsCoolDownPeriod": COOL_DOWN,
    }
    labels = _object(policy, "metadata").get("labels")
    metadata = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": API_VERSION, "kind": RULE, "metadata": metadata, "spec": rule_spec}


def _selector(wanted: Mapping[str, Any]) -> dict[str, Any]:
    kind = wanted.get("type", "")
    if not isinstance(kind, str) or not _VOLUME.fullmatch(kind):
        raise SpecError(
            f"spec.object.type: {kind!r:.80} has no counterpart: rules are about claims, pods and "
            "workloads; write a rule about one of these"
        )
    return {
        field: wanted[field] for field in ("matchLabels", "matchExpressions") if field in wanted
    }


def _expressions(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    conditions = spec.get("conditions")
    if not isinstance(conditions, list) or not conditions:
        raise SpecError("spec.conditions: must have at least one condition")
    return [
        _expression(f"spec.conditions[{index}]", one if isinstance(one, Mapping) else {})
        for index, one in enumerate(conditions)
    ]


def _expression(where: str, condition: Mapping[str, Any]) -> dict[str, Any]:
    key, operator = str(condition.get("key", "")), str(condition.get("operator", ""))
    named = _METRIC.fullmatch(key)
    alias = _ALIASES.get(named[1]) if named else None
    if alias is None:
        raise SpecError(
            f"{where}.key: {key!r:.80} has no counterpart: write a rule with a key in PromQL"
        )
    if operator.lower() not in _OPERATORS:
        raise SpecError(f"{where}.operator: must be gt, lt or eq, is {operator!r:.80}")
    values = condition.get("values")
    if not isinstance(values, list) or len(values) != 1:
        raise SpecError(f"{where}.values: must be a list of one number")
    return {
        "keyAlias": alias,
        "operator": _OPERATORS[operator.lower()],
        "values": [str(values[0])],
    }


def _action(spec: Mapping[str, Any]) -> dict[str, Any]:
    action = _object(spec, "action")
    name, watched = action.get("name", ""), _object(spec, "object")
    other = action.get("actionObject")
    if other and other != watched:
        raise SpecError(
            "spec.action.actionObject: has no counterpart: a rule acts on the objects whose "
            "metrics it watches; write a rule that selects them"
        )
    if name != _RESIZE:
        raise SpecError(
            f"spec.action.name: {name!r:.80} has no counterpart: the engine of StoragePolicies "
            f"knew {_RESIZE} alone; write a rule with one of the actions of rules"
        )
    return {"name": _RESIZE, "params": {"scalesize": GROWTH}}


def _object(of: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = of.get(field)
    return found if isinstance(found, Mapping) else {}
