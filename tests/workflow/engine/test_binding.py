"""An operator whose parts do not fit its project does not start, and says all that is wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import BaseModel, Field

from kubervisor.errors import SpecError
from kubervisor.workflow import Finalized, Finalizer, Inputs, Objects, Operator, Worker
from kubervisor.workflow.engine.binding import check
from kubervisor.workflow.engine.kinds import refuse_beyond
from kubervisor.workflow.project.model import Parameter
from tests.workflow.engine.errands import operator


@dataclass(frozen=True, slots=True)
class _Greedy(Inputs):
    secrets: Objects


class _Taken(BaseModel):
    since: str = Field(default="", alias="phaseSince")


class _Wanting(BaseModel):
    needed: str


def _worker(*_: Any) -> Any:
    raise NotImplementedError


ERRAND: Operator[Any, Any] = operator("Errand")
CHORE: Operator[Any, Any] = operator("Chore")
WORKERS = ERRAND.workers


@pytest.mark.parametrize("whole", [ERRAND, CHORE])
def test_one_whose_parts_fit_may_run(whole: Any) -> None:
    check(whole)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            replace(ERRAND, workers={k: w for k, w in WORKERS.items() if k != "First"}),
            "phase First has no worker",
        ),
        (
            replace(ERRAND, workers={**WORKERS, "Done": Worker(_worker)}),
            "a worker for Done, which is no phase that has one",
        ),
        (
            replace(ERRAND, workers={**WORKERS, "First": Worker(_worker, _Greedy)}),
            "the worker of First reads secrets, which is not among its inputs",
        ),
        (replace(CHORE, finalizer=None), "enableFinalizer is true, and there is no finalizer"),
        (
            replace(ERRAND, finalizer=CHORE.finalizer),
            "there is a finalizer, and enableFinalizer is not true",
        ),
        (
            replace(CHORE, finalizer=Finalizer(lambda *_: Finalized(), _Greedy)),
            "the finalizer reads secrets, which is not among its inputs",
        ),
        (replace(ERRAND, status=_Taken), "a field phaseSince, which is the scheduler's"),
        (replace(ERRAND, status=_Wanting), "each field of the status needs a default"),
    ],
)
def test_what_does_not_fit_is_told(wrong: Any, said: str) -> None:
    with pytest.raises(SpecError, match=r"(errand|chore)-operator cannot run") as raised:
        check(wrong)
    assert said in str(raised.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(SpecError) as raised:
        check(replace(ERRAND, workers={}, status=_Taken))
    assert str(raised.value).count("has no worker") == len(WORKERS)
    assert "phaseSince" in str(raised.value)


def test_kinds_without_a_namespace_are_not_for_who_looks_after_some_namespaces() -> None:
    nodes = Parameter("nodes", "Node", "", "v1", namespaced=False)
    phase = replace(ERRAND.project.phases[0], inputs=("nodes",))
    project = replace(
        ERRAND.project, phases=(phase,), parameters=(nodes, *ERRAND.project.parameters)
    )
    refuse_beyond(project, ())
    with pytest.raises(SpecError, match="nodes are in no namespace"):
        refuse_beyond(project, ("shop",))
