"""What a rule would have done over a time: its decisions, on what was recorded.

Approvals are given at once, budgets have room, and actions succeed at once. Claims grow as their
actions ask, and metrics of capacity with them; nothing else that actions change is in the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.kube.rule_records import SeenObject
from kubervisor.rules.actions.action import Action, Do, Patch
from kubervisor.rules.actions.quantities import render
from kubervisor.rules.controller.joining import Found
from kubervisor.rules.decision.facts import (
    Answer,
    ApprovalView,
    ApprovalWish,
    Facts,
    Permission,
    Reading,
    Transition,
    WishKind,
)
from kubervisor.rules.decision.lifecycle import advance, begin
from kubervisor.rules.decision.outcomes import Done, Outcome
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef
from kubervisor.rules.decision.reading import LEAST_OF_CLAIM, MOST_OF_CLAIM
from kubervisor.rules.decision.states import Intent, Standing, State
from kubervisor.rules.decision.windows import open_in
from kubervisor.rules.expressions import CAPACITY
from kubervisor.rules.trial.answers import Answers, Past, Stretch
from kubervisor.rules.trial.looking import previews, read, ref_of, size_of
from kubervisor.rules.trial.subjects import Subjects, claim_size
from kubervisor.rules.trial.vectors import NAME, Measured

GROWING = frozenset(
    {
        "kubelet_volume_stats_capacity_bytes",
        "kubelet_volume_stats_available_bytes",
        "px_volume_capacity_bytes",
    }
)
"""Metrics that have a byte more for every byte that a volume grows."""
LOOKS_AT_ONCE = 8
"""From state to state at one instant, where nothing waits."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A transition, or an action that was taken."""

    at: float
    transition: Transition


@dataclass(slots=True)
class Course:
    """What became of one object: its transitions, and what was done to it."""

    ref: ObjectRef
    began: str
    ended: str = ""
    happened: list[Happened] = field(default_factory=list)
    taken: list[tuple[float, Intent]] = field(default_factory=list)
    cut_at: float | None = None
    """From here on the record does not show what would have been."""


@dataclass(slots=True)
class _Walk:
    """An object on its way."""

    course: Course
    standing: Standing
    approval: ApprovalView | None = None
    is_sized: bool = False


