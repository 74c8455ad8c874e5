"""Which looks are to be taken now: of objects that a poll told of, and of those that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kubervisor.rules.controller.catalog import Rule, unfollowed
from kubervisor.rules.controller.gathering import Gathering, Seen
from kubervisor.rules.controller.remembered import Key, Memories, Memory
from kubervisor.rules.controller.statuses import Finding
from kubervisor.rules.controller.taking import Taker, Turn
from kubervisor.rules.controller.troubles import Troubles
from kubervisor.rules.decision.conflicts import Stake
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.states import Sizes, State
from kubervisor.rules.decision.windows import open_in

WAITING = frozenset([State.AWAITING_APPROVAL, State.AWAITING_WINDOW, State.PENDING, State.TAKEN])
"""States that end by what no poll shows."""

NEW_SECONDS = 1.0
"""Between two looks while the objects of a rule are not known: their first list wakes nobody."""


@dataclass(slots=True)
class Followed:
    """A rule and what its last poll showed; nothing that a restart may not lose. `finding` is None
    before there was one. `objects` are by uid, None while nobody knows which.
    """

    rule: Rule
    finding: Finding | None
    objects: Mapping[str, Seen] | None = None


class Following:
    """Belongs to one thread but for `stake_of` and `stakes`, which any may ask."""

    def __init__(
        self, gathering: Gathering, taker: Taker, memories: Memories, troubles: Troubles
    ) -> None:
        self._gathering, self._taker = gathering, taker
        self._memories, self._troubles = memories, troubles
        self._followed: dict[str, Followed] = {}

    def turns(self, rules: Iterable[Rule], now: float) -> list[Turn]:
        """Looks that change something, at the objects of all rules."""
        before = self._followed
        self._followed = {
            rule.record.uid: _carried_on(rule, before.get(rule.record.uid)) for rule in rules
        }
        turns = [turn for one in self._followed.values() for turn in self._turns_of(one, now)]
        return [*turns, *self._turns_to_the_end({turn.key for turn in turns})]

    def all(self) -> Mapping[str, Followed]:
        """The rules by their uids."""
        return self._followed

    def next_look(self) -> float:
        """Seconds until something is to be looked at that no poll tells of."""
        rest = self._gathering.next_look()
        is_new = any(one.rule.policy and one.objects is None for one in self._followed.values())
        return min(rest, NEW_SECONDS) if is_new else rest

    def stakes(self) -> list[Stake]:
        """Where all rules stand about all objects."""
        return [stake for one in self._memories.all() if (stake := self.stake_of(one))]

    def stake_of(self, memory: Memory) -> Stake | None:
        """Where a rule stands about an object, None where nothing is stored. One that is no longer
        about it, or not followed, has no claim on it, but for what is in progress: of the rest
        counts when it acted.
        """
        standing, ref = memory.standing, memory.ref
        if standing is None or ref is None:
            return None
        followed = self._followed.get(memory.key[0])
        is_about = (
            followed is not None
            and followed.rule.policy is not None
            and (followed.objects is None or ref.uid in followed.objects)
        )
        if not is_about and standing.state is not State.IN_PROGRESS:
            standing = replace(standing, state=State.NORMAL)
        return Stake(self._policy_of(memory), ref, standing)

    def _policy_of(self, memory: Memory) -> RulePolicy:
        """The rule by which a memory is judged."""
        uid = memory.key[0]
        followed = self._followed.get(uid)
        policy = followed.rule.policy if followed else None
        return policy or unfollowed(memory.record.rule, uid)

    def _turns_of(self, one: Followed, now: float) -> list[Turn]:
        policy = one.rule.policy
        if policy is None:
            return []
        try:
            view = self._gathering.look(one.rule, policy, self._sizes_before)
            if view is not None:
                one.finding = view.finding
                one.objects = one.objects if view.objects is None else view.objects
            is_polled = view is not None and view.objects is not None
            return self._looks(one, policy, now, is_polled=is_polled)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules go on
            one.finding = Finding(False, "Error", f"{type(error).__name__}: {error}")
            self._troubles.failed((policy.uid, ""), policy.name, "rule", error)
            return []

    def _looks(
        self, one: Followed, policy: RulePolicy, now: float, *, is_polled: bool
    ) -> list[Turn]:
        window = open_in(policy.action_windows, now)
        turns = [
            Turn(policy, one.rule.record, seen.ref, seen.reading, window, seen.involved)
            for uid, seen in (one.objects or {}).items()
            if is_polled or self._is_waiting((policy.uid, uid))
        ]
        return [turn for turn in turns if not self._taker.has_nothing_to_do(turn, now)]

    def _is_waiting(self, key: Key) -> bool:
        memory = self._memories.get(key)
        standing = memory.standing if memory else None
        return standing is not None and standing.state in WAITING

    def _turns_to_the_end(self, known: set[Key]) -> list[Turn]:
        """Actions in progress, whatever became of their rules and objects."""
        turns = []
        for memory in self._memories.all():
            standing, ref = memory.standing, memory.ref
            if standing is None or ref is None or memory.key in known:
                continue
            if standing.state is State.IN_PROGRESS:
                followed = self._followed.get(memory.key[0])
                seen = (followed.objects or {}).get(ref.uid) if followed else None
                turns.append(
                    Turn(
                        self._policy_of(memory),
                        followed.rule.record if followed else None,
                        ref,
                        seen.reading if seen else None,
                    )
                )
        return turns

    def _sizes_before(self, uid: str) -> list[Sizes]:
        about = self._memories.about(uid)
        return [one.standing.measured for one in about if one.standing and one.standing.measured]


def _carried_on(rule: Rule, before: Followed | None) -> Followed:
    """A rule that is written anew sees nothing until its next poll."""
    if before is None or before.rule.policy is not rule.policy:
        return Followed(rule, rule.finding if rule.policy is None else None)
    before.rule = rule
    return before
