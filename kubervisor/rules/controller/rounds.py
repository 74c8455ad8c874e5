"""The loop of remediation rules: gather what is due, decide, act.

One source, rule, namespace or object that fails, whatever it is like, is told of and left; all
others go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from kubervisor.errors import LeadershipLost
from kubervisor.kube.rule_writer import RuleWriter
from kubervisor.rules.controller.approvals import Approvals
from kubervisor.rules.controller.catalog import Catalog
from kubervisor.rules.controller.following import WAITING, Following
from kubervisor.rules.controller.permits import Permits
from kubervisor.rules.controller.polling import Polls
from kubervisor.rules.controller.storage import Storage
from kubervisor.rules.controller.taking import Round, Taker, Turn
from kubervisor.rules.controller.tidying import Tidying
from kubervisor.rules.controller.troubles import Troubles
from kubervisor.rules.decision.budget import Limits
from kubervisor.rules.decision.states import State
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.together import Together

ACTING_SECONDS = 1.0
"""Between two looks while an action is in progress, or nobody knows how something is stored."""

WAITING_SECONDS = 5.0
"""Between two looks while something else is awaited; an answer to an approval wakes the loop."""


class Rounds:
    """`step` is called by a Loop of the leader, on a thread that nobody else uses."""

    def __init__(
        self,
        *,
        storage: Storage,
        approvals: Approvals,
        catalog: Catalog,
        polls: Polls,
        following: Following,
        taker: Taker,
        tidying: Tidying,
        troubles: Troubles,
        writer: RuleWriter,
        together: Together,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._storage, self._approvals, self._catalog = storage, approvals, catalog
        self._polls, self._following, self._taker = polls, following, taker
        self._tidying, self._troubles, self._writer = tidying, troubles, writer
        self._together, self._limits, self._clock = together, limits, clock

    def step(self) -> float:
        """Take one look; the seconds until the next. Raises LeadershipLost."""
        storage, shown = self._storage, self._storage.shown
        storage.settle_doubts(self._writer, self._together)
        rules = self._catalog.read(storage.rules.over(shown.rules()))
        storage.memories.take_in(storage.objects.over(shown.objects()))
        self._approvals.take_in(storage.approvals.over(shown.approvals()))
        now = self._clock.wall()
        self._troubles.begin(self._clock.monotonic())
        turns = self._following.turns(rules, now)
        permits = Permits(self._following.stakes, self._limits, now)
        common = Round(permits, self._following.stake_of, now)
        self._together.do(partial(self._take, those, common) for those in _by_object(turns))
        self._together.do(self._tidying.jobs(now))
        uids = {rule.record.uid for rule in rules}
        self._polls.forget_all_but(uids)
        self._troubles.forget_all_but(uids)
        return self._rest()

    def _take(self, turns: list[Turn], common: Round) -> None:
        """Those about one object, one after the other: rules must see of each other what they do
        to it.
        """
        for turn in turns:
            if self._troubles.is_put_off(turn.key, turn.ref.namespace):
                continue
            try:
                self._taker.take(turn, common)
            except LeadershipLost:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the other objects go on
                said = f"{turn.policy.name}: {turn.ref}"
                self._troubles.failed(turn.key, said, "object", error, turn.ref.namespace)
            else:
                self._troubles.passed(turn.key)

    def _rest(self) -> float:
        """Seconds until something is due."""
        states = {one.standing.state for one in self._storage.memories.all() if one.standing}
        rest = min(self._polls.next_due(), self._following.next_look())
        if State.IN_PROGRESS in states or self._storage.is_in_doubt():
            return min(rest, ACTING_SECONDS)
        return min(rest, WAITING_SECONDS) if states & WAITING else rest


def _by_object(turns: Iterable[Turn]) -> list[list[Turn]]:
    """Of several rules about one object the weightier is looked at first: it may act at once."""
    found: dict[str, list[Turn]] = {}
    for turn in sorted(turns, key=_precedence):
        found.setdefault(turn.ref.uid, []).append(turn)
    return list(found.values())


def _precedence(turn: Turn) -> tuple[int, float, str]:
    policy = turn.policy
    return -policy.weight, policy.created_at, policy.name
