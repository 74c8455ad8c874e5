"""What others did to pods a moment ago, which nobody can have known when a write was on its way."""

from __future__ import annotations

from collections.abc import Mapping

from playground.fleet_api import Json
from tests.e2e import invariants as rules


class Grace:
    """The pods as they were `seconds` ago, where they are worse now; 0 remembers nothing."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._before: dict[str, tuple[float, Json | None]] = {}

    def note(self, key: str, before: Json | None, at: float) -> None:
        """Somebody else changed a pod at a monotonic instant; None: it did not exist before."""
        known = self._before.get(key)
        if known is None or at - known[0] >= self._seconds:
            self._before[key] = (at, before)

    def as_known(self, pods: Mapping[str, Json], but: str, now: float) -> list[Json]:
        """These pods, without what others did to all `but` one within the time of grace."""
        known = dict(pods)
        for key, (at, before) in self._before.items():
            if now - at >= self._seconds or key == but:
                continue
            if before is not None and rules.is_serving(before):
                known[key] = before
            elif before is None and key in known and not rules.is_serving(known[key]):
                del known[key]  # it raises the floor, and nobody knew of it
        return list(known.values())
