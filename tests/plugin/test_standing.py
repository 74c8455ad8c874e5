"""How a KubervisorService stands, in one word, and what a pod's state is called."""

from __future__ import annotations

import pytest

from kubectl_kubervisor import standing
from kubectl_kubervisor.objects import Guard, Pod, guard, pod
from kubectl_kubervisor.pods import row
from tests.plugin.bodies import NOW, a_guard, a_pod, an_ejected_pod

STATES = [
    pytest.param(a_guard(), "Guarding", "", id="all is well"),
    pytest.param(
        a_guard(Ready=("False", "ServiceNotFound", "create it")),
        "ServiceNotFound",
        "create it",
        id="not Ready: why",
    ),
    pytest.param(a_guard(generation=2), "Pending", "", id="the newest spec was not seen yet"),
    pytest.param(guard({"metadata": {"name": "x"}}), "Pending", "", id="no status at all"),
    pytest.param(a_guard(Paused="True", DryRun="True"), "Paused", "", id="paused, in dry run"),
    pytest.param(a_guard(DryRun="True", Panicking="True"), "DryRun", "", id="in dry run"),
    pytest.param(
        a_guard(Active=("False", "SelectorWithoutTraffic", "add it")),
        "Inactive",
        "add it",
        id="the Service does not select on our label",
    ),
    pytest.param(
        a_guard(SourcesAvailable=("False", "SourceTimeout", "codes: late")),
        "SourceTimeout",
        "codes: late",
        id="a source fails",
    ),
    pytest.param(
        a_guard(Panicking=("True", "Panicking", "ejecting nobody"), BudgetExhausted="True"),
        "Panicking",
        "ejecting nobody",
        id="the gravest of two worries",
    ),
    pytest.param(
        a_guard(BudgetExhausted=("True", "BudgetExhausted", "codes: shop-2: floor")),
        "BudgetExhausted",
        "codes: shop-2: floor",
        id="an outlier stays",
    ),
]


@pytest.mark.parametrize(("found", "word", "said"), STATES)
def test_the_state_is_the_first_thing_to_know(found: Guard, word: str, said: str) -> None:
    assert (standing.state(found), standing.message(found)) == (word, said)


def test_a_row_has_a_cell_under_each_header() -> None:
    for found in (a_guard(), a_guard(fleet=None)):
        for wide in (False, True):
            cells = standing.row(found, NOW, wide=wide, with_namespace=True)
            assert len(cells) == len(standing.headers(wide=wide, with_namespace=True))
    cells = standing.row(a_guard(), NOW, wide=False, with_namespace=False)
    assert cells == ["shop", "True", "9/10", "1", "0", "5", "4", "Guarding", "60m"]
    assert (
        standing.row(a_guard(fleet=None), NOW, wide=False, with_namespace=False)[2:7] == ["-"] * 5
    )


def test_one_that_is_not_active_says_how_to_activate_it_and_nothing_twice() -> None:
    inactive = a_guard(Active=("False", "SelectorWithoutTraffic", "add it"))
    said = standing.details(inactive, NOW)
    assert ("State", "Inactive: add it") in said
    assert ("Activate it by", "kubectl kubervisor enable shop -n web") in said
    assert [value for _, value in said if "add it" in value] == ["Inactive: add it"]
    assert "Activate it by" not in dict(standing.details(a_guard(), NOW))


PODS = [
    pytest.param(a_pod(), "serving", id="Ready with traffic"),
    pytest.param(a_pod(ready=False), "not ready", id="with traffic, were it Ready"),
    pytest.param(a_pod(traffic=None), "unlabelled", id="without the label"),
    pytest.param(a_pod(traffic="maybe"), "unlabelled", id="with a value that is none"),
    pytest.param(an_ejected_pod(), "ejected", id="out by a breaker"),
    pytest.param(a_pod(traffic="no"), "held", id="out by hand"),
    pytest.param(a_pod(traffic="pause"), "paused", id="out until a person decides"),
    pytest.param(a_pod(deleting=True), "deleting", id="going"),
    pytest.param(pod({}), "unlabelled", id="not even a pod"),
]


@pytest.mark.parametrize(("found", "state"), PODS)
def test_the_state_of_a_pod(found: Pod, state: str) -> None:
    assert found.state == state


def test_the_row_of_an_ejected_pod_tells_since_when_and_until_when() -> None:
    assert row(an_ejected_pod(), NOW, wide=True) == [
        *("shop-1", "yes", "ejected", "60s", "5m", "codes", "2", "Outlier"),
        *("-", "node-0", "-", "12 of 40 bad (30 %), tolerance 20 %, peers 1 %"),
    ]
    assert row(a_pod(), NOW, wide=False) == ["shop-1", "yes", "serving", *"---", "0", *"--"]


@pytest.mark.parametrize(
    "body",
    [
        {"metadata": [], "spec": None, "status": "x"},
        {"metadata": {"name": 5, "annotations": ["a"]}, "spec": {"breakers": "x"}},
        {"status": {"conditions": [None, {"type": 1}], "recent": [3], "fleet": {"members": "a"}}},
    ],
)
def test_fields_of_another_type_count_as_absent(body: dict[str, object]) -> None:
    assert standing.state(guard(body)) == "Pending"
    assert pod(body).state == "unlabelled"
