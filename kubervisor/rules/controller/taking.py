"""One look at one object: decide, store where the rule stands, then act, then store what came of
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

from kubervisor.errors import ApiUnavailable, Conflict
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_records import RuleObjectRecord
from kubervisor.kube.rule_writer import RuleWriter
from kubervisor.rules.actions.action import Target
from kubervisor.rules.controller.acting import Acting
from kubervisor.rules.controller.approvals import Approvals
from kubervisor.rules.controller.naming import approval_name, object_label, rule_object_name
from kubervisor.rules.controller.news import RuleNews
from kubervisor.rules.controller.permits import Permits
from kubervisor.rules.controller.remembered import Key, Memories, Memory
from kubervisor.rules.controller.stored import as_stored, status_of
from kubervisor.rules.decision.conflicts import Stake
from kubervisor.rules.decision.facts import (
    Facts,
    Move,
    Permission,
    Previews,
    Reading,
    WishKind,
)
from kubervisor.rules.decision.lifecycle import advance, begin
from kubervisor.rules.decision.outcomes import Refusal
from kubervisor.rules.decision.policy import ObjectRef, RulePolicy
from kubervisor.rules.decision.states import Intent, Standing, State

MOST_STEPS = 10
"""Of the actions of one rule at one look."""


class Later(Exception):
    """Deciding takes more than what is in memory."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a look at one object begins with. `record` is None where the rule is gone."""

    policy: RulePolicy
    record: SpecRecord | None
    ref: ObjectRef
    reading: Reading | None
    window_open_in: float | None = 0.0
    involved: tuple[ObjectRef, ...] = ()

    @property
    def key(self) -> Key:
        """Whose turn it is."""
        return self.policy.uid, self.ref.uid


@dataclass(frozen=True, slots=True)
class Round:
    """What goes for all looks of one step of the loop. `stake_of` is that of a memory."""

    permits: Permits
    stake_of: Callable[[Memory], Stake | None]
    now: float


