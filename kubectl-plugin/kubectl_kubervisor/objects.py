"""What the commands read of API objects. A field of another type than expected counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kubectl_kubervisor import words

Json = dict[str, Any]
"""An object of the API, as decoded; untyped until it is read here."""


class Condition(NamedTuple):
    """One condition of a status."""

    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    since: str = ""
    generation: int = 0

    @property
    def true(self) -> bool:
        """Whether it is so."""
        return self.status == "True"


class Fleet(NamedTuple):
    """The numbers of the budget, as the controller wrote them last."""

    members: int = 0
    serving: int = 0
    ejected: int = 0
    paused: int = 0
    floor: int = 0
    may_eject: int = 0

    def __str__(self) -> str:
        return (
            f"{self.serving} of {self.members} serving, floor {self.floor}: "
            f"may eject {self.may_eject}"
        )


class Recent(NamedTuple):
    """One line of the record of decisions."""

    time: str
    action: str
    pod: str
    uid: str
    breaker: str
    reason: str
    evidence: str


class Outlier(NamedTuple):
    """An outlier that stays in traffic, and the rule that keeps it there."""

    uid: str
    breaker: str
    since: str
    reason: str
    evidence: str


class Guard(NamedTuple):
    """A KubervisorService."""

    namespace: str
    name: str
    service: str
    breakers: tuple[str, ...]
    created: str
    generation: int
    paused: bool
    dry_run: bool
    fleet: Fleet | None
    conditions: Mapping[str, Condition]
    recent: tuple[Recent, ...]
    outliers: tuple[Outlier, ...] = ()

    def condition(self, kind: str) -> Condition:
        """A condition; Unknown where the controller has not written it."""
        return self.conditions.get(kind, Condition())

    @property
    def ready(self) -> bool:
        """Ready, and that of the newest spec."""
        condition = self.condition("Ready")
        return condition.true and condition.generation >= self.generation


class Pod(NamedTuple):
    """A pod, and what Kubervisor wrote on it."""

    namespace: str
    name: str
    uid: str
    phase: str
    ready: bool
    deleting: bool
    node: str
    created: str
    labels: Mapping[str, str]
    notes: Mapping[str, str]
    owner: tuple[str, str] | None

    @property
    def traffic(self) -> str:
        """The value of the traffic label, empty where there is none."""
        return self.labels.get(words.TRAFFIC, "")

    @property
    def is_out(self) -> bool:
        """Whether the label keeps it out of traffic."""
        return self.traffic in ("no", "pause")

    @property
    def is_ejected(self) -> bool:
        """Out by Kubervisor; a pod that is out without marks of ours is held by hand."""
        marked = words.STRATEGY in self.labels or words.EJECTION_ID in self.notes
        return self.is_out and marked

    @property
    def state(self) -> str:
        """How it stands with traffic, in one word or two."""
        if self.deleting:
            return "deleting"
        if self.traffic == "pause":
            return "paused"
        if self.traffic == "no":
            return "ejected" if self.is_ejected else "held"
        if self.traffic != "yes":
            return "unlabelled"
        return "serving" if self.ready else "not ready"


def guard(body: Json) -> Guard:
    """A KubervisorService as the API gives it."""
    meta, spec, status = (mapping(body.get(part)) for part in ("metadata", "spec", "status"))
    breakers = [mapping(one) for one in sequence(spec.get("breakers"))]
    return Guard(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        service=text(spec.get("service")),
        breakers=tuple(text(one.get("name")) for one in breakers),
        created=text(meta.get("creationTimestamp")),
        generation=number(meta.get("generation")),
        paused=mapping(meta.get("annotations")).get(words.PAUSE) == "true",
        dry_run=spec.get("dryRun") is True,
        fleet=_fleet(mapping(status["fleet"])) if "fleet" in status else None,
        conditions=dict(map(condition_of, sequence(status.get("conditions")))),
        recent=tuple(map(_recent, sequence(status.get("recent")))),
        outliers=tuple(map(_outlier, sequence(status.get("outliers")))),
    )


def pod(body: Json) -> Pod:
    """A pod as the API gives it."""
    meta, spec, status = (mapping(body.get(part)) for part in ("metadata", "spec", "status"))
    conditions = dict(map(condition_of, sequence(status.get("conditions"))))
    return Pod(
        namespace=text(meta.get("namespace")),
        name=text(meta.get("name")),
        uid=text(meta.get("uid")),
        phase=text(status.get("phase")),
        ready=conditions.get("Ready", Condition()).true,
        deleting="deletionTimestamp" in meta,
        node=text(spec.get("nodeName")),
        created=text(meta.get("creationTimestamp")),
        labels=texts(meta.get("labels")),
        notes=texts(meta.get("annotations")),
        owner=owner(meta),
    )


def owner(meta: Mapping[str, Any]) -> tuple[str, str] | None:
    """Kind and name of the controller of an object."""
    references = [mapping(one) for one in sequence(meta.get("ownerReferences"))]
    return next(
        ((text(r.get("kind")), text(r.get("name"))) for r in references if r.get("controller")),
        None,
    )


def selector_of(service: Json) -> Mapping[str, str]:
    """The selector of a Service."""
    return texts(mapping(service.get("spec")).get("selector"))


def without_traffic(selector: Mapping[str, str]) -> dict[str, str]:
    """A selector without our key: it matches the members, in traffic or not."""
    return {key: value for key, value in selector.items() if key != words.TRAFFIC}


def as_words(selector: Mapping[str, str]) -> str:
    """A selector as kubectl's flag takes it."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items()))


def condition_of(body: object) -> tuple[str, Condition]:
    """Type and rest of a condition."""
    one = mapping(body)
    condition = Condition(
        text(one.get("status")) or "Unknown",
        text(one.get("reason")),
        text(one.get("message")),
        text(one.get("lastTransitionTime")),
        number(one.get("observedGeneration")),
    )
    return text(one.get("type")), condition


def mapping(value: object) -> Mapping[str, Any]:
    """`value` where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """`value` where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """`value` where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """`value` where it is a whole number, else 0."""
    return value if isinstance(value, int) else 0


def texts(value: object) -> dict[str, str]:
    """The texts of a JSON object."""
    return {key: one for key, one in mapping(value).items() if isinstance(one, str)}


def _fleet(body: Mapping[str, Any]) -> Fleet:
    names = ("members", "serving", "ejected", "paused", "floor", "mayEject")
    return Fleet(*(number(body.get(name)) for name in names))


def _recent(body: object) -> Recent:
    names = ("time", "action", "pod", "podUid", "breaker", "reason", "evidence")
    return Recent(*(text(mapping(body).get(name)) for name in names))


def _outlier(body: object) -> Outlier:
    names = ("podUid", "breaker", "since", "reason", "evidence")
    return Outlier(*(text(mapping(body).get(name)) for name in names))
