"""The result of a backtest as JSON, and the sums that all its forms show."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kubervisor.replay.backtest import ASSUMPTIONS, Result
from kubervisor.replay.instants import rfc3339
from kubervisor.replay.outcomes import Ejected, GivenBack, Paused, Returned, Terminated
from kubervisor.replay.tally import Panic, Tally
from kubervisor.text import printable

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sums:
    """A tally in numbers. `refused` counts by reason, `seconds_out` is over all pods."""

    ejections: int
    pods: int
    refused: Mapping[str, int]
    returned: int
    paused: int
    terminated: int
    panics: int
    seconds_out: float


def sums(tally: Tally) -> Sums:
    """The numbers of a finished rerun."""
    refused = Counter(str(one.refused_by) for one in tally.ejections if not one.enforced)
    kinds = Counter(type(one) for one in tally.returns)
    return Sums(
        ejections=len(tally.enforced),
        pods=len({one.pod for one in tally.enforced}),
        refused=dict(sorted(refused.items())),
        returned=kinds[Returned],
        paused=kinds[Paused],
        terminated=kinds[Terminated],
        panics=len(tally.panics),
        seconds_out=sum(tally.seconds_out.values()),
    )


def as_json(result: Result) -> Json:
    """The whole result; instants are RFC 3339 in UTC, times are seconds."""
    tally = result.tally
    return {
        "ejections": [_ejection(one) for one in tally.ejections],
        "returns": [_return(one) for one in tally.returns],
        "panics": [_panic(one) for one in tally.panics],
        "summary": _summary(result),
    }


def _ejection(one: Ejected) -> Json:
    return {
        "time": rfc3339(one.at),
        "pod": printable(one.pod),
        "breaker": one.breaker,
        "score": _finite(one.score),
        "evidence": printable(one.evidence),
        "enforced": one.enforced,
        "refusedBy": one.refused_by,
    }


def _return(one: GivenBack) -> Json:
    return {
        "time": rfc3339(one.at),
        "pod": printable(one.pod),
        "breaker": one.breaker,
        "outcome": type(one).__name__,
        "reason": one.reason,
        "evidence": printable(one.evidence),
    }


def _panic(one: Panic) -> Json:
    return {
        "time": rfc3339(one.at),
        "until": rfc3339(one.until),
        "breaker": one.breaker,
        "peerGroups": [printable(group) for group in one.groups],
        "outliers": one.outliers,
        "evidence": printable(one.evidence),
    }


def _summary(result: Result) -> Json:
    stretch = result.stretch
    return {
        "kubervisorService": str(result.key),
        "service": result.policy.service,
        "dryRun": result.policy.dry_run,
        "start": rfc3339(stretch.start),
        "end": rfc3339(stretch.end),
        "step": stretch.step,
        "pods": len(result.pods),
        **_numbers(sums(result.tally)),
        "byPod": [
            {"pod": printable(pod), "ejections": count, "secondsOut": round(seconds, 3)}
            for pod, count, seconds in by_pod(result.tally)
        ],
        "alternatives": [
            {"settings": title, **_numbers(sums(tally))}
            for title, tally in result.alternatives.items()
        ],
        "assumptions": list(ASSUMPTIONS),
    }


def by_pod(tally: Tally) -> list[tuple[str, int, float]]:
    """The pods that were ejected, with how often and for how many seconds; longest first."""
    counts = Counter(one.pod for one in tally.enforced)
    rows = [(pod, count, tally.seconds_out.get(pod, 0.0)) for pod, count in counts.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def _numbers(counted: Sums) -> Json:
    return {
        "ejections": counted.ejections,
        "podsEjected": counted.pods,
        "refused": counted.refused,
        "returned": counted.returned,
        "paused": counted.paused,
        "terminated": counted.terminated,
        "panics": counted.panics,
        "secondsOut": round(counted.seconds_out, 3),
    }


def _finite(number: float) -> float | None:
    """JSON has no infinity."""
    return number if math.isfinite(number) else None
