"""When rules are polled, and what is asked: once for all who ask the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from kubervisor.errors import SourceError, SourceUnavailable
from kubervisor.rules.controller.polling import Polled, Polls
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.fetching import FetchPool
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.samples import Samples
from tests.rules.policies import more_than, policy

WITHIN = 30.0
EPSILON = 1e-3


class Answers(Sources):
    """Counts questions, and answers as it is told: with a sample, not at all, or with an error."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.error: SourceError | None = None
        self.goes_on = threading.Event()
        self.goes_on.set()

    def query(
        self,
        ref: SourceRef,
        promql: str,
        *,
        deadline: float,
        namespace: str = "",
        pod_label: str = "pod",
    ) -> Samples:
        self.asked.append((ref.name, promql))
        self.goes_on.wait(WITHIN)
        if self.error is not None:
            raise self.error
        return Samples.of_plain(pod_label, [({"a": "b"}, 1.0, 0.0)])


@dataclass
class Scene:
    """Polls of a clock that the test moves."""

    sources: Answers = field(default_factory=Answers)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self._came = threading.Semaphore(0)
        clock = Clock(wall=lambda: self.now, monotonic=lambda: self.now)
        self.polls = Polls(self.sources, FetchPool(clock=clock), clock, shortest=2.0)
        self.polls.answered = self._came.release

    def poll(self, *rules: RulePolicy) -> list[Polled]:
        """What comes of them once the answers that are asked for now are there."""
        return [self._result(rule) for rule in rules]

    def _result(self, rule: RulePolicy) -> Polled:
        while (found := self.polls.take(rule, "default")) is None:
            assert self._came.acquire(timeout=WITHIN), "it is not due"
        return found


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.sources.goes_on.set()


def rule(name: str, promql: str = "usage", **changes: object) -> RulePolicy:
    return policy(uid=name, name=name, expressions=(more_than("50", promql),), **changes)


def test_a_rule_is_polled_at_once_and_then_each_interval(scene: Scene) -> None:
    one = rule("one", poll_interval=10.0)
    (found,) = scene.poll(one)
    assert (found.outcome, len(found.samples), found.at) == ("Answered", 1, 1000.0)
    gaps = []
    for _ in range(5):
        gaps.append(scene.polls.next_due())
        scene.now += gaps[-1] + EPSILON
        assert scene.poll(one)
    assert 5 <= gaps[0] <= 15
    assert gaps[1:] == pytest.approx([10.0] * 4, abs=0.1)
    assert len(scene.sources.asked) == 6


def test_equal_questions_are_asked_once_and_stay_together(scene: Scene) -> None:
    rules = [rule("one"), rule("two"), rule("other", "inodes")]
    assert len(scene.poll(*rules)) == 3
    assert len(scene.sources.asked) == 2
    scene.now += 15 + EPSILON
    assert len(scene.poll(*rules)) == 3
    assert len(scene.sources.asked) == 4
    scene.polls.forget_all_but(["one", "two"])
    scene.now += scene.polls.next_due() + EPSILON
    scene.poll(rules[0], rules[1])
    assert len(scene.sources.asked) == 5


def test_many_rules_are_not_due_at_once() -> None:
    dues = set()
    for number in range(20):
        scene = Scene()
        scene.poll(rule("one", f"usage + {number}"))
        dues.add(round(scene.polls.next_due()))
    assert len(dues) >= 5


def test_no_rule_is_polled_more_often_than_may_be(scene: Scene) -> None:
    one = rule("one", poll_interval=0.1)
    scene.poll(one)
    scene.now += 0.5
    assert scene.polls.take(one, "default") is None
    assert scene.polls.next_due() > 0.4


def test_a_rule_that_is_written_anew_is_polled_at_once(scene: Scene) -> None:
    scene.poll(rule("one"))
    scene.now += 1.5
    assert scene.poll(rule("one", generation=2))


def test_a_source_that_fails_is_told(scene: Scene) -> None:
    scene.sources.error = SourceUnavailable("Source default: refused")
    (found,) = scene.poll(rule("one"))
    assert (str(found.failure), found.outcome) == ("Source default: refused", "SourceUnavailable")


def test_a_source_that_hangs_is_given_up_and_holds_up_nobody(scene: Scene) -> None:
    scene.sources.goes_on.clear()
    assert scene.polls.take(rule("one"), "default") is None
    scene.now += scene.polls.next_due()
    found = scene.polls.take(rule("one"), "default")
    assert found is not None
    assert found.outcome == "SourceTimeout"
