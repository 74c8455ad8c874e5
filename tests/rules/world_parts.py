"""What a world of rules is made of: claims that grow, rules, questions, and what is stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from kubervisor.rules.controller.stored import read_standing, status_of
from kubervisor.rules.decision.budget import Limits
from kubervisor.rules.decision.facts import (
    ApprovalView,
)
from kubervisor.rules.decision.outcomes import Refusal
from kubervisor.rules.decision.policy import ObjectRef, RulePolicy
from kubervisor.rules.decision.states import Intent, Standing, State
from tests.rules.policies import GI, RESIZE

NOTIFY = "notify"
LIMITS = Limits(at_once=1, per_hour=6, per_namespace_per_hour=4)
WIDER = replace(LIMITS, at_once=2)
S = State
EDGES = {
    S.INITIALIZING: {S.NORMAL, S.TRIGGERED},
    S.NORMAL: {S.TRIGGERED},
    S.TRIGGERED: {S.NORMAL, S.AWAITING_APPROVAL, S.AWAITING_WINDOW, S.PENDING, S.DECLINED},
    S.AWAITING_APPROVAL: {S.NORMAL, S.TRIGGERED, S.AWAITING_WINDOW, S.PENDING, S.DECLINED},
    S.AWAITING_WINDOW: {S.NORMAL, S.TRIGGERED, S.PENDING, S.DECLINED},
    S.PENDING: {S.NORMAL, S.TRIGGERED, S.AWAITING_WINDOW, S.IN_PROGRESS, S.DECLINED},
    S.IN_PROGRESS: {S.TAKEN, S.PENDING, S.DECLINED},
    S.TAKEN: {S.NORMAL},
    S.DECLINED: {S.NORMAL, S.TRIGGERED},
}


class Provider(StrEnum):
    """How a claim's volume grows."""

    QUICK = "at once"
    SLOW = "not while it is so"
    FAILING = "it is refused, and the request is taken back"


class End(StrEnum):
    """Where a look ends, when the process does."""

    BEFORE_STORING = "before the standing is stored"
    BEFORE_ASKING = "before the approval is made as it should be"
    BEFORE_THE_DEED = "before the deed is done"
    AFTER_THE_DEED = "before what came of the deed is stored"


@dataclass
class Claim:
    """Bytes. `shown` are the usage and capacity that its metrics say."""

    ref: ObjectRef
    capacity: int
    used: int
    request: int = 0
    provider: Provider = Provider.QUICK
    error: str = ""
    shown: tuple[int, int] = (0, 0)

    @property
    def file_system(self) -> int:
        return self.capacity * 97 // 100


@dataclass
class Rule:
    """A rule and the parameters of its actions: resize, and then notify where it has two."""

    policy: RulePolicy
    percent: int = 100
    maxsize: int | None = None


@dataclass
class Question:
    """An ActionApproval; `number` says which asking it is."""

    number: int
    view: ApprovalView


Key = tuple[str, str]
"""The uids of a rule and of a claim."""


@dataclass
class Begun:
    """An action that began: which, when by a clock that nobody sets, and by which question."""

    key: Key
    at: float
    question: int | None


def key_of(rule: Rule, claim: Claim) -> Key:
    return rule.policy.uid, claim.ref.uid


def preview(rule: Rule, claim: Claim) -> Intent | Refusal:
    size = claim.capacity
    if claim.request > size:
        return Refusal("ResizeInProgress", "it is being resized")
    larger = size + size * rule.percent // 100
    if rule.maxsize is not None:
        larger = min(larger, rule.maxsize)
    if larger <= size:
        return Refusal("AtMaximumSize", f"it has its maxsize {rule.maxsize}", is_final=True)
    return Intent(RESIZE, f"grow from {size} to {larger}", {"from": str(size), "to": str(larger)})


def provide(claim: Claim) -> None:
    if claim.request <= claim.capacity:
        return
    if claim.provider is Provider.QUICK:
        claim.capacity = claim.request
    elif claim.provider is Provider.FAILING:
        claim.request, claim.error = claim.capacity, "the provider refuses"


def dump(ref: ObjectRef, standing: Standing) -> str:
    return json.dumps(status_of({}, ref, standing, (), approval="", now=standing.since))


@lru_cache(maxsize=64)
def load(text: str) -> Standing:
    found = read_standing(json.loads(text))
    assert found is not None
    return found


def claim(name: str, namespace: str, used: int) -> Claim:
    ref = ObjectRef("PersistentVolumeClaim", namespace, name, f"uid-{name}")
    return Claim(ref, 10 * GI, used)
