"""Calls workers, which may do anything: whatever one raises is told of its resource alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubervisor.errors import SourceError
from kubervisor.workflow.engine.binding import Asked
from kubervisor.workflow.scheduler.facts import Failure, Reason


def call(
    worker: Callable[..., Any], asked: Asked | Failure, tell_raised: Callable[[], None]
) -> object:
    """What `worker` returned, which may be anything, or a Failure. `tell_raised` is called while
    what it raised is being handled.
    """
    if isinstance(asked, Failure):
        return asked
    try:
        return worker(asked.resource, asked.inputs)
    except SourceError as error:
        return Failure(Reason.METRICS_UNAVAILABLE, str(error))
    except BaseException as error:  # noqa: BLE001 - the guard: SystemExit, too, is one worker's
        tell_raised()
        return Failure(Reason.WORKER_FAILED, _sentence(error))


def _sentence(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:  # noqa: BLE001 - what an exception says of itself is its worker's too
        return type(error).__name__
