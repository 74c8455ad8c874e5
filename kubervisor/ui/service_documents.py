"""The JSON of one Service: its budget, breakers, pods, decisions and Events."""

from __future__ import annotations

from typing import Any

from kubervisor.ui.documents import Condition, Controller, Document, ServiceRow

MOST_SPEC_BYTES = 64 * 1024
MOST_PODS = 2000


class BreakerRoom(Document):
    """What one breaker may still eject."""

    breaker: str
    floor: int
    may_eject: int


class Budget(Document):
    """The numbers of the budget now, and in words."""

    members: int
    serving: int
    out: int
    floor: int
    cap: int
    may_eject: int
    said: str
    breakers: list[BreakerRoom]


class Knob(Document):
    """A setting of a detector that a reader may try other values of."""

    name: str
    field: str
    label: str
    value: float
    min: float
    max: float
    scale: str
    unit: str


class Matches(Document):
    """An outlier is one in `need` of the last `of` steps."""

    need: int
    of: int


class Breaker(Document):
    """What a breaker judges by; `fixed` is what its test needs besides the knobs."""

    name: str
    detector: str
    path: str
    source: str
    queries: list[str]
    period: float
    window: float
    matches: Matches
    hold_for: float
    warm_up: float
    unit: str
    side: str
    relative: bool
    rule: str
    knobs: list[Knob]
    fixed: dict[str, float | str]
    answering: bool
    problem: str


class Score(Document):
    """A pod's newest sample of one breaker."""

    breaker: str
    at: float
    judged: str
    value: float | None
    threshold: float | None
    margin: float | None


class Ejection(Document):
    """What a pod carries of its ejection."""

    id: str
    breaker: str
    at: float | None
    until: float | None
    reason: str
    evidence: str


class Watchdog(Document):
    """A watchdog of a pod and its last word; `level` is `Unknown` where it has not spoken."""

    name: str
    level: str
    since: float | None
    message: str
    expires: float | None
    probed: bool


class Pod(Document):
    """A member."""

    uid: str
    name: str
    group: str
    state: str
    ready: bool
    phase: str
    node: str
    created_at: float
    started_at: float | None
    retries: int
    returned_at: float | None
    probation_until: float | None
    ejection: Ejection | None
    scores: list[Score]
    watchdogs: list[Watchdog]


class Kept(Document):
    """An outlier that stays in traffic, and the rule that keeps it there."""

    pod: str
    uid: str
    breaker: str
    since: float
    reason: str
    evidence: str


class Numbers(Document):
    """The numbers of the finding that a decision was made on."""

    value: float | None
    threshold: float | None
    score: float | None
    margin: float | None
    n: float | None
    k: float | None
    baseline: float | None
    peers: float | None
    p: float | None
    alpha: float | None
    window: float | None
    factor: float | None
    limit: float | None
    bound: float | None


class Decision(Document):
    """What was done to a pod, or refused, when and why."""

    id: str
    at: float
    action: str
    pod: str
    uid: str
    breaker: str
    reason: str
    evidence: str
    until: float | None
    numbers: Numbers | None


class Event(Document):
    """An Event that this process recorded."""

    at: float
    last_at: float
    count: int
    type: str
    reason: str
    pod: str
    note: str


class Service(Document):
    """All about one Service but its history."""

    at: float
    controller: Controller
    row: ServiceRow
    uid: str
    generation: int
    created_at: float
    stance: str | None
    conditions: list[Condition]
    spec: Any
    budget: Budget | None
    breakers: list[Breaker]
    pods: list[Pod]
    pods_left_out: int
    kept: list[Kept]
    decisions: list[Decision]
    events: list[Event]
    backtest: str
