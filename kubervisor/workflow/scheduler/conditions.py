"""What a resource's status says at a glance: is it Ready, is it Complete."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kubervisor.workflow.objects import Json
from kubervisor.workflow.scheduler.reading import in_seconds, instant, line, whole

READY = "Ready"
"""Whether the last sync came to something."""

COMPLETE = "Complete"
"""Whether the phase is a final one."""

MOST_OTHERS = 14
"""Conditions that are not ours; they stay as whoever put them there left them."""

_OURS = frozenset({READY, COMPLETE})
_STATUSES = frozenset({"True", "False", "Unknown"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as Kubernetes writes them; `since` is when its status last changed, cut to the
    second, and `generation` that of the resource when it was judged.
    """

    type: str
    status: str
    reason: str
    message: str
    since: datetime
    generation: int | None

    def as_json(self) -> Json:
        known: Json = {
            "type": self.type,
            "status": self.status,
            "reason": self.reason,
            "message": self.message,
            "lastTransitionTime": in_seconds(self.since),
        }
        return known | ({} if self.generation is None else {"observedGeneration": self.generation})


Conditions = tuple[Condition, ...]


def find(conditions: Conditions, type: str) -> Condition | None:
    """The condition of that type."""
    return next((one for one in conditions if one.type == type), None)


def judged(
    conditions: Conditions,
    type: str,
    is_true: bool,
    reason: str,
    message: str,
    *,
    generation: int,
    now: datetime,
) -> Conditions:
    """`conditions` with the one of `type` as judged `now`; the others stay as they are."""
    status, before = str(is_true), find(conditions, type)
    since = before.since if before is not None and before.status == status else now
    judgement = Condition(type, status, reason, line(message), since, generation)
    if before is None:
        return (*conditions, judgement)
    return tuple(judgement if one is before else one for one in conditions)


def read(stored: object) -> Conditions:
    """The readable conditions `stored`, the first of each type: ours, and some of others."""
    by_type: dict[str, Condition] = {}
    others = 0
    for value in stored if isinstance(stored, list) else ():
        condition = _condition(value)
        if condition is None or condition.type in by_type:
            continue
        others += condition.type not in _OURS
        if condition.type in _OURS or others <= MOST_OTHERS:
            by_type[condition.type] = condition
    return tuple(by_type.values())


def _condition(value: object) -> Condition | None:
    if not isinstance(value, dict):
        return None
    name, status, reason, message = map(value.get, ("type", "status", "reason", "message"))
    since = instant(value.get("lastTransitionTime"))
    if not isinstance(name, str) or not name or status not in _STATUSES or since is None:
        return None
    return Condition(
        line(name),
        status,
        line(reason) if isinstance(reason, str) else "",
        line(message) if isinstance(message, str) else "",
        since,
        whole(value.get("observedGeneration")),
    )