class Trial:
    """One rule over a stretch of time; belongs to one thread. Raises SourceError, ApiError."""

    def __init__(
        self, subjects: Subjects, answers: Answers, actions: Mapping[str, Action], stretch: Stretch
    ) -> None:
        policy = subjects.policy
        self._subjects, self._actions, self._stretch = subjects, actions, stretch
        self._pasts = [answers.past(one.promql, stretch) for one in policy.expressions]
        self._capacity: Past | None = None
        if policy.kind is ObjectKind.CLAIM:
            self._capacity = answers.past(policy.capacity or CAPACITY, stretch)
        self._walks: dict[str, _Walk] = {}
        # Bytes of capacity by uid: as recorded now, and what the metrics have at least by now.
        self._recorded: dict[str, float] = {}
        self._floors: dict[str, float] = {}

    def run(self) -> tuple[Course, ...]:
        """What became of each object, by namespace and name."""
        for at in self._stretch.instants():
            self._look(at)
        for uid, walk in self._walks.items():
            walk.course.ended = self._subjects.objects[uid].capacity
        courses = (walk.course for walk in self._walks.values())
        return tuple(sorted(courses, key=lambda one: (one.ref.namespace, one.ref.name)))

    def _look(self, at: float) -> None:
        subjects = self._subjects
        recorded = self._capacity.at(at, _as_recorded) if self._capacity else ()
        subjects.meet((), recorded)
        named = ((subjects.whose(one.labels), one.value) for one in recorded)
        self._recorded = {uid: value for uid, value in named if uid is not None}
        vectors = [past.at(at, self._grown) for past in self._pasts]
        capacity = tuple(Measured(one.labels, self._grown(one)) for one in recorded)
        guarded = capacity if subjects.policy.capacity else ()
        for uid, found in subjects.join(vectors, guarded, at).items():
            walk = self._walks.get(uid) or self._begin(uid, at)
            if walk.course.cut_at is None:
                self._follow(walk, found, at)

    def _begin(self, uid: str, at: float) -> _Walk:
        one = self._subjects.objects[uid]
        walk = self._walks[uid] = _Walk(Course(ref_of(one), one.capacity), begin(at))
        return walk

    def _follow(self, walk: _Walk, found: Found, at: float) -> None:
        """Look at one object, as often as its state changes."""
        if not walk.is_sized and walk.course.ref.uid in self._recorded:
            self._size(walk, self._recorded[walk.course.ref.uid])
        one = self._subjects.objects[walk.course.ref.uid]
        before = [walk.standing.measured] if walk.standing.measured else []
        reading = read(self._subjects.policy, one, found, before, at)
        outcome: Outcome | None = None
        for _ in range(LOOKS_AT_ONCE):
            facts = self._facts(walk, one, reading, outcome, at)
            move = advance(self._subjects.policy, walk.standing, facts, at)
            walk.course.happened += [Happened(at, each) for each in move.transitions]
            walk.standing = move.standing
            answered = self._answer(walk, move.wish)
            outcome = self._take(walk, move.standing.intents[0], at) if move.wants_step else None
            if not (move.wants_step or answered):
                return

    def _facts(
        self, walk: _Walk, one: SeenObject, reading: Reading, outcome: Outcome | None, at: float
    ) -> Facts:
        return Facts(
            reading=reading,
            approval=walk.approval,
            may_act=Permission,
            previews=lambda: previews(self._subjects, one, reading.values, self._actions, at),
            window_open_in=open_in(self._subjects.policy.action_windows, at),
            outcome=outcome,
        )

    def _answer(self, walk: _Walk, wish: ApprovalWish | None) -> bool:
        """Approve what is asked for; whether there is an answer that was not there before."""
        if wish is None:
            return False
        before = walk.approval
        walk.approval = (
            None
            if wish.kind is WishKind.CANCEL
            else ApprovalView(Answer.APPROVED, wish.digest, wish.expires_at)
        )
        return walk.approval != before

    def _take(self, walk: _Walk, intent: Intent, at: float) -> Outcome:
        """Do an action in the world of the trial."""
        ref, subjects = walk.course.ref, self._subjects
        walk.course.taken.append((at, intent))
        before = size_of(subjects.objects[ref.uid])
        if intent.goal:
            outcome = self._steps(ref, intent, at)
            if not isinstance(outcome, Done):
                return outcome
        changed = subjects.world.get(ref.kind, ref.namespace, ref.name)
        after = size_of(subjects.put(changed)) if changed else before
        if after > before:
            measured = max(self._floors.get(ref.uid, 0.0), self._recorded.get(ref.uid, 0.0))
            self._floors[ref.uid] = measured * after / before if before else float(after)
            if not all(past.grows for past in self._pasts):
                walk.course.cut_at = at
        return Done("done at once, as a trial has it")

    def _steps(self, ref: ObjectRef, intent: Intent, at: float) -> Outcome:
        action, world = self._actions[intent.action], self._subjects.world
        for _ in range(LOOKS_AT_ONCE):
            step = action.step(ref, intent, world, at)
            if not isinstance(step, Do):
                return step
            if not (isinstance(step.deed, Patch) and world.apply(step.deed)):
                break
        return Done("done at once, as a trial has it")

    def _grown(self, one: Measured) -> float:
        """A sample as it would be: with what the volume has more than was recorded."""
        uid = self._subjects.whose(one.labels) if one.labels.get(NAME) in GROWING else None
        if uid is None or uid not in self._floors:
            return one.value
        return one.value + max(0.0, self._floors[uid] - self._recorded.get(uid, 0.0))

    def _size(self, walk: _Walk, measured: float) -> None:
        """Have the claim the size that it had at the time, where that is another one than now."""
        walk.is_sized = True
        one = self._subjects.objects[walk.course.ref.uid]
        capacity = size_of(one)
        if LEAST_OF_CLAIM * capacity <= measured <= MOST_OF_CLAIM * capacity:
            return
        found = self._subjects.world.get(one.kind, one.namespace, one.name)
        if found is None:
            return
        size = render(claim_size(int(measured)))
        spec = {**found["spec"], "resources": {"requests": {"storage": size}}}
        status = {**found.get("status", {}), "capacity": {"storage": size}, "conditions": []}
        self._subjects.put({**found, "spec": spec, "status": status})
        walk.course.began = size


def _as_recorded(one: Measured) -> float:
    return one.value


def acts(courses: Iterable[Course]) -> bool:
    """Whether anything would have been done."""
    return any(one.taken for one in courses)


def states(course: Course) -> list[State]:
    """The states that it came to, in their order."""
    return [each.transition.target for each in course.happened]
