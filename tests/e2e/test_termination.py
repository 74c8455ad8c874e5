"""What becomes of pods that never recover."""

from __future__ import annotations

from playground.fleet_api import Json
from playground.fleet_manifests import namespace_path
from tests.e2e.scene import FOREVER, WITHIN, Scene, names

EVALUATIONS = 10


def exhausted_after(retries: int, mode: str = "retryAndKill", **more: object) -> Json:
    """An activator that gives a pod up at the ejection after so many retries, and soon."""
    return {"mode": mode, "period": 0.3, "maxRetryCount": retries, **more}


def test_a_pod_is_evicted_and_replaced_once_its_retries_are_used_up(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    scene.guard(scene.breaker(), defaultActivator=exhausted_after(2))
    fleet.wait(lambda f: f.pod(pod.name) is None, WITHIN, "it is gone")
    fleet.wait_ready(4, WITHIN)
    assert [(p.pod, p.retries) for p in scene.ejections()] == [
        *((pod.name, 1), (pod.name, 2), (pod.name, 3))
    ]
    scene.observer.wait(lambda o: o.events("PodTerminated"), WITHIN, "an Event tells of it")
    status = scene.wait_status(lambda s: s["recent"][0]["action"] == "Terminated", "it is recorded")
    assert status["recent"][0]["pod"] == pod.name


def test_of_many_given_up_at_once_one_goes_at_a_time(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(6)
    given_up = fleet.pods()[:3]
    scene.detector.outliers(*given_up)
    scene.guard(scene.breaker(minPodsAvailableCount=3), defaultActivator=exhausted_after(0))
    fleet.wait(lambda f: not names(f.pods()) & names(given_up), WITHIN, "all three are gone")
    fleet.wait_ready(6, WITHIN)

    # A pod that goes has been replaced before the next one does.
    births = [
        ("gone" if write.what == "deleted" else "new")
        for write in scene.observer.caught_up().writes("pods")
        if write.what in ("created", "deleted")
    ][6:]
    balance = 0
    for birth in births:
        balance += 1 if birth == "new" else -1
        assert -1 <= balance <= 1, births


def test_a_disruption_budget_defers_the_eviction_and_the_pod_returns_in_time(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    budgets = f"/apis/policy/v1/namespaces/{scene.namespace}/poddisruptionbudgets"
    spec = {"minAvailable": 4, "selector": {"matchLabels": {"app": "shop"}}}
    scene.api.create(
        budgets,
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "shop"},
            "spec": spec,
        },
    )
    scene.until(lambda: counts_pods(scene.api.get(f"{budgets}/shop")), "the budget counts pods")
    scene.detector.outliers(pod)
    scene.guard(scene.breaker(), defaultActivator=exhausted_after(0, period=1))
    scene.observer.wait(
        lambda o: o.events("TerminationDeferred"), WITHIN, "an Event tells of the refusal"
    )
    scene.detector.outliers()
    fleet.wait(lambda f: pod.name in f.in_slices(), WITHIN, "it is back in traffic")
    assert not scene.observer.events("PodTerminated")


def counts_pods(budget: Json) -> bool:
    """Whether the disruption controller has looked at the budget."""
    return bool(budget.get("status", {}).get("currentHealthy") == 4)


def test_pods_that_nobody_would_replace_are_paused_up_to_the_limit(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(2)
    for number in (1, 2):
        scene.api.create(f"{namespace_path(scene.namespace)}/pods", bare_pod(f"bare-{number}"))
    fleet.wait_ready(4, WITHIN)
    bare = tuple(pod for pod in fleet.pods() if pod.name.startswith("bare-"))
    scene.detector.outliers(*bare)
    scene.guard(scene.breaker(), defaultActivator=exhausted_after(0))
    fleet.wait(lambda f: any(p.traffic == "pause" for p in f.out()), WITHIN, "one is paused")
    scene.observer.wait(lambda o: o.events("PodPaused"), WITHIN, "an Event tells of it")
    (paused,) = (pod for pod in fleet.out() if pod.traffic == "pause")
    (other,) = (pod for pod in bare if pod.name != paused.name)
    # The limit is one: the other goes on coming and going.
    scene.observer.wait(
        lambda o: sum(p.pod == other.name for p in o.returns) >= 2, WITHIN, "it returns in time"
    )
    assert names(bare) <= names(fleet.pods())
    assert fleet.pod(paused.name) == paused


def bare_pod(name: str) -> Json:
    """A pod of the fleet's Service without a controller."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "shop", "kubervisor/traffic": "yes"}},
        "spec": {
            "containers": [{"name": "workload", "image": "workload"}],
            "terminationGracePeriodSeconds": 0,
        },
    }


def test_as_many_as_allowed_are_paused_and_the_next_is_terminated(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(6)
    given_up = fleet.pods()[:3]
    scene.detector.outliers(*given_up)
    scene.guard(
        scene.breaker(minPodsAvailableCount=3),
        defaultActivator=exhausted_after(0, "retryAndPause", maxPauseCount=2),
    )
    fleet.wait(
        lambda f: len(names(f.pods()) & names(given_up)) == 2, WITHIN, "one of the three is gone"
    )
    fleet.wait(
        lambda f: [pod.traffic for pod in f.out()] == ["pause"] * 2, WITHIN, "two are paused"
    )
    fleet.wait(
        lambda f: len(f.in_slices()) == 4 and all("kubervisor/name" in p.labels for p in f.pods()),
        WITHIN,
        "a new one serves in its place and is labelled",
    )
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)


def test_each_breakers_pods_follow_its_own_activator(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    own = {"mode": "periodic", "period": FOREVER}
    # The default one would return it at once.
    scene.guard(scene.breaker(activator=own), defaultActivator={"period": 0.2})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it is out")
    with scene.observer.silence("pods"):
        scene.evaluations(EVALUATIONS)
