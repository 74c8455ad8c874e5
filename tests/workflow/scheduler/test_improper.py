"""What a worker may return, and what becomes of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.scheduler.transitions import refused, refused_end
from kubervisor.workflow.worker import Finalized, Outcome, Outputs
from tests.workflow.scheduler.canary import CANARY, WAITING, Story, condition, status_in

ANY: Any = object()


class Weights(BaseModel):
    weight: int = 0


IMPROPER: list[tuple[Any, str]] = [
    (None, "the worker returned a value of type NoneType, not an Outcome"),
    ("Waiting", "the worker returned a value of type str, not an Outcome"),
    (Outcome(ANY), "the next phase is a value of type object, not the name of one"),
    (Outcome("Waiting", outputs=ANY), "the outputs are a value of type object, not Outputs"),
    (Outcome("Waiting", status=ANY), "the status is a value of type object, not the project's"),
    (Outcome("Waiting", message=ANY), "the message is a value of type object, not text"),
    (Outcome("Waiting", after=ANY), "`after` is a value of type object, not a number of seconds"),
    (Outcome("Waiting", after=True), "`after` is a value of type bool, not a number of seconds"),
    (Outcome("Waiting", after=-1), "`after` is not between 0 and a year of seconds"),
    (Outcome("Waiting", after=float("nan")), "`after` is not between 0 and a year of seconds"),
    (Outcome("Waiting", after=float("inf")), "`after` is not between 0 and a year of seconds"),
    (Outcome("Waiting", after=10**400), "`after` is not between 0 and a year of seconds"),
]


@pytest.mark.parametrize(
    ("returned", "sentence"), IMPROPER, ids=[sentence for _, sentence in IMPROPER]
)
def test_what_is_no_proper_outcome_is_a_failure_of_the_worker(returned: Any, sentence: str) -> None:
    failure = refused(CANARY, WAITING, returned)
    assert failure is not None
    assert failure.reason is Reason.WORKER_FAILED
    assert failure.message.startswith(sentence)
    story = Story(status=status_in(WAITING))
    story.sync(returned)
    assert condition(story.status, "Ready")["message"] == failure.message
    assert story.status["phase"] == "Waiting"


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("Waiting"),
        Outcome(""),
        Outcome("Finished", Outputs(), Weights(), "done", 0),
        Outcome("Waiting", after=1.5),
    ],
    ids=str,
)
def test_the_others_are_taken(outcome: Outcome[Any]) -> None:
    assert refused(CANARY, WAITING, outcome) is None


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "the finalizer returned a value of type NoneType, not a Finalized"),
        (Outcome("Waiting"), "the finalizer returned a value of type Outcome, not a Finalized"),
        (Finalized(message=ANY), "the message is a value of type object, not text"),
        (Finalized(after=-1), "`after` is not between 0 and a year of seconds"),
    ],
)
def test_likewise_of_a_finalizer(returned: Any, sentence: str) -> None:
    assert refused_end(returned) == Failure(Reason.WORKER_FAILED, sentence)


def test_a_finalizer_that_is_done_is_taken() -> None:
    assert refused_end(Finalized()) is None
    assert refused_end(Finalized(done=False, message="waiting", after=1)) is None
