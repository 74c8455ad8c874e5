"""What one look at a source's rollout leads to. This is where the parts of the decision meet:

`choice` says which version, `gates` what stops it, `stages` how far it goes, `rules` what the state
becomes, `asking` who is asked for what, `explain` why.

Pure: a function of what was seen and of an instant, so thousands of rollouts run in a second in the
tests, and a decision can be made again from what was recorded.
"""

from __future__ import annotations

from dataclasses import replace

from kubervisor.datarollout.decision.asking import requests
from kubervisor.datarollout.decision.explain import explanation
from kubervisor.datarollout.decision.rules import RULES
from kubervisor.datarollout.decision.state import News, Phase, RolloutPlan, RolloutState, View
from kubervisor.datarollout.decision.users import tally

MOST_CHANGES = 64
"""Of a state at one look. Each rule leads forward, so there are a few; should two ever undo one
another, the next look goes on.
"""


def plan_rollout(view: View, now: float) -> RolloutPlan:
    """The state to store, then the requests to write, and what to say; `now` is Unix seconds.

    To plan again with both written, at the same instant, changes nothing and asks nobody.
    """
    told_before = view.state.reason
    view, news = _settle(view, now)
    said = explanation(view, now)
    if said.warning and said.reason is not told_before:
        news = (*news, said)
    state = replace(view.state, phase=_phase(view), reason=said.reason)
    return RolloutPlan(
        state, requests(view, now), said.reason, said.message, news, tally(view, now)
    )


def _settle(view: View, now: float) -> tuple[View, tuple[News, ...]]:
    """What is seen, with the state after every rule that applies, and what people are told."""
    news: list[News] = []
    for _ in range(MOST_CHANGES):
        changes = (rule(view, now) for rule in RULES)
        change = next((found for found in changes if found is not None), None)
        if change is None:
            break
        state, told = change
        view = replace(view, state=state)
        news += [told] if told else []
    return view, tuple(news)


def _phase(view: View) -> Phase:
    state: RolloutState = view.state
    if state.phase is Phase.ROLLING_BACK:
        return Phase.ROLLING_BACK
    if state.candidate is not None:
        return Phase.ROLLING_OUT
    if state.last_known_good is None or not view.users:
        return Phase.WAITING
    return Phase.SETTLED
