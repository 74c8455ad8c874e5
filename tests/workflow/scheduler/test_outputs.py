"""Which objects the outputs of a sync are, and which outputs are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from kubervisor.workflow.objects import Json, OnlyFields
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.scheduler.inventory import OWNER_LABEL, Ref
from kubervisor.workflow.scheduler.outputs import Output, desired
from tests.workflow.scheduler.canary import CANARY, FINALIZED

BOTH = ("deployments", "services")
ALL = (*BOTH, "gatewayclasses")


def service(name: object = "cart", **metadata: Any) -> Json:
    return {"metadata": {"name": name, **metadata}, "spec": {"ports": [{"port": 80}]}}


def wanted(said: dict[str, Any], declared: tuple[str, ...] = BOTH) -> tuple[Output, ...]:
    found = desired(CANARY, declared, said, "shop")
    assert isinstance(found, tuple)
    return found


class TestWhichObjects:
    def test_kind_and_namespace_are_filled_in(self) -> None:
        assert wanted({"services": [service()]}) == (
            Output(
                Ref("services", "shop", "cart"),
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": {"name": "cart", "namespace": "shop"},
                    "spec": {"ports": [{"port": 80}]},
                },
                only_fields=False,
            ),
        )

    def test_they_come_in_the_order_in_which_the_phase_declares_them(self) -> None:
        said = {"services": [service("b"), service("a")], "deployments": (service("c"),)}
        assert [one.ref.name for one in wanted(said)] == ["c", "b", "a"]

    def test_to_say_nothing_and_to_say_that_there_is_none_are_no_objects(self) -> None:
        assert wanted({}) == wanted({"services": []}) == ()

    def test_a_copy_of_what_was_read_loses_what_only_the_server_says(self) -> None:
        read = service(
            uid="uid-7",
            resourceVersion="12",
            generation=3,
            creationTimestamp="2026-01-01T00:00:00Z",
            managedFields=[{}],
            ownerReferences=[{"uid": "uid-8"}],
            labels={"app": "cart", OWNER_LABEL: "another"},
            annotations={"note": "kept"},
        )
        (one,) = wanted({"services": [{**read, "status": {"loadBalancer": {}}}]})
        assert one.body["metadata"] == {
            "name": "cart",
            "namespace": "shop",
            "labels": {"app": "cart"},
            "annotations": {"note": "kept"},
        }
        assert "status" not in one.body

    def test_what_a_worker_does_to_its_objects_later_changes_nothing(self) -> None:
        given = service()
        (one,) = wanted({"services": [given]})
        given["spec"]["ports"].append({"port": 90})
        assert one.body["spec"] == {"ports": [{"port": 80}]}

    def test_what_a_worker_returned_is_not_changed(self) -> None:
        given = service(labels={OWNER_LABEL: "another"})
        wanted({"services": [given]})
        assert given == service(labels={OWNER_LABEL: "another"})

    def test_fields_of_somebody_elses_object_may_be_anywhere(self) -> None:
        said = {"services": [OnlyFields(service(namespace="other"))]}
        (one,) = wanted(said)
        assert (one.ref, one.only_fields) == (Ref("services", "other", "cart"), True)

    def test_with_a_finalizer_owned_objects_may_be_anywhere_too(self) -> None:
        said = {"services": [service(namespace="other")], "gatewayclasses": [service("mesh")]}
        found = desired(FINALIZED, ALL, said, "shop")
        assert isinstance(found, tuple)
        assert [str(one.ref) for one in found] == ["services other/cart", "gatewayclasses mesh"]
        assert "namespace" not in found[1].body["metadata"]


class Weights(BaseModel):
    weight: int = 0


ENDLESS: Json = {}
ENDLESS["a"] = ENDLESS

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"configmaps": []}, "configmaps are not among the outputs that are declared: deployments, "),
    ({"services": service()}, "the output services is a value of type dict, not a list"),
    ({"services": "cart"}, "the output services is a value of type str, not a list of objects"),
    (
        {"services": [None]},
        "one of the services is a value of type NoneType, not JSON of an object",
    ),
    ({"services": [OnlyFields([])]}, "one of the services is a value of type list"),  # type: ignore[arg-type]
    ({"services": [{"metadata": []}]}, "the metadata of one of the services is a value of type"),
    ({"services": [{}]}, "one of the services has no name"),
    ({"services": [service("")]}, "one of the services has no name"),
    ({"services": [service(7)]}, "one of the services has no name"),
    ({"services": [service("..")]}, "one of the services has no name"),
    ({"services": [service("a/../b")]}, "one of the services has no name"),
    ({"services": [service("a%2fb")]}, "one of the services has no name"),
    ({"services": [service("a" * 254)]}, "one of the services has no name"),
    ({"services": [service(namespace="a/b")]}, "services cart has a namespace that is no name"),
    ({"services": [service(namespace=["a"])]}, "services cart has a namespace that is no name"),
    (
        {"services": [service() | {"spec": Weights()}]},
        "services shop/cart: spec is a value of type",
    ),
    ({"services": [service() | {"spec": {"a": [{80: 1}]}}]}, "services shop/cart: spec.a[0] has a"),
    ({"services": [service() | {"spec": float("nan")}]}, "services shop/cart: spec is a value of"),
    (
        {"services": [service() | {"spec": 2**63}]},
        "services shop/cart: spec is a value of type int",
    ),
    ({"services": [service() | {"spec": "\ud800"}]}, "services shop/cart: spec is a value of type"),
    ({"services": [service() | {"spec": ENDLESS}]}, "services shop/cart: spec.a.a.a"),
    ({"services": [service()] * 2}, "services shop/cart is said twice"),
    (
        {"services": [OnlyFields(service()), service()]},
        "services shop/cart is said twice",
    ),
    (
        {"services": [service() | {"kind": "Secret"}]},
        "services shop/cart is a Secret of v1; services are Service of v1",
    ),
    (
        {"deployments": [service() | {"apiVersion": "extensions/v1beta1"}]},
        "deployments shop/cart is a Deployment of extensions/v1beta1; deployments are Deployment",
    ),
    ({"services": [service(namespace="other")]}, "services other/cart is not in shop: without"),
    ({"gatewayclasses": [service("mesh")]}, "gatewayclasses mesh is not in shop: without"),
    (
        {"gatewayclasses": [service("mesh", namespace="shop")]},
        "gatewayclasses mesh has a namespace; its kind has none",
    ),
]


@pytest.mark.parametrize(("said", "sentence"), REFUSED, ids=[one[1] for one in REFUSED])
def test_what_cannot_be_is_refused_with_all_the_rest(said: dict[str, Any], sentence: str) -> None:
    declared = ALL if "gatewayclasses" in said else BOTH
    found = desired(CANARY, declared, {"deployments": [service()], **said}, "shop")
    assert isinstance(found, Failure)
    assert found.reason is Reason.OUTPUT_REFUSED
    assert found.message.startswith(sentence)


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"services": [service()]}, ""),
        ({"services": [service(namespace="till")]}, ""),
        ({"services": [OnlyFields(service(namespace="till"))]}, ""),
        ({"services": [service(namespace="other")]}, "services other/cart is not in what"),
        ({"services": [OnlyFields(service(namespace="other"))]}, "services other/cart is not in"),
        ({"gatewayclasses": [service("mesh")]}, "gatewayclasses mesh is not in what the operator"),
    ],
)
def test_where_the_operator_looks_after_some_namespaces_it_writes_nowhere_else(
    said: dict[str, Any], refused: str
) -> None:
    found = desired(FINALIZED, ALL, said, "shop", ("shop", "till"))
    assert (found.message if isinstance(found, Failure) else "").startswith(refused)
    assert isinstance(found, Failure) == bool(refused)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_names = _json | st.sampled_from(["cart", "a.b", "..", "x/y"])
_objects = _json | st.builds(
    lambda name, namespace, more: {"metadata": {"name": name, "namespace": namespace}, **more},
    _names,
    _json | st.sampled_from(["shop", "other", None]),
    st.dictionaries(st.sampled_from(["kind", "apiVersion", "status", "spec"]), _json),
)
_said = st.dictionaries(
    st.sampled_from([*ALL, "secrets"]), _json | st.lists(_objects | st.builds(OnlyFields, _objects))
)


@given(said=_said, has_finalizer=st.booleans(), watched=st.sampled_from([(), ("shop",)]))
def test_whatever_a_worker_says_what_comes_of_it_can_be_written(
    said: dict[str, Any], has_finalizer: bool, watched: tuple[str, ...]
) -> None:
    project = replace(CANARY, enable_finalizer=has_finalizer)
    found = desired(project, ALL, said, "shop", watched)
    if isinstance(found, Failure):
        assert found.message
        return
    assert len({one.ref for one in found}) == len(found)
    for one in found:
        parameter = project.parameter(one.ref.kind)
        assert (one.body["apiVersion"], one.body["kind"]) == (
            parameter.api_version,
            parameter.kind,
        )
        assert one.body["metadata"]["name"] == one.ref.name
        assert "/" not in one.ref.name
        assert json.loads(json.dumps(one.body, allow_nan=False)) == one.body
        assert one.ref.namespace in watched or not watched
        assert one.only_fields or has_finalizer or one.ref.namespace == "shop"
