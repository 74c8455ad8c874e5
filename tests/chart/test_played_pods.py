"""A played pod lives as a kubelet would have it: what the tests of the chart rest on."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_watch import await_object
from playground.pods_that_run import REAL, PodsThatRun
from tests.integration.guard import until
from tests.namespaces import fresh_namespace

WITHIN = 30.0


@pytest.fixture(scope="module")
def played(cluster: LocalCluster) -> Iterator[PodsThatRun]:
    with PodsThatRun(cluster) as pods:
        yield pods


@pytest.fixture
def namespace(admin: Api, played: PodsThatRun) -> str:  # noqa: ARG001 - pods are played in it
    return fresh_namespace(admin)


def run(admin: Api, namespace: str, *args: str, policy: str = "Never", **more: Any) -> None:
    """A pod that runs `kubervisor` with these arguments."""
    container = {"name": "kubervisor", "image": "kubervisor:0.1.0", "args": list(args), **more}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"p-{namespace}", "labels": REAL},
        "spec": {"containers": [container], "restartPolicy": policy},
    }
    admin.create(f"/api/v1/namespaces/{namespace}/pods", body)


def wait(admin: Api, namespace: str, so: Callable[[Json], bool]) -> Json:
    """The status of that pod's container as soon as it is so."""

    def accepted(pod: Json) -> bool:
        found = pod["status"].get("containerStatuses")
        return bool(found) and so(found[0])

    pods = f"/api/v1/namespaces/{namespace}/pods"
    pod = await_object(admin, pods, f"p-{namespace}", accepted, WITHIN)
    container: Json = pod["status"]["containerStatuses"][0]
    return container | {"phase": pod["status"]["phase"]}


def has_ended(container: Json) -> bool:
    return "terminated" in container["state"]


@pytest.mark.parametrize(
    ("args", "code", "phase"), [(["--version"], 0, "Succeeded"), (["frobnicate"], 2, "Failed")]
)
def test_its_exit_code_is_its_phase(
    args: list[str], code: int, phase: str, admin: Api, namespace: str
) -> None:
    run(admin, namespace, *args)
    ended = wait(admin, namespace, has_ended)

    assert (ended["state"]["terminated"]["exitCode"], ended["phase"]) == (code, phase)


def test_one_that_has_ended_is_left_alone_by_whoever_plays_pods_later(
    admin: Api, namespace: str, cluster: LocalCluster
) -> None:
    run(admin, namespace, "--version")
    wait(admin, namespace, has_ended)

    with PodsThatRun(cluster) as later:
        pass  # It has looked at all that there are, and those that it plays have begun.
    assert later.of(namespace) == []


def test_one_that_shall_run_is_started_again_until_it_is_deleted(
    admin: Api, namespace: str, played: PodsThatRun
) -> None:
    run(admin, namespace, "--version", policy="Always")
    wait(admin, namespace, lambda container: container["restartCount"] > 1)
    path = f"/api/v1/namespaces/{namespace}/pods/p-{namespace}"
    admin.delete(path)
    until(lambda: not admin.exists(path), "it is gone")

    (pod,) = played.of(namespace)
    assert pod.log.read_text().count("version") > 1


def test_it_waits_for_its_secret_and_is_given_it(
    admin: Api, namespace: str, played: PodsThatRun
) -> None:
    source = {"secretKeyRef": {"name": "late", "key": "listen"}}
    env = [{"name": "KUBERVISOR_LISTEN", "valueFrom": source}]
    run(admin, namespace, "run", env=env)
    until(lambda: played.of(namespace), "it is seen")
    data = {"listen": base64.b64encode(b"from-a-secret").decode()}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late"}, "data": data}
    admin.create(f"/api/v1/namespaces/{namespace}/secrets", body)
    ended = wait(admin, namespace, has_ended)

    assert ended["state"]["terminated"]["exitCode"] == 2
    (pod,) = played.of(namespace)
    assert "is 'from-a-secret'" in pod.log.read_text()


def test_it_has_the_rights_of_its_account_and_no_others(
    admin: Api, namespace: str, played: PodsThatRun
) -> None:
    run(admin, namespace, "release", "--all")
    ended = wait(admin, namespace, has_ended)

    assert ended["state"]["terminated"]["exitCode"] == 1
    (pod,) = played.of(namespace)
    assert f"system:serviceaccount:{namespace}:default" in pod.log.read_text()
