"""A healthy guarded Service beside whatever goes wrong elsewhere: it must go on as if alone."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from playground.detector import Detector
from tests.integration.guard import PATIENCE, Guard
from tests.integration.specs import custom, guarding

NAME = "neighbour"


class Neighbour:
    """Five pods, a detector, a KubervisorService."""

    def __init__(self, guard: Guard) -> None:
        with ExitStack() as stack:
            self._guard = guard
            self._detector = stack.enter_context(Detector())
            self._fleet = stack.enter_context(guard.fleet(NAME, 5))
            guard.apply(NAME, guarding(NAME, custom(self._detector.address), period=1))
            stack.callback(guard.delete, NAME)
            guard.wait_guarding(NAME)
            self._stack = stack.pop_all()

    def is_unharmed(self) -> None:
        """Return once its newest outlier has left the EndpointSlices; it returns by itself."""
        outlier = self._fleet.serving()[-1]
        self._detector.outliers(outlier)
        try:
            self._fleet.wait(
                lambda f: outlier.name not in f.in_slices(), PATIENCE, "the outlier is out"
            )
        finally:
            self._detector.outliers()
        self._guard.wait_guarding(NAME)

    def close(self) -> None:
        """End it all."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
