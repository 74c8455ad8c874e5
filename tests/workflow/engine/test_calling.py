"""Whatever a worker raises is told in a line."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from kubervisor.errors import SourceTimeout
from kubervisor.workflow.engine.binding import Asked
from kubervisor.workflow.engine.calling import call
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.worker import Inputs

NOTHING: Any = None
ASKED = Asked(NOTHING, Inputs())


class _Mute(Exception):
    def __str__(self) -> NoReturn:
        raise RuntimeError


@pytest.mark.parametrize(
    ("raised", "failure", "times"),
    [
        (ValueError("no"), Failure(Reason.WORKER_FAILED, "ValueError: no"), 1),
        (SystemExit(3), Failure(Reason.WORKER_FAILED, "SystemExit: 3"), 1),
        (KeyboardInterrupt(), Failure(Reason.WORKER_FAILED, "KeyboardInterrupt: "), 1),
        (_Mute(), Failure(Reason.WORKER_FAILED, "_Mute"), 1),
        (SourceTimeout("late"), Failure(Reason.METRICS_UNAVAILABLE, "late"), 0),
    ],
)
def test_what_is_raised_is_a_failure(raised: BaseException, failure: Failure, times: int) -> None:
    def worker(*_: object) -> NoReturn:
        raise raised

    told: list[None] = []
    assert call(worker, ASKED, lambda: told.append(None)) == failure
    assert len(told) == times


def test_what_is_returned_is_returned() -> None:
    assert call(lambda *_: 7, ASKED, lambda: None) == 7


def test_nobody_is_called_with_what_cannot_be_bound() -> None:
    failure = Failure(Reason.INVALID_SPEC, "spec.a: wrong")
    assert call(lambda *_: 7, failure, lambda: None) is failure
