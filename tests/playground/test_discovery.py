"""The workload runs the pods that the API server says run."""

from __future__ import annotations

import pytest

from playground.discovery import Discovery
from playground.fleet import Fleet
from playground.fleet_api import Api
from playground.workload import PodName, Workload
from tests.integration.guard import until

WITHIN = 30.0


@pytest.mark.parametrize(("lingers", "still"), [(0.0, False), (60.0, True)])
def test_a_pod_that_is_deleted_ends_once_it_has_lingered(
    api: Api, namespace: str, lingers: float, still: bool
) -> None:
    workload = Workload()
    with (
        Fleet(api, "shop", size=2, namespace=namespace) as fleet,
        Discovery(api, workload, namespace, lingers=lingers),
    ):
        first, second = (pod.id for pod in fleet.pods())
        fleet.delete_pod(fleet.pods()[0])
        fleet.wait(lambda f: f.pod(first.name) is None, WITHIN, "it is gone")
        fleet.scale(3)
        # The last of these came after its end, and is told after it.
        until(lambda: len(set(workload.pods()) - {first, second}) == 2, "two new ones run")
        assert (first in workload.pods()) == still


def test_one_that_has_its_name_since_goes_on() -> None:
    workload, pod = Workload(), PodName("shop", "shop-0")
    workload.add(pod, "uid-1")
    workload.add(pod, "uid-2")
    workload.remove(pod, "uid-1")
    assert workload.pods() == [pod]
    workload.remove(pod, "uid-2")
    assert workload.pods() == []
