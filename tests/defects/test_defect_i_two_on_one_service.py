"""The original let two objects fight over one Service, and adopted whole namespaces."""

from __future__ import annotations

import pytest

from playground.detector import Detector
from playground.fleet import Fleet
from tests.integration.guard import PATIENCE, Guard, evaluations, is_served
from tests.integration.specs import custom, guarding


def claimed_by(fleet: Fleet) -> set[str | None]:
    """The names that the pods of the fleet carry."""
    return {pod.labels.get("kubervisor/name") for pod in fleet.pods()}


def test_the_older_of_two_guards_the_service_and_the_younger_says_so_until_it_takes_over(
    guard: Guard, detector: Detector
) -> None:
    with guard.fleet("contested", 3) as fleet, Detector() as of_younger:
        guard.apply("older", guarding("contested", custom(detector.address)))
        guard.wait_guarding("older")
        # Creation times have whole seconds: among those of one second the uid decides.
        later = guard.get("older")["metadata"]["creationTimestamp"]
        while True:
            guard.apply("younger", guarding("contested", custom(of_younger.address)))
            if guard.get("younger")["metadata"]["creationTimestamp"] > later:
                break
            guard.delete("younger")
        guard.wait_condition("younger", "Ready", "False", "OverlappingFleet", says="older")
        guard.wait_event("younger", "OverlappingFleet", says="older")
        of_younger.outliers(*fleet.pods())
        outlier = fleet.serving()[0]
        detector.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "the older one ejects")
        assert claimed_by(fleet) == {"older"}
        guard.wait_guarding("older")

        of_younger.outliers()
        guard.delete("older")
        guard.wait_guarding("younger")
        fleet.wait(lambda f: claimed_by(f) == {"younger"}, PATIENCE, "the younger takes over")
        fleet.wait(lambda f: is_served(f, *f.pods()), PATIENCE, "all serve")
        of_younger.outliers(outlier)
        fleet.wait(lambda f: len(f.out()) == 1, PATIENCE, "and ejects")
        guard.delete("younger")


@pytest.mark.parametrize("selector", [None, {}], ids=["no selector", "nothing but our key"])
def test_a_service_that_selects_no_pods_of_its_own_adopts_none(
    guard: Guard, detector: Detector, selector: dict[str, str] | None
) -> None:
    with guard.fleet("bystander", 2) as fleet:
        path = guard.put_service("open", selector)
        detector.outliers(*fleet.pods())
        guard.apply("open", guarding("open", custom(detector.address)))
        guard.wait_condition("open", "Ready", "False", "ServiceWithoutSelector", says="open")
        guard.wait_event("open", "ServiceWithoutSelector", says="open")
        assert claimed_by(fleet) == {None}
        assert is_served(fleet, *fleet.pods())
        guard.delete("open")
        guard.api.delete(path)


def test_every_object_of_a_service_hears_of_its_changes(guard: Guard, detector: Detector) -> None:
    with guard.fleet("heard", 2) as fleet:
        names = ("heard-0", "heard-1")
        for name in names:
            guard.apply(name, guarding("heard", custom(detector.address)))
        evaluations(detector, 1)
        guard.api.delete(fleet.service_path)
        # The younger one says first that it is not its turn.
        guard.wait_condition("heard-0", "Ready", "False")
        guard.wait_condition("heard-1", "Ready", "False")
        guard.delete("heard-0")
        guard.wait_condition("heard-1", "Ready", "False", "ServiceNotFound")
        guard.delete("heard-1")
