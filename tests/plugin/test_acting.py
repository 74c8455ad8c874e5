"""The switches, by the real kubectl: what they do, what they refuse, and with which exit code."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import yaml

from playground.cluster import LocalCluster
from playground.fleet import Fleet
from playground.fleet_api import Json
from tests.e2e.scene import FOREVER, WITHIN, Scene, names
from tests.plugin.conftest import Plugin

TRAFFIC = "kubervisor/traffic"
REQUEST = "kubervisor/eject-requested-at"
EVALUATIONS = 10


def guarded(scene: Scene, size: int = 4, **spec: Any) -> Fleet:
    """A fleet under a controller; half of it may be out, for long."""
    scene.controller()
    fleet = scene.fleet(size)
    policy: Json = {"defaultActivator": {"period": FOREVER}} | spec
    scene.guard(scene.breaker(minPodsAvailableRatio=50), **policy)
    scene.wait_condition("Ready")
    scene.wait_status(lambda s: s["fleet"]["serving"] == size, "all are known to serve")
    return fleet


class TestEject:
    """A request that the controller carries out or refuses."""

    def test_the_budget_lets_pods_go_and_then_refuses(self, scene: Scene, plugin: Plugin) -> None:
        fleet = guarded(scene)
        first, second, third, _ = fleet.pods()
        said = plugin("eject", first.name).out
        assert said == (
            f"pod/{first.name} ejected: 4 of 4 serving, floor 2: may eject 2; out for 600 s\n"
        )
        fleet.wait(lambda f: len(f.in_slices()) == 3, WITHIN, "it gets no traffic")
        plugin("eject", f"pod/{second.name}")
        refused = plugin("eject", third.name, code=1)
        assert refused.err == (
            f"error: pod {third.name} is not ejected: BudgetExhausted: "
            "2 of 4 serving, floor 2: may eject 0\n"
        )
        fleet.wait(
            lambda f: not any(REQUEST in pod.annotations for pod in f.pods()),
            WITHIN,
            "no request is left",
        )
        assert names(fleet.out()) == {first.name, second.name}
        assert "out of traffic already" in plugin("eject", first.name, code=1).err
        explained = plugin("explain", third.name).out
        assert "asked for and refused, BudgetExhausted" in explained
        assert "because somebody asked for it" in plugin("explain", first.name).out

    def test_dry_run_only_tells_the_budget(self, scene: Scene, plugin: Plugin) -> None:
        fleet = guarded(scene)
        with scene.observer.silence("pods"):
            said = plugin("eject", fleet.pods()[0].name, "--dry-run").out
            scene.evaluations(3)
        assert "4 of 4 serving, floor 2: may eject 2" in said

    @pytest.mark.parametrize("how", ["paused", "inactive", "dry run"])
    def test_what_switches_kubervisor_off_holds_for_people_too(
        self, scene: Scene, plugin: Plugin, how: str
    ) -> None:
        fleet = guarded(scene, dryRun=how == "dry run")
        if how == "paused":
            plugin("pause", "shop")
            scene.wait_condition("Paused")
        if how == "inactive":
            plugin("disable", "shop")
            scene.wait_condition("Active", "False")
        if how == "dry run":
            scene.wait_condition("DryRun")
        with scene.observer.silence("pods", ours=True):
            assert "is not ejected" in plugin("eject", fleet.pods()[0].name, code=1).err
            scene.evaluations(3)
        assert not fleet.out()

    @pytest.mark.parametrize("how", ["dry run", "inactive", "expired", "unreadable"])
    def test_a_request_that_comes_past_the_plugin_is_refused_too(
        self, scene: Scene, plugin: Plugin, how: str
    ) -> None:
        fleet = guarded(scene, dryRun=how == "dry run")
        if how == "inactive":
            plugin("disable", "shop")
            scene.wait_condition("Active", "False")
        pod = fleet.pods()[0]
        asked = {"expired": "2020-01-01T00:00:00Z", "unreadable": "now"}
        asked_at = asked.get(how, plugin.now())
        fleet.annotate(pod, REQUEST, asked_at)
        reason = {"dry run": "DryRun", "inactive": "SelectorWithoutTraffic"}
        status = scene.wait_status(
            lambda s: [r for r in s.get("recent", ()) if r["action"] == "EjectionRefused"],
            "the refusal is recorded",
        )
        assert status["recent"][0]["reason"] == reason.get(how, "RequestExpired")
        scene.observer.wait(lambda o: o.events("EjectionRefused"), WITHIN, "an Event tells it")
        if how != "dry run":  # in which nothing is written to pods
            fleet.wait(lambda f: REQUEST not in f.pods()[0].annotations, WITHIN, "it is taken off")
        assert len(scene.observer.events("EjectionRefused")) == 1
        assert not fleet.out()

    def test_without_a_controller_the_request_is_withdrawn(
        self, scene: Scene, plugin: Plugin
    ) -> None:
        scene.controller().stop()
        fleet = scene.fleet(2)
        pod = fleet.pods()[0]
        scene.guard(scene.breaker())
        fleet.label(pod, "kubervisor/name", "shop")
        said = plugin("eject", pod.name, "--timeout=1s", code=1).err
        assert "no controller answered within 1 s" in said
        fleet.wait(lambda f: REQUEST not in f.pods()[0].annotations, WITHIN, "it is taken off")

    def test_a_pod_of_nobody_is_not_asked_for(self, scene: Scene, plugin: Plugin) -> None:
        fleet = scene.fleet(1)
        assert "not guarded" in plugin("eject", fleet.pods()[0].name, code=1).err

    def test_a_request_never_leads_to_a_termination(self, scene: Scene, plugin: Plugin) -> None:
        kill = {"mode": "retryAndKill", "period": FOREVER, "maxRetryCount": 0}
        fleet = guarded(scene, defaultActivator=kill)
        pod = fleet.pods()[0]
        plugin("eject", pod.name)
        with scene.observer.silence("pods"):
            scene.evaluations(EVALUATIONS)
        assert fleet.pod(pod.name)


def test_return_gives_traffic_back_however_the_pod_got_out(scene: Scene, plugin: Plugin) -> None:
    fleet = guarded(scene)
    ejected, held, serving, _ = fleet.pods()
    plugin("eject", ejected.name)
    scene.observer.expect_by_hand(held)
    fleet.label(held, TRAFFIC, "no")
    fleet.wait(lambda f: len(f.in_slices()) == 2, WITHIN, "two are out")
    with scene.observer.silence("pods"):
        assert "server dry run" in plugin("return", ejected.name, "--dry-run").out
    for pod in (ejected, held):
        assert plugin("return", pod.name).out == f"pod/{pod.name} returned to traffic\n"
    fleet.wait(lambda f: len(f.in_slices()) == 4, WITHIN, "all get traffic")
    assert plugin("return", serving.name).out.endswith("is not out of traffic: serving\n")


def test_pause_and_resume_may_be_said_twice(scene: Scene, plugin: Plugin) -> None:
    guarded(scene)
    assert "server dry run" in plugin("pause", "shop", "--dry-run").out
    assert plugin("pause", "shop").out == "kubervisorservice/shop paused\n"
    scene.wait_condition("Paused")
    assert plugin("pause", "shop").out == "kubervisorservice/shop is paused already\n"
    assert plugin().rows[1][-2] == "Paused"
    assert plugin("resume", "shop").out == "kubervisorservice/shop resumed\n"
    assert plugin("resume", "shop").out == "kubervisorservice/shop is not paused already\n"
    scene.wait_condition("Paused", "False")


class TestEnable:
    """The selector of a Service, and what may be in the way."""

    def test_a_service_is_enabled_and_disabled(self, scene: Scene, plugin: Plugin) -> None:
        fleet = guarded(scene)
        plugin("disable", "shop", "--dry-run")
        assert selector(scene, fleet) == {"app": "shop", TRAFFIC: "yes"}
        plugin("disable", "shop")
        assert selector(scene, fleet) == {"app": "shop"}
        assert "is not enabled" in plugin("disable", "shop").out
        plugin("enable", "shop", "--dry-run")
        assert selector(scene, fleet) == {"app": "shop"}
        said = plugin("enable", "svc/shop").out
        assert selector(scene, fleet) == {"app": "shop", TRAFFIC: "yes"}
        first, _, manifest = said.partition("\n")
        assert first == "service/shop enabled"
        assert yaml.safe_load(manifest)["spec"]["minAvailable"] == 2
        assert "is enabled already" in plugin("enable", "shop").out
        scene.wait_condition("Active")

    def test_what_is_in_the_way_is_named_and_nothing_is_changed(
        self, scene: Scene, plugin: Plugin
    ) -> None:
        fleet = scene.fleet(3, selects_traffic=False)
        said = plugin("enable", "shop", code=1).err
        assert said.startswith("error: service shop is not enabled:\n")
        assert "deployment/shop: its pod template lacks kubervisor/traffic" in said
        assert "3 of 3 pods carry no kubervisor/traffic label" in said
        assert selector(scene, fleet) == {"app": "shop"}

    def test_labelled_pods_without_a_labelled_template_do_not_suffice(
        self, scene: Scene, plugin: Plugin
    ) -> None:
        scene.controller()
        scene.fleet(3, selects_traffic=False)
        scene.guard(scene.breaker())
        scene.wait_condition("Ready")
        said = plugin("enable", "shop", code=1).err
        assert "pod template lacks" in said
        assert "carry no" not in said

    def test_the_bound_policy_vouches_for_new_pods(
        self, scene: Scene, plugin: Plugin, label_policy: str
    ) -> None:
        scene.controller()
        fleet = scene.fleet(3, selects_traffic=False)
        scene.guard(scene.breaker())
        scene.wait_condition("Ready")
        assert label_policy
        plugin("enable", "shop")
        fleet.wait_ready(3, WITHIN)

    def test_a_service_without_a_selector_is_refused(self, scene: Scene, plugin: Plugin) -> None:
        path = f"/api/v1/namespaces/{scene.namespace}/services/bare"
        scene.api.apply(path, a_service("bare", {}))
        assert "no selector of its own" in plugin("enable", "bare", code=1).err
        scene.api.apply(path, a_service("bare", {TRAFFIC: "yes"}))
        assert "selects nothing but our label" in plugin("disable", "bare", code=1).err


def test_stop_silences_every_controller_until_start(scene: Scene, plugin: Plugin) -> None:
    assert "no Lease" in plugin("stop", "--all", code=1).err
    controller = scene.controller(env={"KUBERVISOR_ORPHAN_SWEEP_INTERVAL": "0.3"})
    fleet, spare = scene.fleet(4), scene.fleet(1, "spare")
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    plugin("stop", "--all", "--dry-run")
    scene.evaluations(3)

    plugin("stop", "--all")
    assert "stopped in all namespaces" in plugin("check", code=1).out
    scene.until(lambda: not is_judging(scene), "nothing is judged any more")
    outlier = fleet.pods()[0]
    scene.detector.outliers(outlier)
    asked = fleet.pods()[1]
    fleet.annotate(asked, REQUEST, plugin.now())
    spare.label(spare.pods()[0], "kubervisor/name", "gone")
    with scene.observer.silence("pods", "kubervisorservices"):
        # Also a controller that starts now.
        assert controller.stop() == 0
        controller.restart()
        scene.wait_leading(controller, times=2)
        assert not is_judging(scene)

    fleet.annotate(asked, REQUEST, None)

    plugin("start", "--all")
    fleet.wait(lambda f: names(f.out()) == {outlier.name}, WITHIN, "it is ejected after all")
    spare.wait(
        lambda f: "kubervisor/name" not in f.pods()[0].labels, WITHIN, "the orphan is released"
    )


def is_judging(scene: Scene) -> bool:
    """Whether the detector is asked within a second, in which it should be five times."""
    asked = len(scene.detector.requests)
    threading.Event().wait(1.0)
    return len(scene.detector.requests) > asked


def selector(scene: Scene, fleet: Fleet) -> dict[str, str]:
    found: dict[str, str] = scene.api.get(fleet.service_path)["spec"]["selector"]
    return found


def a_service(name: str, selects: dict[str, str]) -> Json:
    spec: Json = {"ports": [{"port": 80}], "selector": selects}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def test_check_is_well_with_a_controller_and_says_what_is_wrong_without(
    scene: Scene, plugin: Plugin
) -> None:
    fleet = guarded(scene)
    well = plugin("check").out
    assert "√ 1 KubervisorService Ready" in well
    assert "√ 1 Service enabled, none loses a pod" in well
    assert "is held by" in well
    assert well.endswith("Status: all is well\n")
    sections = json.loads(plugin("check", "-o", "json").out)
    assert next(iter(sections)) == "server"

    template = {"spec": {"template": {"metadata": {"labels": {TRAFFIC: None}}}}}
    scene.api.merge(fleet.workload_path, template)
    scene.guard(scene.breaker(), name="twin")
    scene.wait_condition("Ready", "False", name="twin")
    wrong = plugin("check", code=1).out
    assert "the pods of deployment/shop get no traffic" in wrong
    assert "twin is not Ready: OverlappingFleet" in wrong
    assert wrong.endswith("2 to put right\n")


def test_check_against_nothing_says_so(plugin: Plugin) -> None:
    lost = plugin("check", "--kubeconfig=/no/such/file", code=1)
    assert "✗ the API server does not answer" in lost.out
    empty = plugin("check").out
    assert "no controller's Lease in this namespace" in empty
    assert "there is no KubervisorService" in empty


def test_who_may_only_look_is_told_what_the_server_refuses(
    scene: Scene, plugin: Plugin, taught: LocalCluster
) -> None:
    fleet = guarded(scene)
    space = f"--namespace={scene.namespace}"
    taught.kubectl("create", "serviceaccount", "reader", space)
    taught.kubectl(
        *("create", "role", "reader", space, "--verb=get,list", "--resource=pods,services"),
        "--resource=kubervisorservices.kubervisor.k8s.io",
    )
    account = f"--serviceaccount={scene.namespace}:reader"
    taught.kubectl("create", "rolebinding", "reader", space, "--role=reader", account)
    reader = f"--kubeconfig={taught.kubeconfig_for(scene.namespace, 'reader')}"
    pod = fleet.pods()[0].name
    scene.until(lambda: plugin.anywhere("pods", "shop", reader).code == 0, "it has its rights")

    assert "is in traffic" in plugin("explain", pod, reader).out
    for words in (("eject", pod), ("pause", "shop"), ("disable", "shop")):
        assert plugin(*words, reader, code=1).err.startswith("Error from server (Forbidden)")
    assert "Forbidden" in plugin.anywhere("stop", "--all", reader).err
    told = plugin("check", reader).out
    assert "‼ the CRD cannot be read" in told
    assert "‼ you may not eject and return pods (patch pods)" in told
    assert "√ 1 KubervisorService Ready" in told
    assert not fleet.out()
