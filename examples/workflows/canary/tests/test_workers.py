"""What is done in each phase, without a cluster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kubervisor.workflow import Json, OnlyFields
from kubervisor.workflow.testing import NOW, given
from shop import (
    canary,
    deployment,
    images,
    ours,
    primary,
    sizes,
    split,
    target,
    trial,
)

from canary_operator import finalizer
from canary_operator.phases import (
    FinalizerInputs,
    InitializingInputs,
    Phase,
    PromotingInputs,
    RollBackInputs,
    WaitingInputs,
)
from canary_operator.workers import initializing, promoting, roll_back, waiting

FRONT: Json = {
    "metadata": {"name": "shop", "uid": "front"},
    "spec": {
        "selector": {"app": "shop", "kubervisor/traffic": "yes"},
        "ports": [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080}],
    },
}


class TestInitializing:
    def sync(self, *deployments: Json, services: tuple[Json, ...] = (), **spec: Any) -> Any:
        inputs = given(InitializingInputs, deployments=deployments, services=services)
        return initializing.sync(canary(Phase.INITIALIZING, **spec), inputs)

    def test_nothing_is_done_without_the_deployment(self) -> None:
        outcome = self.sync()

        assert outcome.next == Phase.INITIALIZING
        assert outcome.outputs.said() == {}
        assert outcome.message == "there is no Deployment shop"

    def test_the_primary_is_brought_up_before_anything_is_taken_away(self) -> None:
        outcome = self.sync(deployment())

        assert outcome.next == Phase.INITIALIZING
        assert sizes(outcome.outputs.deployments) == {"shop-primary": 3, "shop-canary": 0}
        assert "virtualservices" not in outcome.outputs.said()

    @pytest.mark.parametrize(
        "brought_up",
        [
            primary(available=2),
            primary(replicas=2),
            primary() | {"status": {}},
        ],
    )
    def test_pods_of_the_deployment_stay_until_the_primary_serves(self, brought_up: Json) -> None:
        outcome = self.sync(deployment(), brought_up)

        assert outcome.next == Phase.INITIALIZING
        assert "shop" not in sizes(outcome.outputs.deployments)

    def test_once_the_primary_serves_it_has_all_requests(self) -> None:
        outcome = self.sync(deployment(), primary())

        assert outcome.next == Phase.WAITING
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]
        assert "shop" not in sizes(outcome.outputs.deployments)

    def test_a_deployment_without_pods_gets_one(self) -> None:
        assert sizes(self.sync(deployment(replicas=0)).outputs.deployments)["shop-primary"] == 1

    def test_the_deployments_are_told_apart_by_a_label(self) -> None:
        first, second = self.sync(deployment()).outputs.deployments

        for one, value in ((first, "false"), (second, "true")):
            spec = one["spec"]
            assert spec["selector"] == {"matchLabels": {"app": "shop", "canary": value}}
            assert spec["template"]["metadata"]["labels"]["canary"] == value
            assert spec["template"]["metadata"]["labels"]["tier"] == "web"
            assert spec["progressDeadlineSeconds"] == 600

    def test_the_services_are_made(self) -> None:
        made = {one["metadata"]["name"]: one for one in self.sync(deployment()).outputs.services}

        assert made.keys() == {"shop", "shop-primary", "shop-canary"}
        assert made["shop"]["spec"]["selector"] == {"app": "shop"}
        assert made["shop-canary"]["spec"]["selector"] == {"app": "shop", "canary": "true"}
        port = {"name": "http-80", "port": 80, "targetPort": 80}
        assert [one["spec"]["ports"] for one in made.values()] == [[port]] * 3

    def test_a_service_that_is_there_is_followed_and_left_alone(self) -> None:
        made = self.sync(deployment(), services=(FRONT,)).outputs.services

        assert [one["metadata"]["name"] for one in made] == ["shop-primary", "shop-canary"]
        assert made[0]["spec"] == {
            "selector": {"app": "shop", "kubervisor/traffic": "yes", "canary": "false"},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
        }

    def test_a_service_of_ours_stays(self) -> None:
        made = self.sync(deployment(), services=(ours(FRONT),)).outputs.services

        assert "shop" in [one["metadata"]["name"] for one in made]

    def test_expressions_in_a_selector_are_refused(self) -> None:
        strange = deployment()
        strange["spec"]["selector"]["matchExpressions"] = [{"key": "a", "operator": "Exists"}]

        with pytest.raises(ValueError, match="shop selects its pods by expressions"):
            self.sync(strange)


class TestWaiting:
    def sync(self, *deployments: Json, **said: Any) -> Any:
        inputs = given(WaitingInputs, deployments=deployments)
        return waiting.sync(canary(Phase.WAITING, **said), inputs)

    @pytest.mark.parametrize("before", [deployment(), target("shop:1.1")])
    def test_pods_stay_until_requests_have_moved(self, before: Json) -> None:
        outcome = self.sync(before, primary(), trial(), in_phase=0.5)

        assert (outcome.next, outcome.after) == (Phase.WAITING, 1.5)
        assert "deployments" not in outcome.outputs.said()
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]

    def test_then_the_deployment_has_none_any_more(self) -> None:
        outcome = self.sync(deployment(), primary(), trial("shop:1.0"), in_phase=2)

        assert sizes(outcome.outputs.deployments) == {
            "shop-primary": 3,
            "shop-canary": 0,
            "shop": 0,
        }
        assert isinstance(outcome.outputs.deployments[-1], OnlyFields)

    @pytest.mark.parametrize(
        ("now", "tried"),
        [
            pytest.param("shop:1.0", "shop:1.0", id="nothing new"),
            pytest.param("shop:1.1", "shop:1.1", id="tried before"),
            pytest.param("shop:1.0", "shop:1.1", id="back to what serves"),
        ],
    )
    def test_it_stays(self, now: str, tried: str) -> None:
        outcome = self.sync(target(now), primary(), trial(tried, 0))

        assert outcome.next == Phase.WAITING
        assert outcome.status is None
        assert sizes(outcome.outputs.deployments) == {
            "shop-primary": 3,
            "shop-canary": 0,
            "shop": 0,
        }
        assert images(outcome.outputs.deployments) == {
            "shop-primary": "shop:1.0",
            "shop-canary": now,
        }
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]

    def test_a_new_version_gets_a_pod_and_no_requests_yet(self) -> None:
        outcome = self.sync(target("shop:1.1", generation=9), primary(), trial("shop:1.0", 0))

        assert outcome.next == Phase.EVALUATING
        assert sizes(outcome.outputs.deployments)["shop-canary"] == 1
        assert images(outcome.outputs.deployments)["shop-canary"] == "shop:1.1"
        assert images(outcome.outputs.deployments)["shop-primary"] == "shop:1.0"
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]
        assert (outcome.status.trying, outcome.status.time_started) == (9, None)
        assert outcome.message == "generation 9 of shop is new"

    def test_a_size_that_somebody_gives_the_deployment_is_the_primarys(self) -> None:
        outcome = self.sync(target(replicas=5), primary(), trial("shop:1.0", 0))

        assert sizes(outcome.outputs.deployments) == {
            "shop-primary": 5,
            "shop-canary": 0,
            "shop": 0,
        }

    def test_what_serves_goes_on_without_the_deployment(self) -> None:
        outcome = self.sync(primary(), trial(replicas=0))

        assert outcome.next == Phase.WAITING
        assert outcome.outputs.said() == {}

    def test_a_primary_that_is_gone_is_brought_up_again(self) -> None:
        assert self.sync(target(), trial(replicas=0)).next == Phase.INITIALIZING

    def test_http_routes_take_the_place_of_a_virtual_service(self) -> None:
        everything = (target(), primary(), trial("shop:1.0", 0))
        outputs = self.sync(*everything, router="HTTPRoute", ports=[80, 9090]).outputs

        assert outputs.virtualservices == []
        assert [split(route) for route in outputs.httproutes] == [0, 0]
        assert [route["metadata"]["name"] for route in outputs.httproutes] == [
            "shop-80",
            "shop-9090",
        ]
        parent = {"group": "", "kind": "Service", "name": "shop", "port": 9090}
        assert outputs.httproutes[1]["spec"]["parentRefs"] == [parent]

    def test_a_virtual_service_has_a_rule_for_each_port(self) -> None:
        (route,) = self.sync(
            target(), primary(), trial("shop:1.0", 0), ports=[80, 9090]
        ).outputs.virtualservices

        assert [rule["name"] for rule in route["spec"]["http"]] == ["split-80", "split-9090"]
        assert [rule["match"] for rule in route["spec"]["http"]] == [
            [{"port": 80}],
            [{"port": 9090}],
        ]


class TestPromoting:
    def sync(self, *deployments: Json) -> Any:
        inputs = given(PromotingInputs, deployments=deployments)
        return promoting.sync(canary(Phase.PROMOTING, since=30, status={"weight": 35}), inputs)

    @pytest.mark.parametrize(
        "before",
        [
            pytest.param(primary("shop:1.0"), id="the version before"),
            pytest.param(primary("shop:1.1", available=2), id="not all of its pods"),
            pytest.param(primary("shop:1.1") | {"status": {}}, id="not seen yet"),
        ],
    )
    def test_the_canary_serves_until_the_primary_has_the_version(self, before: Json) -> None:
        outcome = self.sync(target("shop:1.1"), before, trial())

        assert outcome.next == Phase.PROMOTING
        assert images(outcome.outputs.deployments) == {
            "shop-primary": "shop:1.1",
            "shop-canary": "shop:1.1",
        }
        assert sizes(outcome.outputs.deployments) == {
            "shop-primary": 3,
            "shop-canary": 1,
            "shop": 0,
        }
        assert [split(route) for route in outcome.outputs.virtualservices] == [35]

    def test_then_the_primary_has_all_requests(self) -> None:
        outcome = self.sync(target("shop:1.1"), primary("shop:1.1"), trial())

        assert outcome.next == Phase.WAITING
        assert sizes(outcome.outputs.deployments)["shop-canary"] == 1
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]
        (promotion,) = outcome.status.history
        assert (promotion.promotion_succeeded, promotion.observed_generation) == (True, 7)
        assert (outcome.status.weight, outcome.status.time_started) == (0, None)

    def test_a_version_that_came_meanwhile_is_not_promoted(self) -> None:
        outcome = self.sync(target("shop:1.2"), primary("shop:1.0"), trial())

        assert images(outcome.outputs.deployments)["shop-primary"] == "shop:1.1"

    def test_a_canary_that_is_gone_cannot_be_promoted(self) -> None:
        assert self.sync(target(), primary()).next == Phase.ROLL_BACK


class TestRollBack:
    def sync(self, *deployments: Json, **more: Any) -> Any:
        inputs = given(RollBackInputs, deployments=deployments)
        return roll_back.sync(canary(Phase.ROLL_BACK, since=5, **more), inputs)

    def test_the_primary_serves_alone(self) -> None:
        outcome = self.sync(target("shop:1.1"), primary(), trial())

        assert outcome.next == Phase.WAITING
        assert [split(route) for route in outcome.outputs.virtualservices] == [0]
        assert sizes(outcome.outputs.deployments) == {
            "shop-primary": 3,
            "shop-canary": 1,
            "shop": 0,
        }
        assert images(outcome.outputs.deployments)["shop-canary"] == "shop:1.1"
        (promotion,) = outcome.status.history
        assert (promotion.promotion_succeeded, promotion.observed_generation) == (False, 7)

    def test_it_ends_whatever_is_gone(self) -> None:
        assert self.sync().next == Phase.WAITING

    def test_only_the_last_trials_are_told(self) -> None:
        old = [{"promotionSucceeded": True, "observedGeneration": n} for n in range(10)]
        history = self.sync(primary(), trial(), status={"history": old}).status.history

        assert [one.observed_generation for one in history] == [*range(1, 10), 7]


class TestFinalizer:
    def finalize(self, *deployments: Json) -> Any:
        inputs = given(FinalizerInputs, deployments=deployments)
        return finalizer.finalize(canary(Phase.EVALUATING), inputs)

    def moved(self, ago: float) -> Json:
        """A primary that has had no requests for so many seconds."""
        body = primary()
        written = (NOW - timedelta(seconds=ago)).isoformat()
        body["metadata"]["annotations"] = {finalizer.MOVED: written}
        return body

    @pytest.mark.parametrize("before", [target(), target(replicas=3, available=2)])
    def test_the_primary_serves_until_the_deployment_does(self, before: Json) -> None:
        finalized = self.finalize(before, primary(), trial())

        assert not finalized.done
        assert sizes(finalized.outputs.deployments) == {"shop-primary": 3, "shop": 3}
        assert [split(route) for route in finalized.outputs.virtualservices] == [0]

    def test_then_requests_move_while_the_primary_is_still_there(self) -> None:
        finalized = self.finalize(target(replicas=3), primary())

        assert (finalized.done, finalized.after) == (False, 2)
        assert (finalized.outputs.virtualservices, finalized.outputs.httproutes) == ([], [])
        assert sizes(finalized.outputs.deployments) == {"shop-primary": 3, "shop": 3}
        kept = finalized.outputs.deployments[0]
        assert kept["metadata"]["annotations"] == self.moved(0)["metadata"]["annotations"]

    @pytest.mark.parametrize(("ago", "done"), [(1.5, False), (2, True), (600, True)])
    def test_once_they_have_moved_it_goes(self, ago: float, done: bool) -> None:
        before = self.moved(ago)
        finalized = self.finalize(target(replicas=3), before)

        assert finalized.done is done
        kept = finalized.outputs.deployments[0]
        assert kept["metadata"]["annotations"] == before["metadata"]["annotations"]

    @pytest.mark.parametrize("there", [(), (target(),), (primary(),)])
    def test_it_goes_where_there_is_nothing_to_give_back(self, there: tuple[Json, ...]) -> None:
        finalized = self.finalize(*there)

        assert finalized.done
        assert finalized.outputs.said() == {}
