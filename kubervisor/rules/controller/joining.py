"""The one query of a rule, and which sample of its answer is about which object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.kube.rule_records import SeenObject
from kubervisor.rules.decision.policy import MetricLabels, RulePolicy
from kubervisor.traffic.measurement import Sample

KEY = "kubervisor_key"
"""The label that says which expression of the query a sample answers: its number, or CAPACITY."""

CAPACITY = "capacity"


@dataclass(slots=True)
class Found:
    """The samples of one object: of each expression, and of the capacity it was measured with."""

    expressions: list[list[float]]
    capacity: list[float] = field(default_factory=list)


def query_of(policy: RulePolicy) -> str:
    """All expressions of a rule as one query: what is asked once is of one instant."""
    parts = [(str(number), one.promql) for number, one in enumerate(policy.expressions)]
    if policy.capacity:
        parts.append((CAPACITY, policy.capacity))
    # A line of its own: an expression may end in a comment.
    return " or ".join(
        f'label_replace((\n{promql}\n), "{KEY}", "{key}", "", "")' for key, promql in parts
    )


def join(
    policy: RulePolicy, samples: Iterable[Sample], objects: Mapping[str, SeenObject]
) -> dict[str, Found]:
    """The samples of each of the objects, by uid; those of which the answer says nothing have
    empty ones. A sample that names none of them is left out.
    """
    found = {uid: Found([[] for _ in policy.expressions]) for uid in objects}
    by_name = {(one.namespace, one.name): uid for uid, one in objects.items()}
    by_volume = {one.volume: uid for uid, one in objects.items() if one.volume}
    for labels, value, _ in samples:
        uid = _whose(policy.labels, labels, by_name, by_volume)
        if uid is None:
            continue
        key = labels.get(KEY, "")
        if key == CAPACITY:
            found[uid].capacity.append(value)
        elif key.isdecimal() and int(key) < len(policy.expressions):
            found[uid].expressions[int(key)].append(value)
    return found


def _whose(
    names: MetricLabels,
    labels: Mapping[str, str],
    by_name: Mapping[tuple[str, str], str],
    by_volume: Mapping[str, str],
) -> str | None:
    """A volume says which claim is meant on its own; a name does with a namespace only."""
    volume = _first(names.volume, labels)
    if volume in by_volume:
        return by_volume[volume]
    return by_name.get((_first(names.namespace, labels), _first(names.name, labels)))


def _first(names: Iterable[str], labels: Mapping[str, str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")
