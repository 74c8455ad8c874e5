"""However it ends, no pod stays out of traffic."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from playground.fleet import Fleet
from tests.e2e.observer import GUARDS
from tests.e2e.scene import FOREVER, WITHIN, Scene, names

EVALUATIONS = 10


def two_out(scene: Scene) -> Fleet:
    """A fleet of four, half of it out for long, of which the status tells."""
    fleet = scene.fleet(4)
    scene.detector.outliers(*fleet.pods()[:2])
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "two pods are out")
    scene.wait_condition("Active")
    scene.wait_status(lambda s: len(s.get("recent", ())) == 2, "the status tells of both")
    return fleet


def release(scene: Scene, *flags: str) -> str:
    """What `kubervisor release` prints; it must succeed."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "kubervisor", "release", *flags),
            f"--kubeconfig={scene.cluster.kubeconfig}",
            f"--lease-namespace={scene.namespace}",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everywhere_and_disabled_nothing_stays_out_and_controllers_are_silent_until_its_end(
    scene: Scene,
) -> None:
    controller = scene.controller()
    fleet = two_out(scene)
    release(scene, "--all", "--disable")
    fleet.wait_ready(4, WITHIN)
    scene.wait_nothing_left()
    assert "kubervisor/traffic" not in scene.api.get(fleet.service_path)["spec"]["selector"]
    assert reason_of(scene, "Ready") == "Released"
    assert reason_of(scene, "Active") == "SelectorWithoutTraffic"
    assert "fleet" not in status(scene), "nobody counts any more"
    assert [one["action"] for one in status(scene)["recent"]] == ["Ejected", "Ejected"]

    # Also a controller that starts now, and for objects that are new.
    scene.guard(scene.breaker(), name="late")
    with scene.observer.silence("pods", "kubervisorservices"):
        assert controller.stop() == 0
        controller.restart()
        scene.wait_leading(controller, times=2)
        fleet.select_traffic(True)
    scene.delete_guard("late")
    scene.delete_guard()
    scene.wait_guard_gone("late")
    scene.wait_guard_gone()

    release(scene, "--all", "--end")
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "the controller acts again")


def test_without_any_controller_one_namespace_is_released(scene: Scene, other_scene: Scene) -> None:
    controller = scene.controller(f"--namespace={other_scene.namespace}")
    fleet, other = two_out(scene), two_out(other_scene)
    assert controller.stop() == 0
    told = release(scene, "--namespace", scene.namespace)
    fleet.wait_ready(4, WITHIN)
    scene.wait_nothing_left()
    assert all(pod.name in told for pod in fleet.pods()[:2])
    assert len(other.out()) == 2
    assert reason_of(scene, "Ready") == "Released"
    assert reason_of(scene, "Active") == "SelectorRequiresTraffic", "as the Service still does"
    assert "Released" not in str(status(other_scene))

    # The object has no finalizer any more: it goes without a controller.
    scene.delete_guard()
    scene.wait_guard_gone()


def test_pods_are_released_where_there_is_no_kubervisorservice_any_more(scene: Scene) -> None:
    controller = scene.controller()
    fleet = two_out(scene)
    assert controller.stop() == 0
    delete_by_force(scene)
    assert len(fleet.out()) == 2
    release(scene, "--namespace", scene.namespace)
    fleet.wait_ready(4, WITHIN)
    scene.wait_nothing_left()


def test_pods_of_an_object_deleted_by_force_are_found_by_the_sweep(scene: Scene) -> None:
    controller = scene.controller()
    fleet = two_out(scene)
    assert controller.stop() == 0
    delete_by_force(scene)
    scene.controller(env={"KUBERVISOR_ORPHAN_SWEEP_INTERVAL": "1"})
    fleet.wait_ready(4, WITHIN)
    scene.wait_nothing_left()


def test_an_object_deleted_while_no_controller_runs_waits_for_one_to_return_its_pods(
    scene: Scene,
) -> None:
    controller = scene.controller()
    fleet = two_out(scene)
    assert controller.stop() == 0
    scene.delete_guard()
    assert len(fleet.out()) == 2
    controller.restart()
    scene.wait_guard_gone()
    fleet.wait_ready(4, WITHIN)
    scene.wait_nothing_left()


def test_a_service_that_is_gone_leaves_no_pod_out(scene: Scene) -> None:
    scene.controller()
    fleet = two_out(scene)
    scene.api.delete(fleet.service_path)
    fleet.wait(lambda f: len(f.serving()) == 4, WITHIN, "all are labelled yes")
    scene.wait_condition("ServiceNotAvailable")
    scene.wait_nothing_left()


def test_a_pod_that_leaves_the_selector_is_released(scene: Scene) -> None:
    scene.controller()
    fleet = two_out(scene)
    pod, stays = fleet.out()
    # Its controller lets go of it and makes a new one in its place.
    fleet.label(pod, "app", "else")
    scene.observer.wait(
        lambda o: any(p.uid == pod.uid for p in o.returns), WITHIN, "it is labelled yes"
    )
    fleet.wait(lambda f: len(f.in_slices()) == 3, WITHIN, "a new one serves in its place")
    assert names(fleet.out()) == {stays.name}
    assert pod.name not in names(fleet.pods())


def test_what_was_released_is_told_as_it_is_once_controllers_act_again(scene: Scene) -> None:
    scene.controller()
    fleet = two_out(scene)
    release(scene, "--all")
    fleet.wait_ready(4, WITHIN)
    assert reason_of(scene, "Ready") == "Released"
    release(scene, "--all", "--end")
    scene.wait_condition("Ready")
    fleet.wait(lambda f: len(f.out()) == 2, WITHIN, "they are out again")
    scene.until(lambda: status(scene).get("fleet", {}).get("ejected") == 2, "they are counted")


def status(scene: Scene) -> dict[str, Any]:
    """The status of the scene's KubervisorService."""
    found: dict[str, Any] = scene.api.get(f"{GUARDS.format(scene.namespace)}/shop")["status"]
    return found


def reason_of(scene: Scene, kind: str) -> str:
    """The reason of its condition of this type."""
    (found,) = (one for one in status(scene)["conditions"] if one["type"] == kind)
    return str(found["reason"])


def delete_by_force(scene: Scene) -> None:
    """Delete the object without its finalizer, as an impatient person does."""
    path = f"{GUARDS.format(scene.namespace)}/shop"
    scene.api.merge(path, {"metadata": {"finalizers": None}})
    scene.api.delete(path)
    scene.wait_guard_gone()
