"""Decides what to say of KubervisorServices; pure."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor import instants
from kubectl_kubervisor.objects import Guard

HEADERS = ("NAME", "READY", "SERVING", "EJECTED", "PAUSED", "FLOOR", "MAY-EJECT", "STATE", "AGE")
WIDE = ("SERVICE", "BREAKERS", "MESSAGE")

_WORRIES = (
    "WorkloadSelectsTraffic",
    "Panicking",
    "BelowFloor",
    "VersionOutlier",
    "BudgetExhausted",
)
"""Conditions that a person wants to know of when they are True, the gravest first."""


def state(guard: Guard) -> str:
    """What there is to know, in one word.

    The first that applies of: why not Ready, that it does nothing, what troubles it, `Guarding`.
    """
    ready = guard.condition("Ready")
    if not guard.ready:
        settled = ready.status == "False" and ready.generation >= guard.generation
        return ready.reason or "NotReady" if settled else "Pending"
    if guard.condition("Paused").true:
        return "Paused"
    if guard.condition("DryRun").true:
        return "DryRun"
    if guard.condition("Active").status == "False":
        return "Inactive"
    if guard.condition("SourcesAvailable").status == "False":
        return guard.condition("SourcesAvailable").reason or "SourcesUnavailable"
    return next((kind for kind in _WORRIES if guard.condition(kind).true), "Guarding")


def message(guard: Guard) -> str:
    """The sentence that goes with the state."""
    word = state(guard)
    if not guard.ready:
        return guard.condition("Ready").message
    if word == "Inactive":
        return guard.condition("Active").message
    if guard.condition("SourcesAvailable").reason == word:
        return guard.condition("SourcesAvailable").message
    return guard.condition(word).message


def row(guard: Guard, now: float, *, wide: bool, with_namespace: bool) -> list[str]:
    """One line of the table."""
    fleet = guard.fleet
    numbers = ["-"] * 5
    if fleet is not None:
        served = f"{fleet.serving}/{fleet.members}"
        rest = (fleet.ejected, fleet.paused, fleet.floor, fleet.may_eject)
        numbers = [served, *map(str, rest)]
    ready = guard.condition("Ready").status
    cells = [guard.name, ready, *numbers, state(guard), instants.since(guard.created, now)]
    if wide:
        cells += [guard.service, ",".join(guard.breakers), message(guard) or "-"]
    return [guard.namespace, *cells] if with_namespace else cells


def headers(*, wide: bool, with_namespace: bool) -> list[str]:
    """The headers of `row`."""
    names = [*HEADERS, *(WIDE if wide else ())]
    return ["NAMESPACE", *names] if with_namespace else names


def details(guard: Guard, now: float) -> list[tuple[str, str]]:
    """Name and value of what there is to say of one KubervisorService, beyond its pods."""
    found = [
        ("Name", f"{guard.namespace}/{guard.name}"),
        ("Service", guard.service),
        ("Breakers", ", ".join(guard.breakers)),
        ("State", _with(state(guard), message(guard))),
        ("Budget", str(guard.fleet) if guard.fleet else "not known"),
    ]
    for kind in ("Active", "SourcesAvailable"):
        condition = guard.condition(kind)
        if not condition.true and condition.message != message(guard):
            found.append((kind, _with(condition.status, condition.message)))
    for kind in (*_WORRIES, "DryRun", "Paused"):
        condition = guard.condition(kind)
        if condition.true:
            lasting = instants.since(condition.since, now)
            found.append((kind, _with(f"True for {lasting}", condition.message)))
    if state(guard) == "Inactive":
        enable = f"kubectl kubervisor enable {guard.service} -n {guard.namespace}"
        found.append(("Activate it by", enable))
    return found


def recent_rows(guard: Guard, now: float) -> Sequence[Sequence[str]]:
    """The record of decisions, the newest first."""
    return [
        (instants.since(one.time, now), one.action, one.pod, one.breaker or "-", one.evidence)
        for one in guard.recent
    ]


def _with(word: str, message: str) -> str:
    return f"{word}: {message}" if message else word
