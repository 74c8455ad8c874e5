"""What one look at one object leads to: the states of a rule about it, and what is done between.

Pure: a function of what was seen and of an instant. `edges` says where each state leads.

    Initializing → Normal → Triggered → [ActionAwaitingApproval] → [ActionAwaitingWindow]
      → ActiveActionsPending → ActiveActionsInProgress → ActiveActionsTaken → Normal

and aside: to Normal from wherever nothing has begun, once the condition clears; to Pending from
InProgress where it failed; to ActionsDeclined where people or a limit say no, and from there to
Triggered; to Triggered from what is only decided, where the rule or its approval changes; from
Pending to ActionAwaitingWindow where its window closes meanwhile.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import replace

from kubervisor.rules.decision.approvals import wish
from kubervisor.rules.decision.edges import EDGES
from kubervisor.rules.decision.facts import Facts, Move, Notice, Transition
from kubervisor.rules.decision.look import Look, to
from kubervisor.rules.decision.outcomes import Done
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.decision.remedies import LONGEST_WAIT
from kubervisor.rules.decision.states import Reason, Standing, State

MOST_STATES = len(State)
"""That are passed at one look; should two ever lead to one another, the next look goes on."""

_AS_EDITED = frozenset({State.INITIALIZING, State.NORMAL, State.IN_PROGRESS, State.TAKEN})
"""An edit of the rule changes nothing about these: nothing is decided, or it has begun."""


def begin(now: float) -> Standing:
    """Where a rule stands about an object that it sees for the first time."""
    return Standing(State.INITIALIZING, float(math.floor(now)))


def advance(policy: RulePolicy, standing: Standing, facts: Facts, now: float) -> Move:
    """Where the rule stands after a look at `now` (Unix seconds), and what is to be done.

    States in which nothing waits are passed at one look. Instants are kept in whole seconds, and
    what lasts until an instant is over at it. To advance again with the result, at the same
    instant and without an outcome, changes nothing. Raises what `facts.previews` and
    `facts.may_act` raise.
    """
    look = Look(policy, _as_seen(facts, standing, now), now)
    current, transitions = _by_the_clock(standing, look.now), list[Transition]()
    for _ in range(MOST_STATES):
        before = current
        current = _edited(look, before)
        if current.state is before.state:
            current = EDGES[current.state](look, current)
        transitions += _told(before, current)
        if current.state is before.state:
            break
    stored = standing if current == standing else current
    outcome = look.facts.outcome
    return Move(
        stored,
        tuple(transitions),
        wish(look, stored, transitions),
        stored.state is State.IN_PROGRESS and (outcome is None or isinstance(outcome, Done)),
        tuple(_notices(standing, stored, transitions)),
    )


def _as_seen(facts: Facts, standing: Standing, now: float) -> Facts:
    """Each question is asked once; a reading that is younger than the clock says nothing of now;
    and what came of a step matters to an action in progress only.
    """
    is_current = facts.reading is not None and facts.reading.at <= now
    return replace(
        facts,
        reading=facts.reading if is_current else None,
        may_act=functools.cache(facts.may_act),
        previews=functools.cache(facts.previews),
        outcome=facts.outcome if standing.state is State.IN_PROGRESS else None,
    )


def _by_the_clock(standing: Standing, now: float) -> Standing:
    """What was stored by a clock that was set back since moves back with it: nothing waits for
    longer than it would have from now on, and no action is forgotten sooner.
    """
    ahead = max(0.0, standing.since - now)
    met_since = standing.met_since
    return replace(
        standing,
        since=standing.since - ahead,
        met_since=None if met_since is None else min(met_since - ahead, now),
        not_before=min(max(0.0, standing.not_before - ahead), now + LONGEST_WAIT),
        acted=tuple(min(at, now) for at in standing.acted),
    )


def _edited(look: Look, standing: Standing) -> Standing:
    """What was decided by an older generation of the rule is decided anew. `for` counts on."""
    if standing.generation == look.policy.generation or standing.state in _AS_EDITED:
        return standing
    if standing.state is State.TRIGGERED:
        return replace(standing, generation=look.policy.generation, not_before=0.0)
    message = "the rule was changed: what to do is decided anew"
    return to(look, standing, State.TRIGGERED, Reason.RULE_CHANGED, message)


def _told(before: Standing, after: Standing) -> Iterator[Transition]:
    if after.state is not before.state:
        yield Transition(before.state, after.state, Reason(after.reason), after.message)


def _notices(before: Standing, after: Standing, transitions: list[Transition]) -> Iterator[Notice]:
    for one in transitions:
        if one.reason is Reason.ACTION_FAILED:
            yield Notice(Reason.ACTION_FAILED, one.message)
    if after.reason == Reason.OTHER_RULE != before.reason:
        yield Notice(Reason.OTHER_RULE, after.message)
