"""Queries of workers: asked once where they are equal; no data is an answer, no answer is none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubervisor.errors import SourceError
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import FetchPool
from kubervisor.source_settings import NamedSource
from kubervisor.sources import Sources
from kubervisor.workflow.engine.metrics import SHARED_SECONDS, SOURCE, AskedMetrics
from tests.workflow.engine.errands import operator
from tests.workflow.engine.loads import Loads
from tests.workflow.engine.scene import Scene

SHOP = 'load{of="shop"}'


class _Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loads() -> Iterator[Loads]:
    with Loads() as loads:
        yield loads


def asked(loads: Loads, time: _Time) -> AskedMetrics:
    sources = Sources(
        named=[NamedSource(name=SOURCE, url=loads.url)], allow=(), max_sample_age=300.0
    )
    clock = Clock(monotonic=time)
    return AskedMetrics(operator("Errand").project, sources, FetchPool(clock=clock), clock)


def test_a_query_is_answered_with_its_parameters_in_place(loads: Loads) -> None:
    loads.of[SHOP] = 42.0
    found = asked(loads, _Time()).query("load", Of="shop")
    assert (found.value, found.samples[0].labels) == (42.0, {"pod": "a"})
    assert loads.queries == [SHOP]


def test_no_data_is_an_answer(loads: Loads) -> None:
    found = asked(loads, _Time()).query("load", Of="nothing")
    assert (found.samples, found.value) == ((), None)


def test_values_stay_values(loads: Loads) -> None:
    asked(loads, _Time()).query("load", Of='"} or up{x="')
    assert loads.queries == ['load{of="\\"} or up{x=\\""}']


def test_equal_questions_are_asked_once_for_a_while(loads: Loads) -> None:
    time = _Time()
    metrics = asked(loads, time)
    for _ in range(3):
        metrics.query("load", Of="shop")
    metrics.query("load", Of="bank")
    assert loads.queries == [SHOP, 'load{of="bank"}']
    time.now += SHARED_SECONDS
    metrics.query("load", Of="shop")
    assert len(loads.queries) == 3


def test_no_answer_is_an_error_and_the_next_question_is_asked_anew(loads: Loads) -> None:
    loads.is_down = True
    metrics = asked(loads, _Time())
    with pytest.raises(SourceError, match="503"):
        metrics.query("load", Of="shop")
    loads.is_down = False
    assert metrics.query("load", Of="shop").value is None


@pytest.mark.parametrize(
    ("name", "parameters"), [("nothing", {}), ("load", {}), ("load", {"Of": "x", "More": "y"})]
)
def test_what_cannot_be_asked_is_refused(
    loads: Loads, name: str, parameters: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=name):
        asked(loads, _Time()).query(name, **parameters)
    assert loads.queries == []


def test_a_worker_measures_and_says_what_it_found(scene: Scene, loads: Loads) -> None:
    loads.of[SHOP] = 7.5
    loads.is_down = True
    scene.errand(First={"next": "Measuring"}, Measuring={"asks": {"name": "load", "Of": "shop"}})
    scene.operator(env={"METRICS_SERVER": loads.url})
    scene.wait_reason("MetricsUnavailable")
    assert "503" in scene.condition()["message"]
    loads.is_down = False
    scene.wait(lambda: scene.status().get("measured") == 7.5, "it has measured")
    assert scene.reason() == "Synced"
