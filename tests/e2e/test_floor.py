"""The floor holds, whatever is found and whoever else takes pods away."""

from __future__ import annotations

from playground.detector import Detector
from playground.detector_prometheus import PrometheusStandIn, vector
from playground.fleet import Fleet
from playground.fleet_manifests import namespace_path, service
from playground.fleet_pod import Pod
from tests.e2e.scene import FOREVER, WITHIN, Scene, names

EVALUATIONS = 20


def test_an_all_bad_fleet_stays_at_its_floor(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(10)
    scene.detector.outliers(*fleet.pods())
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.serving()) == 5, WITHIN, "half of them are out")
    scene.wait_condition("BudgetExhausted")
    # The status is settled once the watch has shown all five: none of them is an intent any more.
    status = scene.wait_status(
        lambda s: (
            len(s.get("outliers", ())) == 5
            and s["fleet"].get("ejected") == 5
            and not s.get("intents")
        ),
        "the others are told",
    )
    assert {one["pod"] for one in status["outliers"]} == {pod.name for pod in fleet.serving()}
    assert {one["reason"] for one in status["outliers"]} == {"BudgetExhausted"}
    with scene.observer.silence("pods", "kubervisorservices"):
        scene.evaluations(EVALUATIONS)
    assert len(scene.ejections()) == len(fleet.out()) == 5


