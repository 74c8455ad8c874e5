"""What the answer to a rule's query says of one object."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.operators import OF_PRESENCE, matches
from kubervisor.rules.decision.policy import Expression, NoData, RulePolicy
from kubervisor.rules.decision.states import Reason, Sizes

LEAST_OF_CLAIM, MOST_OF_CLAIM = 0.80, 1.02
"""What a file system can have of the volume it is on: its own tables and reserved blocks are the
rest, and a provider may give a little more than it says.
"""
LONGEST_QUERY = 80
"""Characters of an expression that are quoted."""


@dataclass(frozen=True, slots=True)
class ClaimSize:
    """Bytes: a claim's status.capacity, and what its spec asks for."""

    capacity: int
    request: int


def unknown(why: Reason, message: str, now: float) -> Reading:
    """Nobody knows whether the condition holds: a source that failed, for one."""
    return Reading(None, now, why=why, message=message)


def read_object(
    policy: RulePolicy,
    samples: Sequence[Sequence[float]],
    capacity: Sequence[float],
    claim: ClaimSize | None,
    before: Iterable[Sizes],
    now: float,
) -> Reading:
    """Whether the rule's condition holds for one object, by its `samples` for each expression.

    An expression without a finite sample says nothing, unless it asks for presence: with Hold it
    may be either, with Clear it does not match. The condition holds once as many match as are
    required, and does not once too few can; else nobody knows.

    It holds only where the metrics are of the claim as it is now: no resize is under way, and each
    sample of `capacity` is what a file system of the claim's capacity can have, and is not exactly
    what it was when an action began on the claim at another capacity (`before`, of all rules).
    """
    values = tuple(map(_shown, policy.expressions, samples))
    met = _is_met(policy, samples)
    if met is None:
        silent = next(filter(None, map(_silent, policy.expressions, samples)))
        message = f"no sample of {_quoted(silent)} names this object"
        return Reading(None, now, values, Reason.NO_DATA, message)
    message = "; ".join(map(_sentence, policy.expressions, values))
    if not (met and policy.capacity and claim):
        return Reading(met, now, values, message=message)
    measured = [int(one) for one in capacity if math.isfinite(one)]
    doubt = _doubt(policy, measured, claim, before)
    if doubt is not None:
        why, message = doubt
        return Reading(None, now, values, why, message)
    sizes = Sizes(max(measured), claim.capacity)
    return Reading(True, now, values, message=message, sizes=sizes)


def _is_met(policy: RulePolicy, samples: Sequence[Sequence[float]]) -> bool | None:
    pairs = list(zip(policy.expressions, samples, strict=True))
    if not pairs:
        return False
    needed = policy.required_matches or len(pairs)
    matched = sum(matches(expression, found) for expression, found in pairs)
    if matched >= needed:
        return True
    silent = sum(_silent(expression, found) is not None for expression, found in pairs)
    if policy.no_data is NoData.CLEAR or matched + silent < needed:
        return False
    return None


def _silent(expression: Expression, samples: Sequence[float]) -> Expression | None:
    """The expression, where its samples say nothing."""
    says = expression.operator in OF_PRESENCE or any(map(math.isfinite, samples))
    return None if says else expression


def _doubt(
    policy: RulePolicy, measured: Sequence[int], claim: ClaimSize, before: Iterable[Sizes]
) -> tuple[Reason, str] | None:
    """Why the metrics may be of the claim as it was."""
    if claim.request > claim.capacity:
        asked = f"{claim.request} bytes are asked for, and the claim has {claim.capacity}"
        return Reason.STALE_METRIC, f"a resize is under way: {asked}"
    if not measured:
        said = f"no sample of the capacity ({policy.capacity[:LONGEST_QUERY]}) names this object"
        remedy = 'write the metric of its capacity into capacityKey, or "" to do without'
        return Reason.NO_DATA, f"{said}: {remedy}"
    for size in measured:
        if not LEAST_OF_CLAIM * claim.capacity <= size <= MOST_OF_CLAIM * claim.capacity:
            why, message = _stale(size, claim)
            return why, f'{message} (on a shared file system, write "" into capacityKey)'
    for old in before:
        if old.metric in measured and old.claim != claim.capacity:
            return _stale(old.metric, claim)
    return None


def _stale(size: int, claim: ClaimSize) -> tuple[Reason, str]:
    said = f"the metrics are of {size} bytes, and the claim has {claim.capacity}"
    return Reason.STALE_METRIC, f"{said}: they are not of the claim as it is now"


def _shown(expression: Expression, samples: Sequence[float]) -> str:
    """The sample that matters: the first that matches, else the first."""
    finite = [one for one in samples if math.isfinite(one)]
    matching = (one for one in finite if matches(expression, [one]))
    shown = next(matching, finite[0] if finite else None)
    return "" if shown is None else number(shown)


def number(value: float) -> str:
    """A sample as people read it.

    >>> number(63.21678), number(10737418240.0)
    ('63.22', '10737418240')
    """
    return f"{value:.0f}" if value.is_integer() and abs(value) < 2**53 else f"{value:.4g}"


def _sentence(expression: Expression, value: str) -> str:
    limit = " ".join([expression.operator, *expression.values])
    return f"{_quoted(expression)} is {value or 'not there'} ({limit})"


def _quoted(expression: Expression) -> str:
    query = expression.promql
    return query if len(query) <= LONGEST_QUERY else f"{query[: LONGEST_QUERY - 1]}…"
