"""The rights of the chart carry a controller through the life of an object, and no more of them.

The controller runs under exactly the accounts of the release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import pytest

from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet_api import Api
from tests.e2e.scene import WITHIN, Scene
from tests.integration.guard import until
from tests.namespaces import fresh_namespace
from tests.security.chart import TERMINATION, Release

FLAGS = ("--min-evaluation-period=0.1", "--log-level=debug")
REQUEST = re.compile(r"kubervisor_api_requests_total\{(.*?)\} ")


class Stage:
    """A release, a scene that it guards, and a controller under its accounts."""

    def __init__(self, cluster: LocalCluster, api: Api, stack: ExitStack, **values: Any) -> None:
        namespace = fresh_namespace(api)
        scoped = values.pop("namespaced", False)
        values["namespaces"] = [namespace] if scoped else []
        self.release = stack.enter_context(Release(cluster, **values))
        self.scene = stack.enter_context(Scene(cluster, namespace))
        flags = [*FLAGS, f"--lease-namespace={self.release.namespace}"]
        flags += [f"--namespace={namespace}"] if scoped else []
        flags += [] if values.get("crds", {}).get("register") else ["--no-register-crds"]
        if values["termination"]["enabled"]:
            flags.append(f"--termination-kubeconfig={self.release.token(TERMINATION)}")
        else:
            flags.append("--no-allow-termination")
        account = self.release.token()
        # The API server knows of new rights a moment after they were made.
        with closing(Api(account)) as own:
            for where, group, resource in (
                (namespace, "kubervisor.k8s.io", "kubervisorservices"),
                (self.release.namespace, "coordination.k8s.io", "leases"),
            ):
                until(partial(may_get, own, where, group, resource), f"it may get {resource}")
        self.controller = stack.enter_context(Controller(account, *flags))

    def requests(self) -> dict[tuple[str, str], set[str]]:
        """Verb and resource of every request of the controller so far, and the answers."""
        made: dict[tuple[str, str], set[str]] = {}
        for found in REQUEST.finditer(self.controller.page("/metrics")):
            labels = dict(re.findall(r'(\w+)="(.*?)"', found[1]))
            made.setdefault((labels["verb"], labels["resource"]), set()).add(labels["code"])
        return made

    def granted(self) -> set[tuple[str, str]]:
        """Verb and resource of every rule of the release."""
        return {
            (verb, resource)
            for manifest in self.release.manifests
            for rule in manifest.get("rules", ())
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }


def may_get(account: Api, namespace: str, group: str, resource: str) -> bool:
    asked = {"namespace": namespace, "group": group, "resource": resource, "verb": "get"}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    answer = account.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    return bool(answer["status"]["allowed"])


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(
            {"termination": {"enabled": True}, "crds": {"register": True}}, id="whole cluster"
        ),
        pytest.param({"termination": {"enabled": True}, "namespaced": True}, id="one namespace"),
    ],
)
def test_an_object_lives_and_dies_under_the_charts_rights(
    values: dict[str, Any], cluster: LocalCluster, admin: Api, stack: ExitStack
) -> None:
    stage = Stage(cluster, admin, stack, **values)
    scene = stage.scene
    fleet = scene.fleet(4)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    # Out, back, out again, and evicted; a new pod takes its place.
    scene.guard(
        scene.breaker(),
        defaultActivator={"mode": "retryAndKill", "period": 0.3, "maxRetryCount": 1},
    )
    fleet.wait(lambda f: f.pod(pod.name) is None, WITHIN, "it is evicted")
    fleet.wait_ready(4, WITHIN)
    assert [p.retries for p in scene.ejections()] == [1, 2]
    assert scene.returns()
    scene.observer.wait(lambda o: o.events("PodTerminated"), WITHIN, "an Event tells of it")
    # Deleted by the other way of ending pods, and then released with the object.
    second, third = fleet.pods()[:2]
    scene.detector.outliers(second)
    scene.guard(
        scene.breaker(),
        defaultActivator={
            "mode": "retryAndKill",
            "killMode": "delete",
            "period": 0.3,
            "maxRetryCount": 0,
        },
    )
    fleet.wait(lambda f: f.pod(second.name) is None, WITHIN, "it is deleted")
    fleet.wait_ready(4, WITHIN)
    scene.guard(scene.breaker(), defaultActivator={"period": 600})
    scene.detector.outliers(third)
    fleet.wait(lambda f: [p.name for p in f.out()] == [third.name], WITHIN, "it is out")
    scene.delete_guard()
    scene.wait_guard_gone()
    scene.wait_nothing_left()

    made, granted = stage.requests(), stage.granted()
    refused = {request for request, codes in made.items() if codes & {"401", "403"}}
    assert not refused
    assert made.keys() <= granted


def test_without_termination_the_same_pod_is_paused_and_nothing_is_refused(
    cluster: LocalCluster, admin: Api, stack: ExitStack
) -> None:
    stage = Stage(cluster, admin, stack, termination={"enabled": False}, namespaced=True)
    scene = stage.scene
    fleet = scene.fleet(4)
    scene.detector.outliers(fleet.pods()[0])
    scene.guard(
        scene.breaker(),
        defaultActivator={"mode": "retryAndKill", "period": 0.3, "maxRetryCount": 0},
    )
    fleet.wait(lambda f: [p.traffic for p in f.out()] == ["pause"], WITHIN, "it is paused")

    ready = scene.wait_condition("Ready")
    assert "no pod is evicted or deleted" in ready["message"]
    assert not any(codes & {"401", "403"} for codes in stage.requests().values())


def test_one_namespace_needs_no_cluster_role(cluster: LocalCluster) -> None:
    with Release(cluster, namespaces=["default"], termination={"enabled": True}) as release:
        kinds = [manifest["kind"] for manifest in release.manifests]
        roles = [m for m in release.manifests if m["kind"] == "Role"]

    assert not {"ClusterRole", "ClusterRoleBinding"} & set(kinds)
    assert {role["metadata"]["namespace"] for role in roles} == {"default", release.namespace}


def test_registering_definitions_and_roles_alone_exclude_each_other(cluster: LocalCluster) -> None:
    with pytest.raises(AssertionError, match="register needs a ClusterRole"):
        Release(cluster, namespaces=["default"], crds={"register": True})