def test_an_all_bad_fleet_that_returns_at_each_moment_stays_at_its_floor(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(10)
    scene.detector.outliers(*fleet.pods())
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": 0.3})
    # Each ejection and each return is held against the floor by the observer.
    scene.observer.wait(lambda o: len(o.ejections) >= 25, WITHIN, "pods come and go")
    scene.observer.wait(lambda o: len(o.returns) >= 20, WITHIN, "pods come and go")


def test_two_breakers_share_the_budget_of_their_service(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(10)
    with Detector() as careful, Detector() as bold:
        scene.guard(
            scene.breaker("careful", asks=careful, minPodsAvailableCount=8),
            scene.breaker("bold", asks=bold, minPodsAvailableCount=2),
            defaultActivator={"period": FOREVER},
        )
        careful.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "the careful one has taken its two")
        with scene.observer.silence("pods"):
            scene.evaluations(EVALUATIONS, careful)
        bold.outliers(*fleet.pods())
        fleet.wait(lambda f: len(f.out()) == 8, WITHIN, "the bold one has taken six more")
        with scene.observer.silence("pods"):
            scene.evaluations(EVALUATIONS, careful, bold)
        by = [passage.breaker for passage in scene.ejections()]
        assert by == ["careful"] * 2 + ["bold"] * 6


def test_a_breaker_gets_nothing_where_another_has_taken_its_share(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(10)
    with Detector() as careful, Detector() as bold:
        bold.outliers(*fleet.pods()[:3])
        scene.guard(
            scene.breaker("careful", asks=careful, minPodsAvailableCount=8),
            scene.breaker("bold", asks=bold, minPodsAvailableCount=2),
            defaultActivator={"period": FOREVER},
        )
        fleet.wait(lambda f: len(f.out()) == 3, WITHIN, "the bold one has taken three")
        careful.outliers(*fleet.pods())
        with scene.observer.silence("pods"):
            scene.evaluations(EVALUATIONS, careful)
        scene.wait_condition("BudgetExhausted")


def test_a_pod_of_two_services_stays_where_the_other_would_have_nobody(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(5)
    gold = fleet.pods()[:2]
    for pod in gold:
        fleet.label(pod, "tier", "gold")
    other = service("gold", selects_traffic=True)
    other["spec"]["selector"]["tier"] = other["spec"]["selector"].pop("app") and "gold"
    scene.api.apply(f"{namespace_path(scene.namespace)}/services/gold", other)
    scene.detector.outliers(*gold)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one of the two is out")
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)


def two_out_by_score(scene: Scene, prometheus: PrometheusStandIn) -> tuple[Fleet, Pod, Pod]:
    """A fleet of four at its floor of two: the worse of the outliers, then the better."""
    fleet = scene.fleet(4)
    # After the fleet: its first evaluation is to see all four, and so both outliers.
    scene.controller()
    # By name the worse would be first to return, so only the score can be the reason.
    worse, better = fleet.pods()[:2]
    counts = [(pod, code, n) for pod in fleet.pods() for code, n in (("200", 10), ("500", 0))]
    counts += [(worse, "500", 90), (better, "500", 30)]
    prometheus.answer = vector(
        ({"pod": pod.name, "code": code, "namespace": scene.namespace}, n)
        for pod, code, n in counts
    )
    query = {
        "prometheusService": prometheus.address,
        "promQL": "requests",
        "key": "code",
        "podNamekey": "pod",
        "goodValues": ["200"],
    }
    breaker = {"name": "codes", "evaluationPeriod": 0.2, "discreteValueOutOfList": query}
    scene.guard(breaker | {"minPodsAvailableRatio": 50}, defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "both outliers are out")
    assert [passage.pod for passage in scene.ejections()] == [worse.name, better.name]
    return fleet, worse, better


def test_a_serving_pod_that_is_not_ready_any_more_brings_the_best_back(scene: Scene) -> None:
    with PrometheusStandIn() as prometheus:
        fleet, worse, better = two_out_by_score(scene, prometheus)
        first, second = fleet.serving()
        fleet.set_ready(first, False)
        fleet.wait(
            lambda f: better.name in f.in_slices() and names(f.out()) == {worse.name},
            WITHIN,
            "the better one alone is back",
        )
        fleet.set_ready(second, False)
        fleet.wait(lambda f: not f.out(), WITHIN, "the worse one is back too")
        assert [passage.reason for passage in scene.returns()] == ["BelowFloor"] * 2


def test_an_eviction_of_all_that_serve_brings_the_ejected_back_at_once(scene: Scene) -> None:
    with PrometheusStandIn() as prometheus:
        fleet, _, better = two_out_by_score(scene, prometheus)
        # A drain: nobody can replace them, as no node takes new pods.
        node = fleet.pods()[0].node
        fleet.cordon(node, on=True)
        try:
            first, second = fleet.serving()
            assert fleet.evict(first)
            fleet.wait(lambda f: better.name in f.in_slices(), WITHIN, "the better one is back")
            fleet.delete_pod(second)
            fleet.wait(lambda f: not f.out(), WITHIN, "both are back")
        finally:
            fleet.cordon(node, on=False)


def test_below_the_floor_paused_pods_are_named_and_stay(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(3)
    paused, other, _ = fleet.pods()
    scene.detector.outliers(paused)
    scene.guard(
        scene.breaker(minPodsAvailableCount=2),
        defaultActivator={"mode": "retryAndPause", "period": FOREVER, "maxRetryCount": 0},
    )
    fleet.wait(lambda f: [p.traffic for p in f.out()] == ["pause"], WITHIN, "one pod is paused")
    fleet.set_ready(other, False)
    told = scene.wait_condition("BelowFloor")
    assert paused.name in told["message"]
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
    fleet.set_ready(other, True)
    scene.wait_condition("BelowFloor", "False")


def test_a_rollout_ends_with_every_pod_in_traffic(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(6)
    before = names(fleet.pods())
    scene.detector.outliers(*fleet.pods()[:2])
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "two pods are out")
    fleet.roll_out("2")
    fleet.wait(
        lambda f: len(f.in_slices()) == 6 and not f.in_slices() & before, WITHIN, "all are new"
    )
    fleet.wait_ready(6, WITHIN)
    assert not fleet.out()
    scene.wait_status(lambda s: s["fleet"]["serving"] == 6, "six serve")


def test_a_scale_down_to_mostly_ejected_pods_brings_them_back_up_to_the_floor(
    scene: Scene,
) -> None:
    scene.controller()
    fleet = scene.fleet(10)
    staying = fleet.pods()[:3]
    scene.detector.outliers(*staying[:2])
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "two pods are out")
    for pod in staying:
        fleet.annotate(pod, "controller.kubernetes.io/pod-deletion-cost", "100")
    fleet.scale(3)
    fleet.wait(lambda f: len(f.pods()) == 3, WITHIN, "three pods are left")
    assert names(fleet.pods()) == names(staying)
    fleet.wait(
        # The slices may still have one that is gone.
        lambda f: len(f.in_slices() & names(staying)) == 2,
        WITHIN,
        "the floor of two is kept",
    )
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
    scene.detector.outliers()
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": 0.1})
    fleet.wait(lambda f: len(f.in_slices()) == 3, WITHIN, "the last one is back when its time ends")
