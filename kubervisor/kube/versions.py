"""Which state of the API server is the newest that was seen, so that none older is taken in."""

from __future__ import annotations

from collections.abc import Callable

from kubervisor.errors import ApiUnavailable

RESTORED_SECONDS = 60.0
"""After so long an older state is the only one there is: the store was restored from a backup."""


class Newest:
    """The highest version of `path` that was taken in; used on one thread. `clock` is monotonic."""

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        self._path, self._clock = path, clock
        self._version = 0
        self._older_since: float | None = None  # since when every LIST is older than that

    def take_in(self, version: str) -> None:
        """Events and LISTs up to `version` were taken in."""
        self._version = max(self._version, _number(version))

    def refuse_older(self, version: str) -> None:
        """Raises ApiUnavailable where a LIST of `version` is older than what was taken in.

        An API server that is behind would bring back what we have changed since.
        """
        if _number(version) >= self._version:
            self._older_since = None
            return
        now = self._clock()
        self._older_since = now if self._older_since is None else self._older_since
        if now - self._older_since < RESTORED_SECONDS:
            raise ApiUnavailable(
                f"{self._path}: the list of version {version} is older than {self._version}, which "
                "was seen before: the API server is behind, or was restored from a backup"
            )
        self._version, self._older_since = 0, None


def _number(version: str) -> int:
    """A version as a number; one that is none compares as older than any."""
    return int(version) if version.isdigit() else 0
