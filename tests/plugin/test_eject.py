"""What is known before the controller is asked, and how its answer is read."""

from __future__ import annotations

import pytest

from kubectl_kubervisor import words
from kubectl_kubervisor.eject import answer, ejected_meanwhile, why_not
from kubectl_kubervisor.objects import Guard, Json, Pod
from tests.plugin.bodies import a_guard, a_pod, an_ejected_pod, decided

ASKED = "2026-11-21T10:00:00Z"

HOPELESS = [
    pytest.param(an_ejected_pod(), a_guard(), "out of traffic already", id="it is out"),
    pytest.param(a_pod(ready=False), a_guard(), "does not serve", id="it is not Ready"),
    pytest.param(a_pod(), a_guard(Paused="True"), "Paused=True", id="paused"),
    pytest.param(a_pod(), a_guard(DryRun="True"), "DryRun=True", id="dry run"),
    pytest.param(a_pod(), a_guard(Active="False"), "Active=False", id="not active"),
    pytest.param(a_pod(), a_guard(Ready="False"), "Ready=False", id="not Ready"),
]


@pytest.mark.parametrize(("pod", "guard", "says"), HOPELESS)
def test_nobody_is_asked_in_vain(pod: Pod, guard: Guard, says: str) -> None:
    assert says in why_not(pod, guard)


def test_the_budget_is_left_to_the_controller() -> None:
    assert why_not(a_pod(), a_guard(fleet=(2, 1, 1, 0, 1, 0))) == ""


WORDS = f"asked for by hand at {ASKED}; 5 of 10 serving, floor 5: may eject 0"
ANSWERS = [
    pytest.param([], None, id="none yet"),
    pytest.param([decided("Ejected", WORDS)], (True, WORDS.partition("; ")[2]), id="done"),
    pytest.param(
        [decided("EjectionRefused", WORDS)],
        (False, "Outlier: 5 of 10 serving, floor 5: may eject 0"),
        id="refused, with the reason in front",
    ),
    pytest.param([decided("Ejected", "7 of 9 bad")], None, id="an ejection of another cause"),
    pytest.param([decided("Ejected", WORDS, pod="shop-2")], None, id="another pod's"),
    pytest.param(
        [decided("Ejected", WORDS.replace("10:00:00", "09:00:00"))], None, id="an older request's"
    ),
]


@pytest.mark.parametrize(("recent", "said"), ANSWERS)
def test_the_answer_is_the_one_to_this_request(
    recent: list[Json], said: tuple[bool, str] | None
) -> None:
    assert answer(a_pod(), a_guard(recent=recent), ASKED) == said


FASTER = [
    pytest.param(a_pod(), "", id="nobody: it is in traffic"),
    pytest.param(an_ejected_pod(), "was ejected by breaker codes meanwhile", id="a breaker"),
    pytest.param(a_pod(traffic="no"), "was taken out of traffic by hand meanwhile", id="a person"),
    pytest.param(
        an_ejected_pod(**{words.REASON: "Requested"}), "", id="nobody: the status is to tell of it"
    ),
]


@pytest.mark.parametrize(("pod", "said"), FASTER)
def test_somebody_may_be_faster_than_the_request(pod: Pod, said: str) -> None:
    assert ejected_meanwhile(pod) == said
