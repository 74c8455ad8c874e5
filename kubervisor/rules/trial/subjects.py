"""The objects that rules are tried on: those of files or of a cluster, else made from labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import msgspec

from kubervisor.errors import SpecError
from kubervisor.kube.rule_records import SeenObject, decoder_of
from kubervisor.rules.actions.action import Object
from kubervisor.rules.actions.quantities import MI, render
from kubervisor.rules.controller.choosing import choose
from kubervisor.rules.controller.joining import CAPACITY, KEY, Found, join
from kubervisor.rules.decision.policy import MetricLabels, ObjectKind, RulePolicy
from kubervisor.rules.decision.reading import LEAST_OF_CLAIM
from kubervisor.rules.decision.selector import LabelSelector
from kubervisor.rules.trial.vectors import Measured, Vector
from kubervisor.rules.trial.world import ASSUMED_CLASS, TrialWorld
from kubervisor.traffic.measurement import Sample

GI = 1024 * MI
_NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(slots=True)
class Subjects:
    """The objects of one rule, by uid; `made` are those that only labels of samples tell of."""

    policy: RulePolicy
    world: TrialWorld
    objects: dict[str, SeenObject]
    makes: bool
    made: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    _by_name: dict[tuple[str, str], str] = field(default_factory=dict)
    _by_volume: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.objects.values():
            self._file(one)

    def join(self, expressions: Sequence[Vector], capacity: Vector, at: float) -> dict[str, Found]:
        """What the samples say of each object, by uid."""
        keyed = [
            Sample({**one.labels, KEY: key}, one.value, at)
            for key, vector in (
                *((str(number), vector) for number, vector in enumerate(expressions)),
                (CAPACITY, capacity),
            )
            for one in vector
        ]
        self.meet(expressions, capacity)
        return join(self.policy, keyed, self.objects)

    def put(self, one: Object) -> SeenObject:
        """Have that object, instead of another of its uid."""
        self.world.put(one)
        seen = _seen(str(one["kind"]), one)
        self.objects[seen.uid] = seen
        self._file(seen)
        return seen

    def whose(self, labels: Mapping[str, str]) -> str | None:
        """The uid of the object that labels name, as the controller tells it."""
        names = self.policy.labels
        found = self._by_volume.get(_first(names.volume, labels))
        return found or self._by_name.get(
            (_first(names.namespace, labels), _first(names.name, labels))
        )

    def meet(self, expressions: Sequence[Vector], capacity: Vector) -> None:
        """Where objects are made: one of each name that samples have, with the size they tell."""
        samples = chain(capacity, *expressions) if self.makes else ()
        unmet = [one for one in samples if self.whose(one.labels) is None]
        if not unmet:
            return
        names = self.policy.labels
        sizes = {
            name: int(one.value)
            for one in capacity
            if (name := named_by(names, one.labels)) and one.value > 0
        }
        for one in unmet:
            name = named_by(names, one.labels)
            if name is not None and self.whose(one.labels) is None:
                made = _made(self.policy.kind, *name, names, one, sizes.get(name, 0))
                self.made.add(self.put(made).uid)

    def _file(self, one: SeenObject) -> None:
        self._by_name[one.namespace, one.name] = one.uid
        if one.volume:
            self._by_volume[one.volume] = one.uid


def named_by(names: MetricLabels, labels: Mapping[str, str]) -> tuple[str, str] | None:
    """The namespace and the name that labels tell of; a volume's name serves where it must."""
    namespace, name = _first(names.namespace, labels), _first(names.name, labels)
    if namespace and name:
        return namespace, name
    volume = _first(names.volume, labels)
    return (namespace or "default", volume) if volume else None


def given(policy: RulePolicy, world: TrialWorld, *, is_whole: bool) -> Subjects:
    """Those objects of the world that the rule selects. `is_whole`: the world is a cluster; else
    namespaces may be unknown, and then are not selected by.

    Raises ApiError, and SpecError where an object cannot be read.
    """
    listed = (_seen(policy.kind, one) for one in world.list(policy.kind, ""))
    objects = {one.uid: one for one in listed}
    namespaces = {
        str(one["metadata"]["name"]): {
            _NAME_LABEL: str(one["metadata"]["name"]),
            **(one["metadata"].get("labels") or {}),
        }
        for one in world.list("Namespace", "")
    }
    notes = []
    if not is_whole and not namespaces and policy.namespace_selector != LabelSelector():
        policy = replace(policy, namespace_selector=LabelSelector())
        notes.append("no Namespace is among the objects, so namespaceSelector is not applied")
    if is_whole or namespaces:
        chosen = choose(policy, objects.values(), namespaces.get)
    else:
        chosen = choose(policy, objects.values(), lambda _: {})
    if not chosen:
        kinds = f"{len(objects)} of kind {policy.kind}"
        notes.append(f"its selectors mean none of the objects there are ({kinds})")
    return Subjects(policy, world, chosen, makes=False, notes=notes)


def unseen(policy: RulePolicy) -> Subjects:
    """None yet: they are made from the labels of samples."""
    notes = ["objects are those that the metrics name; give --objects or --kubeconfig for others"]
    if (policy.selector, policy.namespace_selector) != (LabelSelector(), LabelSelector()):
        notes.append("their labels are not known, so the rule's selectors are not applied")
    return Subjects(policy, TrialWorld(()), {}, makes=True, notes=notes)


def _made(
    kind: ObjectKind, namespace: str, name: str, names: MetricLabels, one: Measured, size: int
) -> Object:
    """An object of that name; of a claim also its size, as its file system tells."""
    meta = {"namespace": namespace, "name": name, "uid": f"{kind}-{namespace}-{name}".lower()}
    if kind is not ObjectKind.CLAIM:
        return {"kind": str(kind), "metadata": meta}
    storage = render(claim_size(size)) if size else "0"
    spec = {
        "storageClassName": ASSUMED_CLASS,
        "volumeName": _first(names.volume, one.labels) or f"pv-{name}",
        "resources": {"requests": {"storage": storage}},
    }
    status = {"phase": "Bound", "capacity": {"storage": storage}}
    return {"kind": str(kind), "metadata": meta, "spec": spec, "status": status}


def claim_size(measured: int) -> int:
    """The bytes of a claim whose file system has `measured`: whole Gi where that may be, else Mi.

    >>> claim_size(10_464_022_528) == 10 * GI, claim_size(200 * MI) == 200 * MI
    (True, True)
    """
    whole = -(-measured // GI) * GI
    return whole if measured >= LEAST_OF_CLAIM * whole else -(-measured // MI) * MI


def _seen(kind: str, one: Object) -> SeenObject:
    try:
        return decoder_of(kind)(msgspec.json.encode(one))
    except (msgspec.MsgspecError, TypeError) as error:
        name = (one.get("metadata") or {}).get("name")
        raise SpecError(f"{kind} {name!r:.80} cannot be read: {error}") from None


def _first(names: Iterable[str], labels: Mapping[str, str]) -> str:
    for name in names:
        if found := labels.get(name):
            return found
    return ""
