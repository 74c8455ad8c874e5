"""Actions against a real API server: each is done once, is seen through, and heeds refusals."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from kubervisor.errors import Conflict
from kubervisor.kube.client import connect
from kubervisor.rules.actions.action import Action, Patch, Target
from kubervisor.rules.actions.claims import CHANGED_AT
from kubervisor.rules.actions.eject import Eject
from kubervisor.rules.actions.evict import EvictPods
from kubervisor.rules.actions.registry import make_actions
from kubervisor.rules.actions.resize import Resize
from kubervisor.rules.actions.scale import Scale
from kubervisor.rules.actions.tier import Tier
from kubervisor.rules.controller.acting import Acting
from kubervisor.rules.controller.deeds import Deeds
from kubervisor.rules.controller.world import Cluster
from kubervisor.rules.decision.outcomes import Did, Done, Failed, Outcome, Refusal, Wait
from kubervisor.rules.decision.policy import ObjectRef
from kubervisor.rules.decision.states import Intent
from playground.cluster import LocalCluster
from playground.fleet import Fleet
from playground.fleet_api import Api, Json
from playground.fleet_manifests import Kind, namespace_path
from playground.fleet_watch import Watch, await_object
from playground.provisioner import Provisioner
from playground.storage_changes import Answer, Growth, Work
from playground.storage_objects import EXPANDABLE, FIXED, GI
from tests.e2e.scene import FOREVER, Scene

WITHIN = 60.0
HALF_MORE = {"scalepercentage": "50", "maxsize": "12Gi"}
UP = {"classes": "slow,medium,fast", "direction": "up"}


class NoCalls:
    """No action here calls anybody."""

    def call(self, url: str, body: Mapping[str, Any], key: str) -> None:
        raise AssertionError(f"nobody calls {url}")


class Hand:
    """Does one action about one object: as rules do, a look at a time."""

    def __init__(self, cluster: LocalCluster, api: Api, namespace: str) -> None:
        self.api, self.namespace = api, namespace
        own = connect(str(cluster.kubeconfig), user_agent="rules")
        self.world = Cluster(own)
        self.deeds = Deeds(own, lambda: None, NoCalls())
        self._acting = Acting(make_actions(), self.world, self.deeds)

    def target(self, kind: str, name: str) -> Target:
        """The object as a rule is about it."""
        found = self.world.get(kind, self.namespace, name)
        assert found is not None
        return Target(ObjectRef(kind, self.namespace, name, found["metadata"]["uid"]), "slow")

    def intent(self, action: type[Action], target: Target, params: dict[str, str]) -> Intent:
        """What it would do, which nothing forbids."""
        found = make_actions()[action.name].preview(target, params, self.world, time.time())
        assert isinstance(found, Intent), found
        return found

    def refusal(self, action: type[Action], target: Target, params: dict[str, str]) -> Refusal:
        """Why it does nothing."""
        found = make_actions()[action.name].preview(target, params, self.world, time.time())
        assert isinstance(found, Refusal), found
        return found

    def look(self, target: Target, intent: Intent) -> tuple[Outcome, Intent]:
        """Do what is to be done until there is nothing to do for now."""
        while True:
            outcome = self._acting.step(target.ref, intent, time.time())
            if not isinstance(outcome, Did):
                return outcome, intent
            progress = {**intent.progress, **outcome.note}
            intent = Intent(intent.action, intent.summary, intent.goal, progress)

    def finish(self, target: Target, intent: Intent, collection: str) -> Outcome:
        """Go on, with a look after each change there, until nothing is waited for."""
        changed = threading.Event()
        watch = Watch(self.api, collection, lambda body: body, changed=lambda *_: changed.set())
        with watch:
            while True:
                changed.clear()
                outcome, intent = self.look(target, intent)
                if not isinstance(outcome, Wait):
                    return outcome
                assert changed.wait(WITHIN), outcome

    @property
    def claims(self) -> str:
        return f"{namespace_path(self.namespace)}/persistentvolumeclaims"

    @property
    def pods(self) -> str:
        return f"{namespace_path(self.namespace)}/pods"

    def claim(self, amount: str = "10Gi", **spec: Any) -> Target:
        """A claim that is bound."""
        wanted = {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": EXPANDABLE,
            "resources": {"requests": {"storage": amount}},
            **spec,
        }
        kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        self.api.create(self.claims, {**kind, "metadata": {"name": "data"}, "spec": wanted})
        await_object(
            self.api, self.claims, "data", lambda one: one["status"]["phase"] == "Bound", WITHIN
        )
        return self.target("PersistentVolumeClaim", "data")

    def stored(self) -> Json:
        """The claim as it is now."""
        return self.api.get(f"{self.claims}/data")


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


@pytest.fixture
def hand(cluster: LocalCluster, api: Api, namespace: str) -> Hand:
    return Hand(cluster, api, namespace)


@pytest.fixture(scope="module")
def storage(cluster: LocalCluster) -> Iterator[Provisioner]:
    with Provisioner(cluster, rounding=GI) as provisioner:
        yield provisioner


@pytest.fixture
def provisioner(storage: Provisioner) -> Provisioner:
    for work in Work:
        storage.answer(work, Answer.DO)
    return storage


# Claims grow.


def test_a_claim_grows_once_whatever_its_provider_makes_of_the_size(
    hand: Hand, provisioner: Provisioner
) -> None:
    provisioner.answer(Work.RESIZE, Answer.HOLD)
    target = hand.claim("7Gi")
    intent = hand.intent(Resize, target, HALF_MORE)
    outcome, _ = hand.look(target, intent)
    assert isinstance(outcome, Wait)
    claim = hand.stored()
    assert claim["spec"]["resources"]["requests"]["storage"] == "10752Mi"
    assert claim["metadata"]["annotations"][CHANGED_AT]

    # What a process knows that was started anew, while a node has yet to see the size.
    provisioner.answer(Work.RESIZE, Answer.FILE_SYSTEM)
    await_object(hand.api, hand.claims, "data", says("FileSystemResizePending"), WITHIN)
    outcome, _ = hand.look(target, intent)
    assert isinstance(outcome, Wait)
    assert "file system" in outcome.message
    assert hand.refusal(Resize, target, HALF_MORE).reason == "ResizeInProgress"

    provisioner.answer(Work.RESIZE, Answer.DO)
    assert hand.finish(target, intent, hand.claims) == Done("its capacity is 11Gi")
    growth = Growth(f"{hand.namespace}/data", before=7 * GI, after=11 * GI)
    assert [one for one in provisioner.growths if one.claim == growth.claim] == [growth]
    assert hand.intent(Resize, target, HALF_MORE).goal["to"] == "12Gi"


@pytest.mark.usefixtures("provisioner")
def test_a_claim_of_a_fixed_class_and_on_no_ladder_is_left_alone(hand: Hand) -> None:
    target = hand.claim(storageClassName=FIXED)
    assert hand.refusal(Resize, target, {}).reason == "NotExpandable"
    assert hand.refusal(Tier, target, UP).reason == "UnknownTier"


def test_a_resize_that_the_provider_refuses_is_not_repeated(
    hand: Hand, provisioner: Provisioner
) -> None:
    provisioner.answer(Work.RESIZE, Answer.REFUSE)
    target = hand.claim()
    intent = hand.intent(Resize, target, {})
    outcome = hand.finish(target, intent, hand.claims)
    assert isinstance(outcome, Failed)
    assert "ControllerResizeInfeasible" in outcome.message
    refusal = hand.refusal(Resize, target, {})
    assert (refusal.reason, refusal.is_final) == ("ResizeInfeasible", True)

    # As it says: a smaller request is one that can be made.
    hand.api.merge(f"{hand.claims}/data", request("11Gi"))
    provisioner.answer(Work.RESIZE, Answer.DO)
    await_object(hand.api, hand.claims, "data", has("11Gi"), WITHIN)


def test_what_somebody_else_asks_for_meanwhile_is_not_written_over(
    hand: Hand, provisioner: Provisioner
) -> None:
    provisioner.answer(Work.RESIZE, Answer.HOLD)
    target = hand.claim()
    intent = hand.intent(Resize, target, {})
    step = make_actions()[Resize.name].step(target.ref, intent, hand.world, time.time())
    hand.api.merge(f"{hand.claims}/data", request("12Gi"))
    deed = step.deed  # type: ignore[union-attr]
    assert isinstance(deed, Patch)
    with pytest.raises(Conflict, match="is no longer '10Gi'"):
        hand.deeds.do(deed)
    outcome, _ = hand.look(target, intent)
    assert isinstance(outcome, Failed)
    assert hand.stored()["spec"]["resources"]["requests"]["storage"] == "12Gi"


# Claims change their class.


def test_a_volume_gets_the_next_class_and_its_driver_may_refuse(
    hand: Hand, provisioner: Provisioner
) -> None:
    target = hand.claim(volumeAttributesClassName="slow")
    intent = hand.intent(Tier, target, UP)
    done = hand.finish(target, intent, hand.claims)
    assert done == Done("the volume has VolumeAttributesClass medium")
    down = hand.intent(Tier, target, UP | {"direction": "down"})
    assert hand.finish(target, down, hand.claims) == Done(
        "the volume has VolumeAttributesClass slow"
    )

    provisioner.answer(Work.MODIFY, Answer.REFUSE)
    outcome = hand.finish(target, hand.intent(Tier, target, {"class": "fast"}), hand.claims)
    assert isinstance(outcome, Failed)
    assert hand.refusal(Tier, target, UP).reason == "ChangeInfeasible"


# Workloads scale.


@pytest.mark.parametrize("kind", [Kind.DEPLOYMENT, Kind.STATEFUL_SET])
def test_a_workload_gets_more_and_fewer_replicas(hand: Hand, kind: Kind) -> None:
    with Fleet(hand.api, "web", size=2, namespace=hand.namespace, kind=kind) as fleet:
        target = hand.target(kind.value, "web")
        workloads = fleet.workload_path.rpartition("/")[0]
        await_object(hand.api, workloads, "web", is_all_ready, WITHIN)
        more = hand.intent(Scale, target, {"by": "1%", "max": "3"})
        assert hand.finish(target, more, workloads) == Done("it has 3 pods")
        fleet.wait_ready(3, WITHIN)
        await_object(hand.api, workloads, "web", is_all_ready, WITHIN)
        assert hand.refusal(Scale, target, {"by": "1%", "max": "3"}).reason == "AtMaximum"
        fewer = hand.intent(Scale, target, {"by": "-9"})
        assert hand.finish(target, fewer, workloads) == Done("it has 1 pods")
        fleet.wait_ready(1, WITHIN)

        scalers = f"/apis/autoscaling/v2/namespaces/{hand.namespace}/horizontalpodautoscalers"
        hand.api.create(scalers, autoscaler(kind))
        assert hand.refusal(Scale, target, {"by": "1", "max": "3"}).reason == "Autoscaled"


# Pods are evicted.


def test_a_pod_goes_once_its_disruption_budget_lets_it(hand: Hand) -> None:
    with Fleet(hand.api, "web", size=2, namespace=hand.namespace) as fleet:
        budgets = f"/apis/policy/v1/namespaces/{hand.namespace}/poddisruptionbudgets"
        hand.api.create(budgets, budget(least=2))
        await_object(
            hand.api, budgets, "web", lambda one: one["status"].get("currentHealthy") == 2, WITHIN
        )
        victim, other = fleet.pods()
        target = hand.target("Pod", victim.name)
        intent = hand.intent(EvictPods, target, {})
        refused, _ = hand.look(target, intent)
        assert isinstance(refused, Refusal)
        assert not refused.is_final
        assert "disruption budget" in refused.message
        assert fleet.pod(victim.name) == victim

        hand.api.delete(f"{budgets}/web")
        done = hand.finish(target, intent, hand.pods)
        assert done == Done(f"Pod {hand.namespace}/{victim.name} is gone")
        fleet.wait_ready(2, WITHIN)
        assert fleet.pod(other.name) == other


# Pods lose their traffic.


def test_a_pod_is_ejected_by_the_breaker_that_listens(
    taught: LocalCluster, namespace: str, hand: Hand
) -> None:
    with Scene(taught, namespace) as scene:
        scene.controller()
        fleet = scene.fleet(4)
        deaf = {"name": "disk", "watchdog": {"names": ["disk"]}}
        scene.guard(deaf, defaultActivator={"period": FOREVER})
        scene.wait_condition("Ready")
        victim = fleet.pods()[0]
        target = hand.target("Pod", victim.name)
        assert hand.refusal(Eject, target, {}).reason == "NobodyListens"

        scene.guard(deaf, listening(), defaultActivator={"period": FOREVER})
        scene.wait_condition("Ready")
        done = hand.finish(target, hand.intent(Eject, target, {"expiry": "60"}), hand.pods)
        assert isinstance(done, Done)
        fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it is out")
        (out,) = fleet.out()
        assert out.name == victim.name
        said = out.annotations["kubervisor/evidence"]
        assert "watchdog rule-slow says error: the condition of AutopilotRule slow is met" in said
        assert hand.refusal(Eject, target, {}).reason == "OutOfTraffic"


def request(amount: str) -> Json:
    return {"spec": {"resources": {"requests": {"storage": amount}}}}


def has(amount: str) -> Any:
    return lambda claim: claim["status"]["capacity"]["storage"] == amount


def says(condition: str) -> Any:
    def is_said(claim: Json) -> bool:
        return any(one["type"] == condition for one in claim["status"].get("conditions", ()))

    return is_said


def is_all_ready(workload: Json) -> bool:
    status = workload["status"]
    return bool(
        status.get("readyReplicas") == status.get("replicas") == workload["spec"]["replicas"]
    )


def autoscaler(kind: Kind) -> Json:
    aim = {"apiVersion": "apps/v1", "kind": kind.value, "name": "web"}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "auto"},
        "spec": {"scaleTargetRef": aim, "minReplicas": 1, "maxReplicas": 9},
    }


def budget(least: int) -> Json:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}},
    }


def listening() -> Json:
    """A breaker that hears the rule, also of young pods."""
    watchdog = {
        "names": ["rule-slow"],
        "trust": "posted",
        "warmUp": "0s",
        "matches": {"need": 1, "of": 1},
    }
    return {"name": "rules", "evaluationPeriod": 0.2, "watchdog": watchdog}
