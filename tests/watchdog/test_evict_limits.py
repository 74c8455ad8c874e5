"""What the ledger knows of past evictions: which are replaced, and how many an hour had."""

from __future__ import annotations

import pytest

from kubervisor.kube.watched_pods import WatchedPod
from kubervisor.watchdog.limits import HOUR, REPLACED_WITHIN, Eviction, Ledger, owner_key
from tests.watchdog.pods_in_error import in_error

OLD, SIBLING, NEW = in_error("old"), in_error("sibling"), in_error("new")
AT = 1000.0


def ledger_of(*pods: WatchedPod) -> Ledger:
    """One in which these were evicted, with `sibling` beside them."""
    ledger = Ledger()
    for pod in pods:
        ledger.add(pod, [*pods, SIBLING], AT)
    return ledger


@pytest.mark.parametrize(
    ("now_there", "unreplaced"),
    [
        pytest.param([OLD, SIBLING], 1, id="it has not gone yet"),
        pytest.param([in_error("old", deleting=True), SIBLING], 1, id="it shuts down"),
        pytest.param([SIBLING], 1, id="it is gone, and nobody has come"),
        pytest.param([SIBLING, in_error("new", ready=False)], 1, id="the new one is not Ready"),
        pytest.param([SIBLING, in_error("new", phase="Pending")], 1, id="the new one is Pending"),
        pytest.param([SIBLING, in_error("new", deleting=True)], 1, id="the new one goes itself"),
        pytest.param([SIBLING, in_error("new", owner="other")], 1, id="it is another owner's"),
        pytest.param([SIBLING, NEW], 0, id="the new one is Ready"),
        pytest.param(
            [in_error("old", deleting=True), SIBLING, NEW], 0, id="Ready before the old one is gone"
        ),
        pytest.param(
            [SIBLING, in_error("old", uid="of the next pod of that name")], 0, id="StatefulSet"
        ),
    ],
)
def test_an_evicted_pod_is_replaced_by_a_new_ready_pod_of_its_owner(
    now_there: list[WatchedPod], unreplaced: int
) -> None:
    ledger = ledger_of(OLD)
    ledger.look(now_there, AT + 60)
    assert ledger.unreplaced(SIBLING) == unreplaced


def test_each_replacement_replaces_one_pod() -> None:
    ledger = ledger_of(OLD, in_error("older"))
    ledger.look([SIBLING, NEW], AT + 60)
    assert ledger.unreplaced(SIBLING) == 1
    ledger.look([SIBLING, NEW], AT + 120)
    assert ledger.unreplaced(SIBLING) == 1
    ledger.look([SIBLING, NEW, in_error("newer")], AT + 180)
    assert ledger.unreplaced(SIBLING) == 0


def test_a_replacement_that_was_ready_once_is_not_asked_again() -> None:
    ledger = ledger_of(OLD)
    ledger.look([SIBLING, NEW], AT + 60)
    ledger.look([SIBLING, in_error("new", ready=False)], AT + 120)
    assert ledger.unreplaced(SIBLING) == 0


@pytest.mark.parametrize(
    ("now_there", "unreplaced"),
    [([SIBLING], 0), ([SIBLING, in_error("new", ready=False)], 1)],
    ids=["nobody comes", "it never gets Ready"],
)
def test_a_replacement_that_never_comes_is_not_waited_for_and_one_that_is_not_ready_is(
    now_there: list[WatchedPod], unreplaced: int
) -> None:
    ledger = ledger_of(OLD)
    ledger.look(now_there, AT + REPLACED_WITHIN)
    assert ledger.unreplaced(SIBLING) == 1
    ledger.look(now_there, AT + REPLACED_WITHIN + 1)
    assert ledger.unreplaced(SIBLING) == unreplaced
    ledger.look(now_there, AT + 3 * HOUR)
    assert ledger.unreplaced(SIBLING) == unreplaced


def test_a_pod_whose_eviction_nobody_knows_the_end_of_does_not_stand_in_its_own_way() -> None:
    assert ledger_of(OLD).unreplaced(OLD) == 0


def test_pods_without_an_owner_are_alone() -> None:
    alone, other = in_error("alone", None), in_error("other", None)
    ledger = ledger_of(alone)
    assert ledger.unreplaced(other) == 0
    assert ledger.owners_hour(AT) == {"default/uid-of-alone": 1}


def test_an_hour_counts_what_was_evicted_in_it() -> None:
    ledger = Ledger()
    ledger.add(OLD, [], AT)
    ledger.add(in_error("x", "other"), [], AT + 10)
    ledger.add(in_error("y", namespace="elsewhere"), [], AT + 20)
    assert ledger.owners_hour(AT + HOUR) == {
        "default/uid-of-shop": 1,
        "default/uid-of-other": 1,
        "elsewhere/uid-of-shop": 1,
    }
    assert ledger.namespaces_hour(AT + HOUR) == {"default": 2, "elsewhere": 1}
    assert not ledger.owners_hour(AT + HOUR + 10)["default/uid-of-shop"]
    assert not ledger.namespaces_hour(AT + HOUR + 20.1)


@pytest.mark.parametrize(
    ("now_there", "after", "unreplaced"),
    [
        ([SIBLING, NEW], 60, 0),
        ([SIBLING, in_error("new", ready=False)], 60, 1),
        ([SIBLING, in_error("new", phase="Pending")], 60, 1),
        ([in_error("old", deleting=True), SIBLING], 60, 1),
        ([SIBLING, in_error("new", ready=False)], REPLACED_WITHIN + 1, 0),
    ],
    ids=["all are Ready", "one is not", "one is Pending", "it shuts down", "long ago"],
)
def test_what_another_process_evicted_is_replaced_once_all_pods_of_its_owner_are_ready(
    now_there: list[WatchedPod], after: float, unreplaced: int
) -> None:
    before = Eviction(OLD.uid, "default", owner_key("default", "uid-of-shop"), AT)
    ledger = Ledger([before])
    ledger.look(now_there, AT + after)
    assert ledger.unreplaced(SIBLING) == unreplaced
    assert ledger.owners_hour(AT + after) == {"default/uid-of-shop": 1}