class Taker:
    """`take` may be called for several objects at once, for each by one thread at a time."""

    def __init__(
        self,
        memories: Memories,
        records: Fresh[RuleObjectRecord],
        approvals: Approvals,
        acting: Acting,
        writer: RuleWriter,
        news: RuleNews,
    ) -> None:
        self._memories, self._records, self._approvals = memories, records, approvals
        self._acting, self._writer, self._news = acting, writer, news

    def has_nothing_to_do(self, turn: Turn, now: float) -> bool:
        """Whether a look would change nothing; asks nobody."""
        memory = self._memories.get(turn.key)
        standing = _standing_of(memory, now)
        facts = self._facts(turn, _later, _later)
        try:
            move = _advance(turn.policy, standing, facts, now)
        except Exception:  # noqa: BLE001 - Later among them; else the look itself fails, alone
            return False
        changes = move.standing is not standing and move.standing.state is not State.INITIALIZING
        return not (changes or move.wish or move.wants_step)

    def take(self, turn: Turn, common: Round) -> None:
        """Look once. Raises ApiError where something could not be read or stored: nothing more is
        done then; and LeadershipLost.
        """
        memory = self._memories.get(turn.key)
        if self._is_in_doubt(turn, memory):
            return
        standing, now = _standing_of(memory, common.now), common.now
        facts = self._facts(
            turn, partial(self._may_act, turn, standing, common), partial(self._preview, turn, now)
        )
        try:
            move = self._decide(turn, standing, facts, now)
            for _ in range(MOST_STEPS):
                standing = move.standing
                if not move.wants_step:
                    return
                outcome = self._acting.step(turn.ref, standing.intents[0], now)
                move = self._decide(turn, standing, replace(facts, outcome=outcome), now)
        finally:
            stored = self._memories.get(turn.key)
            if stored is None or _standing_of(stored, now).state is not State.IN_PROGRESS:
                common.permits.give_back(turn.key)

    def _decide(self, turn: Turn, standing: Standing, facts: Facts, now: float) -> Move:
        """What comes of it is stored, and only then told."""
        move = _advance(turn.policy, standing, facts, now)
        if move.standing is not standing and move.standing.state is not State.INITIALIZING:
            self._store(turn, move, now)
        self._news.tell(turn.record, turn.policy.name, turn.ref, standing, move)
        memory = self._memories.get(turn.key)
        if move.wish is not None and memory is not None:
            self._approvals.grant(move.wish, turn.policy, turn.ref, memory.record, now)
        return move

    def _store(self, turn: Turn, move: Move, now: float) -> None:
        memory = self._memories.get(turn.key)
        record = memory.record if memory else self._make(turn)
        is_acting = move.standing.state is State.IN_PROGRESS
        if is_acting:
            record = self._write(record, partial(self._writer.hold, record, is_held=True))
        asks = move.wish is not None and move.wish.kind is not WishKind.CANCEL
        is_asked = asks or self._approvals.view(turn.policy, turn.ref) is not None
        status = status_of(
            record.status,
            turn.ref,
            move.standing,
            move.transitions,
            approval=approval_name(turn.policy.name, turn.ref.name) if is_asked else "",
            now=now,
        )
        record = self._write(record, partial(self._writer.remember, record, status))
        if not is_acting:
            self._write(record, partial(self._writer.hold, record, is_held=False))

    def _make(self, turn: Turn) -> RuleObjectRecord:
        label = object_label(turn.ref.kind, turn.ref.uid)
        name = rule_object_name(turn.policy.name, label)
        assert turn.record is not None, "of a rule that is gone only what there is goes on"
        try:
            made = self._writer.make(turn.record, turn.ref.namespace, name, label)
        except Conflict:
            # It is there, and the watch has not shown it yet.
            self._records.note(self._writer.find_object(turn.ref.namespace, name))
            raise
        self._note(made)
        return made

    def _write(
        self, record: RuleObjectRecord, write: Callable[[], RuleObjectRecord]
    ) -> RuleObjectRecord:
        try:
            stored = write()
        except (Conflict, ApiUnavailable):
            self._records.doubt(record)
            raise
        self._note(stored)
        return stored

    def _note(self, record: RuleObjectRecord) -> None:
        self._records.note(record)
        self._memories.put(record)

    def _may_act(self, turn: Turn, standing: Standing, common: Round) -> Permission:
        def on_object() -> list[Stake]:
            about = map(common.stake_of, self._memories.about(turn.ref.uid))
            return [stake for stake in about if stake is not None]

        read_at = turn.reading.at if turn.reading else 0.0
        return common.permits.ask(Stake(turn.policy, turn.ref, standing, read_at), on_object)

    def _preview(self, turn: Turn, now: float) -> Sequence[Intent | Refusal]:
        values = turn.reading.values if turn.reading else ()
        target = Target(turn.ref, turn.policy.name, values, turn.involved)
        sizes = turn.reading.sizes if turn.reading else None
        return self._acting.preview(turn.policy, target, sizes, now)

    def _facts(self, turn: Turn, may_act: Callable[[], Permission], previews: Previews) -> Facts:
        return Facts(
            reading=turn.reading,
            approval=self._approvals.view(turn.policy, turn.ref),
            may_act=may_act,
            previews=previews,
            window_open_in=turn.window_open_in,
        )

    def _is_in_doubt(self, turn: Turn, memory: Memory | None) -> bool:
        if memory is not None and self._records.is_doubtful(memory.record.uid):
            return True
        return self._approvals.is_doubtful(turn.policy, turn.ref)


def _standing_of(memory: Memory | None, now: float) -> Standing:
    return begin(now) if memory is None or memory.standing is None else memory.standing


def _advance(policy: RulePolicy, standing: Standing, facts: Facts, now: float) -> Move:
    """As it will be read: what would be stored as it is already stays the same object."""
    move = advance(policy, standing, facts, now)
    if move.standing is standing:
        return move
    shown = as_stored(move.standing)
    return replace(move, standing=standing if shown == standing else shown)


def _later() -> NoReturn:
    raise Later
