"""What is removed, and what stays."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kubervisor.workflow.deploying.applying import elsewhere, superfluous
from kubervisor.workflow.deploying.installed import Installed, Meta, Place, Stored
from kubervisor.workflow.deploying.removing import plan
from tests.workflow.deploying.projects import project

OPERATOR = "canary-operator"
CRD = Place("CustomResourceDefinition", "", "canarydeployments.tests.example.io")
VIEWER = Place("ClusterRole", "", "canary-operator-viewer")


def installed(place: Place, home: str) -> Installed:
    return Installed(place, f"uid of {place}", "1", OPERATOR, home, is_deployed=True)


def of_namespace(home: str, watched: str = "") -> list[Installed]:
    """One that looks after its own namespace, or another."""
    places = [
        Place("Deployment", home, OPERATOR),
        Place("RoleBinding", watched or home, OPERATOR),
        Place("Role", watched or home, OPERATOR),
        Place("ServiceAccount", home, OPERATOR),
    ]
    return [installed(place, home) for place in places]


def of_cluster(home: str) -> list[Installed]:
    places = [
        Place("Deployment", home, OPERATOR),
        Place("ClusterRoleBinding", "", OPERATOR),
        Place("ClusterRole", "", OPERATOR),
        Place("ServiceAccount", home, OPERATOR),
    ]
    return [installed(place, home) for place in places]


SHARED = [installed(VIEWER, ""), installed(CRD, "")]
NAMESPACE = installed(Place("Namespace", "", "ops"), "ops")


def resources(*names: str) -> list[Stored]:
    found = [name.split("/") for name in names]
    return [Stored(Meta(name, f"uid of {name}", namespace)) for namespace, name in found]


def removed(
    deployed: Sequence[Installed], *names: str, delete_objects: bool = False
) -> tuple[list[str], list[Place], tuple[str, ...]]:
    removal = plan(
        project(), deployed, resources(*names), namespace="ops", delete_objects=delete_objects
    )
    return (
        [str(one) for one in removal.resources],
        [one.place for one in removal.objects],
        removal.staying,
    )


def places(those: Sequence[Installed]) -> list[Place]:
    return [one.place for one in those]


def test_the_only_operator_without_resources_goes_with_its_definition() -> None:
    own = of_cluster("ops")
    assert removed([*own, *SHARED]) == ([], places([*own, *SHARED]), ())


def test_a_definition_stays_while_there_are_resources_and_is_said_to() -> None:
    own = of_cluster("ops")
    _, gone, staying = removed([*own, *SHARED], "shop/a", "shop/b")
    assert gone == places(own)
    assert f"{CRD} stays: there still are canarydeployments: shop/a, shop/b." in staying[1]


def test_many_resources_are_counted_and_not_all_named() -> None:
    _, _, staying = removed(SHARED, *(f"shop/{i}" for i in range(9)))
    assert "shop/0, shop/1, shop/2, shop/3, shop/4 and 4 more." in staying[0]


def test_who_deletes_the_resources_too_loses_the_definition() -> None:
    own = of_cluster("ops")
    assert removed([*own, *SHARED], "shop/a", delete_objects=True) == (
        ["shop/a"],
        places([*own, *SHARED]),
        (),
    )


@pytest.mark.parametrize("delete_objects", [False, True])
def test_a_definition_stays_while_there_is_another_operator(delete_objects: bool) -> None:
    own = of_namespace("ops")
    deployed = [*own, *of_namespace("other"), *SHARED]
    _, gone, staying = removed(deployed, delete_objects=delete_objects)
    assert gone == places(own)
    assert [one.endswith("stays: canary-operator is in other") for one in staying] == [True] * 2


@pytest.mark.parametrize(
    ("watched", "doomed"), [("", ["ops/a"]), ("shop", ["shop/b"])], ids=["own", "configured"]
)
def test_resources_of_another_operator_are_never_deleted(watched: str, doomed: list[str]) -> None:
    deployed = [*of_namespace("ops", watched), *of_namespace("other"), *SHARED]
    names = ("ops/a", "shop/b", "other/c")
    assert removed(deployed, *names, delete_objects=True)[0] == doomed


def test_resources_that_nobody_looks_after_are_not_deleted_and_keep_the_definition() -> None:
    own = of_namespace("ops")
    doomed, gone, staying = removed([*own, *SHARED], "ops/a", "shop/b", delete_objects=True)
    assert (doomed, gone) == (["ops/a"], places(own))
    assert "there still are canarydeployments: shop/b." in staying[-1]


def test_a_namespace_stays_and_is_said_to_where_it_was_made_for_the_operator() -> None:
    own = of_cluster("ops")
    _, gone, staying = removed([*own, NAMESPACE, *SHARED])
    assert gone == places([*own, *SHARED])
    assert staying == ("namespace/ops, which was made for it, stays with whatever else is in it",)


def test_what_an_earlier_deployment_had_and_this_one_has_not_is_superfluous() -> None:
    wanted = places([*of_namespace("ops"), *SHARED])
    deployed = [*of_cluster("ops"), NAMESPACE, *of_namespace("other"), *SHARED]
    assert places(superfluous(deployed, wanted, "ops")) == [
        Place("ClusterRoleBinding", "", OPERATOR),
        Place("ClusterRole", "", OPERATOR),
    ]


def test_other_deployments_are_known_by_what_they_look_after() -> None:
    deployed = [
        *of_namespace("ops"),
        *of_cluster("wide"),
        *of_namespace("other"),
        installed(Place("Namespace", "", "left"), "left"),
        *SHARED,
    ]
    assert elsewhere(deployed, "ops") == {"wide": True, "other": False}
