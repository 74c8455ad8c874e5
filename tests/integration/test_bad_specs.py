"""An invalid spec is told with the path of its field, harms nobody, and strands no pod.

The CRD refuses these specs. Objects may be older than their CRD, so here it takes anything.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubervisor.api.crd import crd
from playground.cluster import LocalCluster
from playground.detector import Detector
from playground.fleet_api import Api, Json
from playground.fleet_watch import await_object
from tests.integration.guard import PATIENCE, Guard, condition, is_released, is_served
from tests.integration.neighbour import Neighbour
from tests.integration.spec_cases import GOOD, SPECS, UNKNOWN_MODE
from tests.integration.specs import custom, guarding, path_of

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def permissive_crd() -> Json:
    """The CRD, but for its schema: any spec and any status."""
    body = crd()
    (version,) = body["spec"]["versions"]
    anything = {"x-kubernetes-preserve-unknown-fields": True}
    version["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "properties": {"spec": anything, "status": anything},
    }
    return body


@pytest.fixture(scope="module")
def permissive_guard() -> Iterator[Guard]:
    """A controller on a cluster of its own that stores any KubervisorService."""
    with LocalCluster.start() as cluster:
        api = Api(cluster.kubeconfig)
        body = permissive_crd()
        name = body["metadata"]["name"]
        api.apply(f"{DEFINITIONS}/{name}", body)
        await_object(
            api,
            DEFINITIONS,
            name,
            lambda b: condition(b, "Established").get("status") == "True",
            PATIENCE,
        )
        api.close()
        with Guard(cluster, "--no-register-crds") as guard:
            yield guard


@pytest.fixture
def guard(permissive_guard: Guard) -> Iterator[Guard]:
    """The same, checked after the test."""
    yield permissive_guard
    permissive_guard.check()


@pytest.fixture(scope="module")
def neighbour(permissive_guard: Guard) -> Iterator[Neighbour]:
    """A Service whose spec is valid."""
    with Neighbour(permissive_guard) as neighbour:
        yield neighbour


def put(guard: Guard, name: str, spec: object) -> None:
    """Create the object with any spec, or replace its spec as a whole."""
    path = path_of(guard.namespace, name)
    body = {
        "apiVersion": "kubervisor.k8s.io/v1alpha1",
        "kind": "KubervisorService",
        "metadata": {"name": name},
        "spec": spec,
    }
    if guard.api.exists(path):
        guard.api.merge(path, {"spec": None})
        guard.api.merge(path, {"spec": spec})
    else:
        guard.api.create(path_of(guard.namespace), body)


@pytest.mark.parametrize(("spec", "field"), SPECS)
def test_an_invalid_spec_is_told_with_its_field_until_it_is_set_right(
    guard: Guard, neighbour: Neighbour, spec: object, field: str
) -> None:
    put(guard, "invalid", spec)
    guard.wait_condition("invalid", "Ready", "False", "SpecInvalid", says=f"{field}: ")
    guard.wait_event("invalid", "SpecInvalid", says=f"{field}: ")
    body = guard.get("invalid")
    assert condition(body, "InitFailed")["status"] == "True"
    assert condition(body, "Running")["status"] == "False"
    assert body["status"]["observedGeneration"] == body["metadata"]["generation"]
    neighbour.is_unharmed()

    put(guard, "invalid", GOOD)
    guard.wait_condition("invalid", "Ready", "False", "ServiceNotFound", says="shop")
    guard.wait_condition("invalid", "InitFailed", "False")
    guard.delete("invalid")


def test_an_object_without_any_spec_is_told(guard: Guard, neighbour: Neighbour) -> None:
    guard.api.create(
        path_of(guard.namespace),
        {
            "apiVersion": "kubervisor.k8s.io/v1alpha1",
            "kind": "KubervisorService",
            "metadata": {"name": "bare"},
        },
    )
    guard.wait_condition("bare", "Ready", "False", "SpecInvalid", says="spec")
    neighbour.is_unharmed()
    guard.delete("bare")


@pytest.mark.parametrize(
    "status",
    [
        pytest.param("fine", id="a text"),
        pytest.param({"conditions": "fine", "recent": 5, "intents": "x"}, id="other types"),
        pytest.param({"conditions": [5, {"type": None}], "recent": [{}, 7]}, id="odd entries"),
        pytest.param({"intents": [{"podUid": 5}, "x"], "epoch": "many"}, id="odd intents"),
        pytest.param({"epoch": 1_000_000}, id="an epoch that no leader has reached"),
    ],
)
def test_a_status_that_somebody_spoilt_is_written_anew(
    guard: Guard, neighbour: Neighbour, detector: Detector, status: object
) -> None:
    name = "spoilt"
    path = path_of(guard.namespace, name)
    with guard.fleet(name, 2):
        # While nobody runs, so that it is what the next leader finds.
        assert guard.controller.stop() == 0
        guard.apply(name, guarding(name, custom(detector.address)))
        guard.api.merge(f"{path}/status", {"status": status})
        guard.controller.restart()
        guard.wait_guarding(name)
        neighbour.is_unharmed()
        guard.delete(name)


def test_an_update_that_is_invalid_leaves_the_last_valid_activator_at_work(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("update", 4) as fleet:
        spec = guarding("update", custom(detector.address), period=3)
        put(guard, "update", spec)
        guard.wait_guarding("update")
        first, second = fleet.serving()[:2]
        detector.outliers(first)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        put(guard, "update", spec | {"defaultActivator": UNKNOWN_MODE})
        guard.wait_condition("update", "Ready", "False", "SpecInvalid")
        assert guard.get("update")["status"]["breakers"] == "oracle"
        detector.outliers(second)
        assert [pod.name for pod in fleet.out()] == [first.name]
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "its three seconds are over")
        asked = len(detector.requests)
        neighbour.is_unharmed()
        assert len(detector.requests) == asked

        put(guard, "update", spec)
        guard.wait_guarding("update")
        fleet.wait(lambda f: [p.name for p in f.out()] == [second.name], PATIENCE, "it guards")
        guard.delete("update")


def test_a_restart_with_an_invalid_spec_still_returns_what_is_out(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("restart", 3) as fleet:
        spec = guarding("restart", custom(detector.address), period=1)
        put(guard, "restart", spec)
        guard.wait_guarding("restart")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        assert guard.controller.stop() == 0
        detector.outliers()
        put(guard, "restart", spec | {"breakers": []})
        guard.controller.restart()
        guard.wait_condition("restart", "Ready", "False", "SpecInvalid", says="spec.breakers: ")
        # The default activator's period where the spec tells of none.
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "it returns")
        neighbour.is_unharmed()
        guard.delete("restart")
        fleet.wait(lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all are released")


def test_an_invalid_object_is_deleted_like_any_other(guard: Guard, detector: Detector) -> None:
    with guard.fleet("leaves", 3) as fleet:
        spec = guarding("leaves", custom(detector.address))
        put(guard, "leaves", spec)
        guard.wait_guarding("leaves")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        put(guard, "leaves", spec | {"breakers": "none"})
        guard.wait_condition("leaves", "Ready", "False", "SpecInvalid")
        guard.delete("leaves")
        fleet.wait(lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all are released")


def test_a_long_name_is_told(guard: Guard, neighbour: Neighbour) -> None:
    name = "n" * 70
    put(guard, name, GOOD)
    guard.wait_condition(name, "Ready", "False", "SpecInvalid", says="metadata.name: ")
    neighbour.is_unharmed()
    guard.delete(name)


def test_many_invalid_objects_delay_no_valid_one(guard: Guard, neighbour: Neighbour) -> None:
    names = [f"wrong-{number}" for number in range(50)]
    for number, name in enumerate(names):
        put(guard, name, {"service": name, "breakers": number})
    for name in names:
        guard.wait_condition(name, "Ready", "False", "SpecInvalid", says="spec.breakers: ")
    neighbour.is_unharmed()
    for name in names:
        guard.delete(name)
