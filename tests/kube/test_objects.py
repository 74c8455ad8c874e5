"""CRDs are registered and KubervisorServices written on a real API server."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, Forbidden, NotFound, Throttled
from kubervisor.kube import crds, objects, paths
from kubervisor.kube.client import Api
from kubervisor.kube.crds import Outcome
from kubervisor.kube.records import SpecRecord, decode_spec
from kubervisor.traffic.keys import FINALIZER

from .polling import until
from .scripted import ScriptedServer

OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def definition(group: str, plural: str, kind: str, *, schema: int) -> dict[str, Any]:
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {**OPEN, "description": f"schema {schema}"}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {
                crds.SCHEMA_VERSION: str(schema),
                "api-approved.kubernetes.io": "unapproved, a test",
            },
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [version],
        },
    }


@dataclass(frozen=True)
class Definitions:
    """CRDs of a group that only this test uses; they are removed when it ends."""

    group: str

    def at(self, schema: int, plural: str = "things", kind: str = "Thing") -> dict[str, Any]:
        return definition(self.group, plural, kind, schema=schema)


@pytest.fixture
def definitions(api: Api) -> Iterator[Definitions]:
    group = f"t{uuid.uuid4().hex[:10]}.example.com"
    yield Definitions(group)
    for plural in ("things", "others"):
        try:
            api.request("DELETE", paths.single(paths.CRDS, None, f"{plural}.{group}"))
        except NotFound:
            continue


def test_a_crd_is_created_left_alone_updated_and_never_set_back(
    api: Api, definitions: Definitions, stop: threading.Event
) -> None:
    outcomes = [crds.register(api, definitions.at(schema), stop=stop) for schema in (2, 2, 10, 3)]
    assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED, Outcome.UPDATED, Outcome.NEWER]
    until(lambda: is_served(api, definitions), "the API server serves it")


def is_served(api: Api, definitions: Definitions) -> bool:
    try:
        api.request("GET", f"/apis/{definitions.group}/v1alpha1/things")
    except (NotFound, Throttled):  # while its storage is being set up
        return False
    return True


def test_a_crd_without_a_schema_version_is_older_than_ours(
    api: Api, definitions: Definitions, stop: threading.Event
) -> None:
    foreign = definitions.at(1)
    del foreign["metadata"]["annotations"][crds.SCHEMA_VERSION]
    api.request("POST", paths.CRDS, body=foreign)
    assert crds.register(api, definitions.at(1), stop=stop) is Outcome.UPDATED


def test_taken_names_are_said_at_once(
    api: Api, definitions: Definitions, stop: threading.Event
) -> None:
    crds.register(api, definitions.at(1), stop=stop)
    with pytest.raises(ApiError, match="names are taken"):
        crds.register(api, definitions.at(1, plural="others", kind="Thing"), stop=stop)


def test_a_missing_right_says_what_to_do(scripted: ScriptedServer, stop: threading.Event) -> None:
    scripted.script = lambda exchange: exchange.answer(403, {"message": "no"})
    with pytest.raises(Forbidden, match="--no-register-crds"):
        crds.register(scripted.api(), definition("a.example.com", "as", "A", schema=1), stop=stop)


def test_a_crd_that_is_never_served_ends_with_the_stop(
    scripted: ScriptedServer, stop: threading.Event
) -> None:
    crd = definition("a.example.com", "as", "A", schema=1)
    scripted.script = lambda exchange: exchange.answer(200, crd)
    stop.set()
    with pytest.raises(ApiUnavailable, match="does not serve it yet"):
        crds.register(scripted.api(), crd, stop=stop)


@pytest.fixture
def things(
    api: Api, definitions: Definitions, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A kind that stands for KubervisorService, whose CRD stays as it is."""
    crds.register(api, definitions.at(1), stop=stop)
    until(lambda: is_served(api, definitions), "the API server serves it")
    kind = f"/apis/{definitions.group}/v1alpha1/things"
    monkeypatch.setattr(paths, "KUBERVISOR_SERVICES", kind)
    return kind


@pytest.fixture
def create(
    api: Api, namespace: str, things: str, definitions: Definitions
) -> Callable[[], SpecRecord]:
    def make() -> SpecRecord:
        body = {
            "apiVersion": f"{definitions.group}/v1alpha1",
            "kind": "Thing",
            "metadata": {"name": "cart", "finalizers": ["example.com/theirs"]},
            "spec": {"service": "cart"},
        }
        return decode_spec(api.request("POST", paths.collection(things, namespace), body=body))

    return make


def test_the_finalizer_comes_and_goes_and_others_stay(
    api: Api, create: Callable[[], SpecRecord]
) -> None:
    record = create()
    held = objects.add_finalizer(api, record)
    assert held.finalizers == ("example.com/theirs", FINALIZER)
    assert objects.add_finalizer(api, held) is held
    with pytest.raises(Conflict):
        objects.remove_finalizer(api, SpecRecord(**{**fields(held), "resource_version": "1"}))
    freed = objects.remove_finalizer(api, held)
    assert freed.finalizers == ("example.com/theirs",)
    assert objects.remove_finalizer(api, freed) is freed


def test_a_status_replaces_the_one_before_and_only_it(
    api: Api, create: Callable[[], SpecRecord]
) -> None:
    record = create()
    first = objects.write_status(api, record, {"a": 1, "b": {"c": 2}})
    second = objects.write_status(api, first, {"b": {"d": 3}})
    assert second.status == {"b": {"d": 3}}
    assert second.spec == {"service": "cart"}
    assert second.generation == record.generation
    with pytest.raises(Conflict):
        objects.write_status(api, record, {"a": 9})
    assert objects.write_status(api, second, second.status).resource_version == (
        second.resource_version
    )


def test_a_status_for_an_object_of_another_uid_is_a_conflict(
    api: Api, create: Callable[[], SpecRecord]
) -> None:
    record = create()
    with pytest.raises(Conflict):
        objects.write_status(api, SpecRecord(**{**fields(record), "uid": "other"}), {})


def test_live_reads_tell_what_is_gone(
    api: Api, namespace: str, create: Callable[[], SpecRecord]
) -> None:
    record = create()
    assert objects.get_spec(api, namespace, "cart") == record
    with pytest.raises(NotFound):
        objects.get_spec(api, namespace, "none")


def fields(record: SpecRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}
