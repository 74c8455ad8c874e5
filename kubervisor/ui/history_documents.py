"""The JSON of a Service's history: columns of minutes."""

from __future__ import annotations

from kubervisor.ui.documents import Document


class BudgetPast(Document):
    """The numbers of the budget, minute by minute."""

    members: list[int | None]
    serving: list[int | None]
    ejected: list[int | None]
    paused: list[int | None]
    floor: list[int | None]
    cap: list[int | None]


class PodPast(Document):
    """One pod's samples, minute by minute; for the letters see `ring`."""

    name: str
    value: list[float | None]
    n: list[float | None] | None
    margin: list[float | None] | None
    judged: str
    traffic: str


class BreakerPast(Document):
    """A breaker's samples: the lines, the band of the pods that serve, and each pod's."""

    threshold: list[float | None]
    baseline: list[float | None]
    low: list[float | None]
    middle: list[float | None]
    high: list[float | None]
    pods: dict[str, PodPast]


class History(Document):
    """Samples by minute, the first of which begins at `start`."""

    start: float
    step: int
    minutes: int
    span: int
    note: str
    budget: BudgetPast
    breakers: dict[str, BreakerPast]
