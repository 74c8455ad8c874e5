"""Answers of sources that tell nothing, and what is to be said of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground import detector_prometheus as answers
from playground.detector import a_single_pod, of_namespace, with_old_uids
from playground.detector_http import (
    Answer,
    as_json,
    compressed_bomb,
    drips,
    fails,
    hangs,
    html,
    huge,
    nested,
    redirects,
)
from playground.fleet_api import Json
from playground.fleet_pod import Pod
from tests.integration.specs import continuous, custom, discrete

UNUSABLE, REJECTED = "SourceAnswerUnusable", "SourceRejected"
UNAVAILABLE, LATE = "SourceUnavailable", "SourceTimeout"
ANSWERS = "SourceAnswers"

Breaker = Callable[..., Json]


@dataclass(frozen=True, slots=True)
class Case:
    """An answer to a kind of breaker, and the condition that it leads to."""

    what: str
    breaker: Breaker
    answer: Callable[[Pod, str], Answer]
    reason: str
    says: str = ""
    period: float = 1.0

    @property
    def status(self) -> str:
        """Of the condition SourcesAvailable."""
        return "True" if self.reason in (ANSWERS, "NoSamples") else "False"


def always(answer: Answer) -> Callable[[Pod, str], Answer]:
    """The same answer, whatever the pod and the address that a redirect would lead to."""
    return lambda _pod, _target: answer


def vector(value: str, **labels: str) -> Callable[[Pod, str], Answer]:
    """One sample of the pod with code 500."""
    return lambda pod, _: answers.vector([({"pod": pod.name, "code": "500"} | labels, value)])


def about(make: Callable[[Pod], Answer]) -> Callable[[Pod, str], Answer]:
    """An answer that names the pod."""
    return lambda pod, _target: make(pod)


CASES = [
    Case("prometheus hangs", discrete, always(hangs), LATE),
    Case("prometheus drips", discrete, always(drips), LATE),
    Case("prometheus fails", discrete, always(fails(503)), UNAVAILABLE, "503"),
    Case("prometheus wants credentials", discrete, always(fails(401)), REJECTED, "credentials"),
    Case("the query is wrong", discrete, always(fails(400)), REJECTED, "400"),
    Case(
        "an error in a success",
        discrete,
        always(answers.failure("bad_data", "parse error: bracket")),
        REJECTED,
        "parse error: bracket",
    ),
    Case("a scalar", continuous, always(answers.scalar(1)), UNUSABLE, "scalar"),
    Case("a range vector", continuous, always(answers.matrix()), UNUSABLE, "matrix"),
    Case(
        "a warning",
        discrete,
        lambda pod, _: answers.warns([({"pod": pod.name, "code": "500"}, 10)], "partial data"),
        UNUSABLE,
        "partial data",
    ),
    Case("samples without values", discrete, always(answers.malformed()), UNUSABLE),
    Case("a page for people", discrete, always(html()), UNUSABLE),
    Case("nested JSON", discrete, always(nested()), UNUSABLE),
    Case("100 MB", discrete, always(huge()), UNUSABLE, "32 MiB", period=4),
    Case("100 MB undeclared", discrete, always(huge(declared=False)), UNUSABLE, "MiB", period=4),
    Case("100 MB compressed", discrete, always(compressed_bomb()), UNUSABLE, "compressed"),
    Case("a redirect", discrete, lambda _, t: redirects(t), UNUSABLE, "redirect"),
    Case("nothing", discrete, always(answers.empty()), "NoSamples"),
    Case("NaN", continuous, vector("NaN"), ANSWERS),
    Case("infinity", continuous, vector("+Inf"), ANSWERS),
    Case("a negative count", discrete, vector("-3"), ANSWERS),
    Case("another namespace's", discrete, vector("10", namespace="elsewhere"), ANSWERS),
    Case("another pod's", discrete, always(answers.vector([({"pod": "x"}, 10)])), ANSWERS),
    Case("the detector hangs", custom, always(hangs), LATE),
    Case("the detector is not found", custom, always(fails(404)), REJECTED, "404"),
    Case("the detector fails", custom, always(fails(500)), UNAVAILABLE, "500"),
    Case("the detector's page", custom, always(html()), UNUSABLE),
    Case("the detector's nested JSON", custom, always(nested()), UNUSABLE),
    Case("the detector's 100 MB", custom, always(huge()), UNUSABLE, "4 MiB", period=4),
    Case("the detector's redirect", custom, lambda _, t: redirects(t), UNUSABLE, "redirect"),
    Case("a single pod", custom, about(a_single_pod), UNUSABLE),
    Case("a list of numbers", custom, always(as_json([1, 2, 3])), UNUSABLE),
    Case("pods of another namespace", custom, about(lambda p: of_namespace("x", p)), ANSWERS),
    Case("pods of old uids", custom, about(with_old_uids), ANSWERS),
]
