"""Whose pod it is: adoption, release, and the pods of other KubervisorServices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.membership import (
    is_member,
    is_routine,
    plan_membership,
    plan_release,
)
from kubervisor.traffic.model import Pod, Traffic
from kubervisor.traffic.plan import Action
from kubervisor.traffic.reasons import Reason
from tests.builders import a_fleet, a_pod, fleet_of, names


@pytest.mark.parametrize(
    ("pod", "member"),
    [
        pytest.param(a_pod(), True, id="Running and Ready"),
        pytest.param(a_pod().not_ready(), True, id="not Ready"),
        pytest.param(a_pod().pending(), True, id="Pending"),
        pytest.param(replace(a_pod(), phase="Unknown"), True, id="Unknown"),
        pytest.param(a_pod().ejected(), True, id="ejected"),
        pytest.param(a_pod().unlabelled(), True, id="unlabelled"),
        pytest.param(replace(a_pod(), phase="Succeeded"), False, id="Succeeded"),
        pytest.param(replace(a_pod(), phase="Failed"), False, id="Failed"),
        pytest.param(replace(a_pod(), deleting=True), False, id="being deleted"),
    ],
)
def test_who_is_a_member(pod: Pod, member: bool) -> None:
    assert is_member(pod) is member


@pytest.mark.parametrize(
    ("pod", "adopted"),
    [
        pytest.param(a_pod("x"), False, id="both labels: nothing to do"),
        pytest.param(a_pod("x").unlabelled(), True, id="neither label"),
        pytest.param(a_pod("x").claimed(None), True, id="the name is missing"),
        pytest.param(replace(a_pod("x"), traffic=None), True, id="the traffic label is missing"),
        pytest.param(a_pod("x").claimed("neighbour"), False, id="another's that exists"),
        pytest.param(
            replace(a_pod("x").claimed("neighbour"), traffic=None),
            False,
            id="another's without a traffic label: that one labels it",
        ),
        pytest.param(a_pod("x").claimed("long-gone"), True, id="another's that is gone"),
        pytest.param(a_pod("x").ejected(), False, id="ejected by us"),
        pytest.param(a_pod("x").held_by_hand(), False, id="held by hand, with our name"),
    ],
)
def test_members_without_our_labels_are_adopted(pod: Pod, adopted: bool) -> None:
    plan = plan_membership(fleet_of(pod, *a_fleet(2).pods), (), others={"neighbour"})

    assert names(plan) == (["x"] if adopted else [])
    assert all(intent.action is Action.ADOPT for intent in plan.intents)


def test_a_hand_set_no_is_adopted_as_it_is() -> None:
    held = a_pod("x").claimed(None).held_by_hand()

    (intent,) = plan_membership(fleet_of(held), (), others=()).intents

    assert intent.pod.traffic is Traffic.NO


@pytest.mark.parametrize(
    ("pod", "released"),
    [
        pytest.param(a_pod("left"), True, id="it serves"),
        pytest.param(a_pod("left").ejected(), True, id="it is out"),
        pytest.param(a_pod("left").held_by_hand(), True, id="it is held by hand"),
        pytest.param(replace(a_pod("left"), deleting=True), False, id="it is being deleted"),
        pytest.param(replace(a_pod("left"), phase="Succeeded"), False, id="it has finished"),
    ],
)
def test_pods_that_left_the_selector_are_released(pod: Pod, released: bool) -> None:
    fleet = a_fleet(2)

    plan = plan_membership(fleet, (*fleet.pods, pod), others=())

    assert [(i.pod.name, i.action) for i in plan.intents] == (
        [("left", Action.RELEASE)] if released else []
    )


def test_a_steady_fleet_needs_nothing() -> None:
    fleet = a_fleet(5).with_ejected().with_paused().with_manual_holds()

    assert plan_membership(fleet, fleet.pods, others=()).intents == ()


def test_when_the_service_is_gone_all_that_carry_our_name_are_released() -> None:
    fleet = a_fleet(3).with_ejected().with_manual_holds()

    plan = plan_release(fleet.pods, Reason.SERVICE_GONE)

    assert len(plan.intents) == 3
    assert {(i.action, i.reason) for i in plan.intents} == {(Action.RELEASE, Reason.SERVICE_GONE)}


X = a_pod("x")


@pytest.mark.parametrize(
    ("old", "new", "routine"),
    [
        pytest.param(X, X.not_ready(), True, id="it is not Ready any more"),
        pytest.param(X, replace(X, deleting=True), True, id="it is being deleted"),
        pytest.param(X, None, True, id="it is gone"),
        pytest.param(X.unlabelled(), X, True, id="it was labelled"),
        pytest.param(None, X, False, id="it is new, even with both labels: the name may be wrong"),
        pytest.param(X, X.unlabelled(), False, id="it lost its labels"),
        pytest.param(X, X.claimed("other"), False, id="it carries another name"),
        pytest.param(X, X.labelled(app="other"), False, id="its own labels changed"),
        pytest.param(X, X.ejected(), False, id="it was ejected"),
        pytest.param(X, X.held_by_hand(), False, id="a person took it out"),
        pytest.param(X.ejected(), X, False, id="it was returned: another may be next"),
        pytest.param(X.ejected(), None, False, id="it went while it was out"),
        pytest.param(X.paused(), X.paused().not_ready(), False, id="it is paused"),
        pytest.param(X, replace(X, returned_by_hand=True), False, id="returned by hand"),
        pytest.param(X, replace(X, eject_requested_at=1.0), False, id="a person asks to eject it"),
    ],
)
def test_a_change_is_routine_where_nothing_is_to_be_done_about_the_pod(
    old: Pod | None, new: Pod | None, routine: bool
) -> None:
    assert is_routine(old, new) is routine
