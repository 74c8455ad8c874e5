"""From a verdict to a pod that gets no more traffic, beside the same change made by hand.

The verdict's instant is the controller's own word, in its log; when the pod left the EndpointSlices
is seen by watch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.figures import Figure, percentile, spread
from benchmarks.floor import Floor
from playground.controller import Line

BEYOND_FLOOR = 0.05
"""Seconds by which the p99 of a verdict's way to the EndpointSlices may exceed that by hand."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The outlier from the monotonic instant `began` on; `out` seconds later it had left."""

    pod: str
    began: float
    out: float


@dataclass(frozen=True, slots=True)
class Ejection:
    """As the controller tells it: monotonic instant of the verdict, seconds to the answer."""

    pod: str
    decided: float
    took: float


def read_ejections(lines: Iterable[Line], wall_ahead: float) -> list[Ejection]:
    """The ejections that the log tells; `wall_ahead` is the wall clock minus the monotonic one."""
    ejections = []
    for line in lines:
        if line["event"] == "Ejected pod":
            told = datetime.fromisoformat(line["ts"]).timestamp() - wall_ahead
            ejections.append(Ejection(line["pod"], told - line["took"], line["took"]))
    return ejections


def paired(faults: Iterable[Fault], ejections: Iterable[Ejection]) -> list[tuple[Fault, Ejection]]:
    """Each fault with the ejection that ended it: the pod's only one between its begin and its end.

    Raises LookupError where the log lacks one.
    """
    told = list(ejections)
    pairs = []
    for fault in faults:
        ended = fault.began + fault.out
        ours = (e for e in told if e.pod == fault.pod and fault.began <= e.decided <= ended)
        ejection = next(ours, None)
        if ejection is None:
            raise LookupError(f"the controller's log tells of no ejection of {fault.pod}")
        pairs.append((fault, ejection))
    return pairs


def after_verdict(
    floor: Floor, pairs: Sequence[tuple[Fault, Ejection]], *, acknowledged: float
) -> list[Figure]:
    """From the verdict to the answer to its PATCH, and to EndpointSlices without the pod, in ms.

    `acknowledged` is the most that the p99 of the first may be, in seconds.
    """
    took = [ejection.took for _, ejection in pairs]
    out = [fault.began + fault.out - ejection.decided for fault, ejection in pairs]
    most = percentile(floor.left, 99) + BEYOND_FLOOR
    return [
        *spread("verdict → PATCH acknowledged", took, floors=floor.acknowledged, p99=acknowledged),
        *spread("verdict → EndpointSlice without the pod", out, floors=floor.left, p99=most),
    ]
