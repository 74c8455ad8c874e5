"""The main job, with a real Prometheus and clients that follow the EndpointSlices."""

from __future__ import annotations

from playground.faults import Fault
from playground.shop import Shop
from tests.e2e.scene import WITHIN, Scene

QUERY = 'sum by (namespace, pod, code) (increase(http_requests_total{namespace="%s"}[5s]))'


def test_a_pod_that_answers_500_leaves_the_traffic_and_returns_when_it_is_healed(
    scene: Scene,
) -> None:
    with Shop(scene.cluster, namespace=scene.namespace, size=4, scrape_interval=0.5) as shop:
        scene.controller()
        query = QUERY % scene.namespace
        shop.prometheus.wait(f"sum({query}) > 200", bool, WITHIN)
        scene.guard(
            {
                "name": "codes",
                "evaluationPeriod": 0.5,
                "minPodsAvailableRatio": 50,
                "discreteValueOutOfList": {
                    "prometheusService": shop.prometheus.address,
                    "promQL": query,
                    "key": "code",
                    "podNamekey": "pod",
                    "goodValues": ["200"],
                    "tolerance": 30,
                    "minActivity": 20,
                },
            },
            defaultActivator={"period": 8},
        )
        scene.wait_condition("SourcesAvailable")
        assert shop.failed()[0] == 0

        fleet, pod = shop.fleet, shop.fleet.pods()[1]
        shop.break_pod(pod, Fault(errors=1.0))
        fleet.wait(lambda f: pod.name not in f.in_slices(), WITHIN, "it leaves the slices")
        assert len(fleet.in_slices()) == 3
        failed, sent = in_steady_state(scene, shop)
        assert (failed, sent >= 100) == (0, True)
        (ejection,) = scene.ejections()
        assert ejection.pod == pod.name
        assert shop.failed()[0] > 0

        shop.heal_pod(pod)
        fleet.wait(lambda f: pod.name in f.in_slices(), WITHIN, "it is back")
        failed, sent = in_steady_state(scene, shop)
        assert (failed, sent >= 100) == (0, True)
        assert len(scene.ejections()) == 1


def in_steady_state(scene: Scene, shop: Shop) -> tuple[int, int]:
    """Failures and requests among the next hundred, after those that were under way."""
    settled = shop.failed()[1] + 20
    wait_sent(scene, shop, settled)
    before = shop.failed()
    wait_sent(scene, shop, before[1] + 100)
    after = shop.failed()
    return after[0] - before[0], after[1] - before[1]


def wait_sent(scene: Scene, shop: Shop, count: int) -> None:
    scene.until(lambda: shop.failed()[1] >= count, f"{count} requests were answered")
