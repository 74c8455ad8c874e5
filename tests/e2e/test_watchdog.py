"""What pods' watchdogs say: traffic is taken within the budget first, and what it costs."""

from __future__ import annotations

from kubervisor import instants
from playground.controller import Controller
from playground.fleet import Fleet
from playground.fleet_api import Json
from playground.fleet_pod import Pod
from tests.e2e.scene import FOREVER, WITHIN, Scene

LONG_AGO = 1714557600.0
AT_ONCE = {"need": 1, "of": 1}


def watching(*, period: float = 0.2, matches: Json | None = None, **more: object) -> Json:
    """A breaker that listens to the watchdog `disk`, also of young pods."""
    watchdog = {"names": ["disk"], "warmUp": "0s", **more}
    return {
        "name": "disk",
        "evaluationPeriod": period,
        "watchdog": watchdog | ({"matches": matches} if matches else {}),
    }


def say(
    fleet: Fleet,
    pod: Pod,
    level: str,
    *,
    message: str = "full",
    at: float = LONG_AGO,
    name: str = "disk",
) -> None:
    """As a prober does."""
    text = f"{level}/{instants.render(at, 'seconds')}/{message}"
    fleet.annotate(pod, f"status.autocrane.io/{name}", text)


def declare(fleet: Fleet, *pods: Pod, name: str = "disk") -> None:
    """Have them ask for a probe."""
    for pod in pods:
        fleet.annotate(pod, f"probe.autocrane.io/{name}", "POD_IP:8080/disk")


def evaluations(scene: Scene, controller: Controller, count: int = 10) -> None:
    """Return after so many more."""
    judged = 'kubervisor_evaluations_total{outcome="judged"}'
    before = controller.metric(judged)
    scene.until(lambda: controller.metric(judged) >= before + count, "it was judged again")


def is_out(pod: Pod, fleet: Fleet) -> bool:
    return pod.uid in {one.uid for one in fleet.out()}


def test_a_word_is_heard_when_it_is_said_not_when_the_period_is_over(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    declare(fleet, *fleet.pods())
    scene.guard(watching(period=FOREVER, matches=AT_ONCE), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    scene.wait_condition("SourcesAvailable")

    say(fleet, pod, "error")
    fleet.wait(lambda f: is_out(pod, f), WITHIN, "it is out")
    (ejection,) = scene.ejections()
    assert ejection.pod == pod.name
    found = fleet.pod(pod.name)
    assert found is not None
    evidence = found.annotations["kubervisor/evidence"]
    assert evidence == "watchdog disk says error: full, since 2024-05-01 10:00:00"


def test_a_pod_that_goes_on_saying_error_is_evicted_after_its_traffic_is_gone(
    scene: Scene,
) -> None:
    scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    declare(fleet, pod)
    activator = {"mode": "retryAndKill", "period": 0.3, "maxPeriod": "1s", "maxRetryCount": 1}
    scene.guard(watching(), defaultActivator=activator)
    scene.wait_condition("Ready")

    say(fleet, pod, "error")
    fleet.wait(lambda f: f.pod(pod.name) is None, WITHIN, "it is gone")
    fleet.wait_ready(4, WITHIN)
    scene.observer.wait(lambda o: o.events("PodTerminated"), WITHIN, "an Event tells of it")
    # It was out, came back as late as may be, said the same, and was out when it was evicted.
    assert [(p.pod, p.retries) for p in scene.ejections()] == [(pod.name, 1), (pod.name, 2)]
    assert [p.pod for p in scene.returns()] == [pod.name]


def test_a_pod_that_recovers_gets_its_traffic_back_and_lives(scene: Scene) -> None:
    controller = scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    declare(fleet, pod)
    activator = {"mode": "retryAndKill", "period": 0.3, "maxPeriod": "1h", "maxRetryCount": 1}
    scene.guard(watching(), defaultActivator=activator)
    scene.wait_condition("Ready")

    say(fleet, pod, "error")
    fleet.wait(lambda f: is_out(pod, f), WITHIN, "it is out")
    # Its time is over long before it may return while it says error.
    with scene.observer.silence("pods"):
        evaluations(scene, controller)
    say(fleet, pod, "info", message="error cleared")
    fleet.wait(lambda f: pod.name in f.in_slices(), WITHIN, "it is back in traffic")
    assert not scene.observer.events("PodTerminated")


def test_no_more_pods_than_the_budget_allows_lose_their_traffic(scene: Scene) -> None:
    scene.controller()
    fleet = scene.fleet(6)
    first, second, third = fleet.pods()[:3]
    declare(fleet, first, second, third)
    scene.guard(
        watching(),
        budget={"minAvailable": 5, "panicThresholdPercent": 100},
        defaultActivator={"period": FOREVER},
    )
    scene.wait_condition("Ready")

    for pod in (first, second, third):
        say(fleet, pod, "error")
    scene.wait_condition("BudgetExhausted")
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one is out")
    assert len(scene.ejections()) == 1


def test_what_others_post_counts_only_where_it_is_trusted(scene: Scene) -> None:
    controller = scene.controller()
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.guard(watching(), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    tomorrow = 4_000_000_000.0

    say(fleet, pod, "error", at=tomorrow)
    with scene.observer.silence("pods"):
        evaluations(scene, controller)
    scene.guard(watching(trust="posted"), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: is_out(pod, f), WITHIN, "it is out")
