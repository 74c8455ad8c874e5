"""What a rule would do now about each object, by the metrics as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubervisor import instants
from kubervisor.errors import SpecError
from kubervisor.kube.rule_records import SeenObject
from kubervisor.rules.actions.action import Action, Target
from kubervisor.rules.actions.quantities import parse
from kubervisor.rules.controller.joining import Found
from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.outcomes import Refusal
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, RulePolicy
from kubervisor.rules.decision.reading import ClaimSize, read_object
from kubervisor.rules.decision.states import Intent, Sizes
from kubervisor.rules.decision.windows import open_in
from kubervisor.rules.trial.answers import Answers
from kubervisor.rules.trial.subjects import Subjects

SIZED = frozenset({"openstorage.io.action.volume/resize"})
"""Actions that go by an object's size alone, which labels of samples tell of."""


@dataclass(frozen=True, slots=True)
class Look:
    """One object: what was read, what would be done or why not, and what has to come before."""

    ref: ObjectRef
    reading: Reading
    intents: tuple[Intent, ...] = ()
    refusal: Refusal | None = None
    before: tuple[str, ...] = ()
    is_dry: bool = False

    @property
    def acts(self) -> bool:
        """Whether something would be done, at once or after what has to come before."""
        return bool(self.intents) and not self.is_dry


def look(
    subjects: Subjects, answers: Answers, actions: Mapping[str, Action], now: float
) -> tuple[Look, ...]:
    """The objects by namespace and name. Raises SourceError, ApiError, SpecError."""
    policy = subjects.policy
    vectors = [answers.now(one.promql) for one in policy.expressions]
    capacity = answers.now(policy.capacity) if policy.capacity else ()
    found = subjects.join(vectors, capacity, now)
    seen = sorted(subjects.objects.values(), key=lambda one: (one.namespace, one.name))
    return tuple(_look(subjects, one, found[one.uid], actions, now) for one in seen)


def ref_of(one: SeenObject) -> ObjectRef:
    """The reference to an object."""
    return ObjectRef(one.kind, one.namespace, one.name, one.uid)


def read(
    policy: RulePolicy, one: SeenObject, found: Found, before: Sequence[Sizes], now: float
) -> Reading:
    """What the samples say of an object. Raises SpecError where its size cannot be read."""
    claim = None
    if one.kind == ObjectKind.CLAIM and size_of(one):
        claim = ClaimSize(size_of(one), _bytes(one, one.requested))
    return read_object(policy, found.expressions, found.capacity, claim, before, now)


def size_of(one: SeenObject) -> int:
    """The bytes of a claim's capacity, 0 where it has none. Raises SpecError."""
    return _bytes(one, one.capacity)


def previews(
    subjects: Subjects,
    one: SeenObject,
    values: tuple[str, ...],
    actions: Mapping[str, Action],
    now: float,
    involved: tuple[ObjectRef, ...] = (),
) -> list[Intent | Refusal]:
    """What each action would do. Of an object that only labels tell of, what can be told of it."""
    target = Target(ref_of(one), subjects.policy.name, values, involved)
    found: list[Intent | Refusal] = []
    for call in subjects.policy.actions:
        if one.uid in subjects.made and not (call.name in SIZED and size_of(one)):
            found.append(Intent(call.name, _untold(call.name, target.ref), {}))
        else:
            action = actions[call.name]
            found.append(action.preview(target, call.params, subjects.world, now))
    return found


def _bytes(one: SeenObject, quantity: str) -> int:
    try:
        return _parsed(quantity or "0")
    except ValueError as error:
        raise SpecError(f"{ref_of(one)}: {error}") from None


# The same few sizes are read at each look.
_parsed = lru_cache(maxsize=1024)(parse)


def _untold(action: str, ref: ObjectRef) -> str:
    return f"{action} on {ref}; what exactly depends on it: give --objects or --kubeconfig"


def _look(
    subjects: Subjects, one: SeenObject, found: Found, actions: Mapping[str, Action], now: float
) -> Look:
    reading = read(subjects.policy, one, found, (), now)
    return judged(subjects, one, reading, actions, now)


def judged(
    subjects: Subjects,
    one: SeenObject,
    reading: Reading,
    actions: Mapping[str, Action],
    now: float,
    involved: tuple[ObjectRef, ...] = (),
) -> Look:
    """What comes of a reading; `involved` are other objects that it is about. Raises ApiError."""
    policy, ref = subjects.policy, ref_of(one)
    if not reading.met or not policy.actions:
        return Look(ref, reading)
    told = previews(subjects, one, reading.values, actions, now, involved)
    refusal = next((each for each in told if isinstance(each, Refusal)), None)
    if refusal is not None:
        return Look(ref, reading, refusal=refusal)
    intents = tuple(each for each in told if isinstance(each, Intent))
    return Look(ref, reading, intents, None, tuple(_before(policy, now)), policy.dry_run)


def _before(policy: RulePolicy, now: float) -> list[str]:
    """What has to come before an action, beside a budget and other rules."""
    found = []
    if policy.hold_for:
        found.append(f"the condition holds for {policy.hold_for:g} s without a break")
    if policy.needs_approval:
        found.append("a person approves")
    opens = open_in(policy.action_windows, now)
    if opens is None:
        found.append("an action window opens, which none does within two weeks")
    elif opens:
        found.append(f"an action window opens, at {instants.render(now + opens, 'seconds')}")
    return found
