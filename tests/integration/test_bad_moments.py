"""Deletions and edits by hand, at the worst moment: nobody is stranded, nobody else notices."""

from __future__ import annotations

from playground.cluster import LocalCluster
from playground.detector import Detector
from playground.fleet_manifests import namespace_path
from tests.integration.guard import PATIENCE, Guard, is_released, is_served, until
from tests.integration.neighbour import Neighbour
from tests.integration.specs import custom, guarding


def test_deletion_in_the_middle_of_ejections_leaves_nobody_out(
    guard: Guard, neighbour: Neighbour, detector: Detector
) -> None:
    with guard.fleet("midway", 12) as fleet:
        guard.apply("midway", guarding("midway", custom(detector.address)))
        guard.wait_guarding("midway")
        detector.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) >= 2, PATIENCE, "ejections are under way")
        guard.delete("midway")
        fleet.wait(lambda f: all(is_released(p) for p in f.pods()), PATIENCE, "all are released")
        neighbour.is_unharmed()
        assert all(is_released(pod) for pod in fleet.pods())


def test_a_name_label_edited_by_hand_is_set_right(guard: Guard, detector: Detector) -> None:
    with guard.fleet("edited", 3) as fleet:
        guard.apply("edited", guarding("edited", custom(detector.address)))
        guard.wait_guarding("edited")
        first, second, _ = fleet.pods()
        fleet.label(first, "kubervisor/name", "nobody")
        fleet.label(second, "kubervisor/name", None)
        fleet.wait(
            lambda f: all(p.labels.get("kubervisor/name") == "edited" for p in f.pods()),
            PATIENCE,
            "both are ours again",
        )
        guard.delete("edited")


def test_an_ejected_pod_whose_name_label_is_removed_by_hand_is_still_returned(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("torn", 3) as fleet:
        guard.apply("torn", guarding("torn", custom(detector.address), period=2))
        guard.wait_guarding("torn")
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        detector.outliers()
        fleet.label(outlier, "kubervisor/name", None)
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "it is back")
        guard.delete("torn")


def test_a_namespace_can_be_deleted_while_pods_are_out(
    cluster: LocalCluster, detector: Detector
) -> None:
    with Guard(cluster) as guard, guard.fleet("ends", 3) as fleet:
        guard.apply("ends", guarding("ends", custom(detector.address)))
        guard.wait_guarding("ends")
        detector.outliers(fleet.serving()[0])
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "it is out")
        guard.api.delete(namespace_path(guard.namespace))
        until(lambda: not guard.api.exists(namespace_path(guard.namespace)), "it is gone")
        guard.check()
