"""For how many scans in a row each pod was in error.

Pure. A pod is its uid: another one of its name begins anew, as every pod does when the process
starts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kubervisor.traffic.model import PodUid

LATE_SECONDS = 30.0
"""A scan that comes later than this after it was due says nothing of the time between: the process
was frozen or starved, and a pod may have recovered and failed again. Counting begins anew.
"""


@dataclass(frozen=True, slots=True)
class Scans:
    """What the scans so far have found; `last` is the instant of the latest (monotonic seconds)."""

    in_a_row: Mapping[PodUid, int] = field(default_factory=dict)
    number: int = 0
    last: float = -math.inf

    def due_in(self, now: float, period: float) -> float:
        """Seconds until the next scan, 0 where it is due."""
        return max(0.0, self.last + period - now)

    def after(self, failing: Collection[PodUid], now: float, period: float) -> Scans:
        """What is known once a scan at `now` found `failing` pods in error.

        A scan sooner than `period` seconds after the last is none: however often somebody looks,
        n scans take n - 1 periods.
        """
        if self.due_in(now, period):
            return self
        known = self.in_a_row if now - self.last <= period + LATE_SECONDS else {}
        return Scans({uid: known.get(uid, 0) + 1 for uid in failing}, self.number + 1, now)
