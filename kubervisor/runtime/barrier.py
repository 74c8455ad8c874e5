"""What a new leader waits for: nothing is decided on what a standby had cached."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from kubervisor.kube.reflector import Reflector
from kubervisor.telemetry.logs import Log

FIRST_SECONDS = 10.0
"""Seconds until the first complaint that a LIST is awaited: one of 150,000 pods takes less."""

BARRIER_SECONDS = 60.0
"""Seconds between two more complaints."""


def renew_all(reflectors: Iterable[Reflector[Any]]) -> tuple[int, ...]:
    """Have all watches begin with a LIST anew; what to wait for. Returns at once."""
    return tuple(reflector.renew() for reflector in reflectors)


def await_all(
    reflectors: Sequence[Reflector[Any]],
    renewed: tuple[int, ...],
    *,
    stop: threading.Event,
    log: Log,
) -> bool:
    """Wait until all that was `renewed` is taken in; False where `stop` is set before."""
    patience = chain((FIRST_SECONDS,), repeat(BARRIER_SECONDS))
    for reflector, ticket in zip(reflectors, renewed, strict=True):
        while not reflector.await_list(ticket, next(patience)):
            if stop.is_set():
                return False
            log.warning("Waiting for a LIST", resource=reflector.name, problem=reflector.problem)
    return True
