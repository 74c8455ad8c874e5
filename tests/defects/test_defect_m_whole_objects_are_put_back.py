"""The original wrote whole objects: conflicts, lost fields, its defaults in the user's spec."""

from __future__ import annotations

import threading

from playground.detector import Detector
from playground.fleet_api import Json
from playground.fleet_manifests import namespace_path
from tests.e2e.invariants import FIELD_MANAGER, foreign_fields
from tests.integration.guard import PATIENCE, Guard, evaluations, is_served, until
from tests.integration.specs import custom, guarding


def _requests(guard: Guard) -> dict[str, float]:
    """Requests of the controller so far by verb and resource, without those of its Lease."""
    counts: dict[str, float] = {}
    for line in guard.controller.page("/metrics").splitlines():
        if line.startswith("kubervisor_api_requests_total{") and 'resource="leases"' not in line:
            name, _, value = line.rpartition(" ")
            counts[name] = float(value)
    return counts


def test_an_ejection_touches_our_own_keys_and_nothing_else(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("keys", 3) as fleet:
        guard.apply("keys", guarding("keys", custom(detector.address)))
        guard.wait_guarding("keys")
        outlier = fleet.serving()[0]
        path = f"{namespace_path(guard.namespace)}/pods/{outlier.name}"
        before = guard.api.get(path)
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        after = guard.api.get(path)
        assert after["spec"] == before["spec"]
        assert after["status"] == before["status"]
        assert _without_ours(after) == _without_ours(before)
        managed = {m["manager"]: m["fieldsV1"] for m in after["metadata"]["managedFields"]}
        assert list(foreign_fields(managed[FIELD_MANAGER])) == []
        guard.delete("keys")


def _without_ours(body: Json) -> Json:
    metadata = {k: v for k, v in body["metadata"].items() if k in ("ownerReferences", "finalizers")}
    for kind in ("labels", "annotations"):
        fields = body["metadata"].get(kind, {})
        metadata[kind] = {k: v for k, v in fields.items() if not k.startswith("kubervisor/")}
    return metadata


def test_the_users_object_keeps_its_spec_and_the_status_is_written_apart(
    guard: Guard, detector: Detector
) -> None:
    # Nearly everything is left to its default here.
    spec = {"service": "spec", "breakers": [{"name": "b", "customService": detector.address}]}
    with guard.fleet("spec", 2):
        guard.apply("spec", spec)
        guard.wait_guarding("spec")
        evaluations(detector, 1)
        body = guard.get("spec")
        assert body["spec"] == spec
        assert body["metadata"]["generation"] == 1
        ours = [m for m in body["metadata"]["managedFields"] if m["manager"] != "playground"]
        for entry in ours:
            fields = entry["fieldsV1"]
            if entry.get("subresource") == "status":
                assert fields.keys() <= {"f:status"}, fields
            else:
                assert fields.keys() <= {"f:metadata"}, fields
                assert fields["f:metadata"].keys() <= {"f:finalizers"}, fields
        assert "status" in {entry.get("subresource") for entry in ours}
        guard.delete("spec")


def test_labels_that_others_write_at_the_same_time_are_kept(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("busy", 4) as fleet:
        quick = guarding("busy", custom(detector.address), period=0.5)
        guard.apply("busy", quick)
        guard.wait_guarding("busy")
        pod = fleet.serving()[0]
        stop, written = threading.Event(), 0

        def write() -> None:
            nonlocal written
            while not stop.wait(0.02):
                written += 1
                fleet.label(pod, "example.com/written", str(written))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(3):
                detector.outliers(pod)
                fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out in spite of them")
                detector.outliers()
                fleet.wait(lambda f: is_served(f, pod), PATIENCE, "and back")
        finally:
            stop.set()
            writer.join()
        now = guard.api.get(f"{namespace_path(guard.namespace)}/pods/{pod.name}")
        assert now["metadata"]["labels"]["example.com/written"] == str(written)
        guard.delete("busy")


def _requests_during(steps: int, guard: Guard, detector: Detector) -> dict[str, float]:
    """How many more there are of each kind, watches left out, after so many evaluations."""
    before = _requests(guard)
    evaluations(detector, steps)
    more = {kind: count - before.get(kind, 0.0) for kind, count in _requests(guard).items()}
    return {kind: n for kind, n in more.items() if n and "watch" not in kind.lower()}


def test_a_steady_state_asks_the_api_server_for_nothing_but_the_lease(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("steady", 4) as fleet:
        guard.apply("steady", guarding("steady", custom(detector.address)))
        guard.wait_guarding("steady")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "one is out")
        guard.wait("steady", lambda b: b["status"]["fleet"]["ejected"] == 1)
        # The Event and the status that tell of the ejection are written a little later.
        until(lambda: _requests_during(6, guard, detector) == {}, "nothing is asked any more")
        assert _requests_during(12, guard, detector) == {}
        guard.delete("steady")
