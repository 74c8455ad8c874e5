from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from kubervisor.errors import ApiError, NotFound
from kubervisor.kube.client import Api as Door
from kubervisor.kube.client import connect
from kubervisor.workflow.deploying.logs import print_logs
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.workflow.deploying.conftest import Run
from tests.workflow.deploying.kubelet import Kubelet, Lines, node_with_logs
from tests.workflow.deploying.projects import Folder

FIRST, SECOND = "operator-1", "operator-2"
NAME = "canary-operator"


@pytest.fixture
def logs() -> dict[str, Lines]:
    """What the pods say."""
    return {FIRST: Lines(), SECOND: Lines()}


@pytest.fixture
def node() -> str:
    """The name of the node that they are on."""
    return f"logging-{secrets.token_hex(4)}"


@pytest.fixture
def kubelet(
    cluster: LocalCluster, admin: Api, node: str, logs: dict[str, Lines]
) -> Iterator[Kubelet]:
    """The one of that node."""
    with node_with_logs(cluster, admin, node, logs) as running:
        yield running


@pytest.fixture
def door(cluster: LocalCluster) -> Iterator[Door]:
    """The API server, as the command reaches it."""
    with closing(connect(str(cluster.kubeconfig), user_agent="tests")) as api:
        yield api


def place(admin: Api, namespace: str, node: str, *names: str, operator: str = NAME) -> None:
    """Put pods of an operator on the node."""
    for name in names:
        labels = {OPERATOR_LABEL: operator, "app": operator}
        spec = {"nodeName": node, "containers": [{"name": "operator", "image": "x"}]}
        body = {"metadata": {"name": name, "labels": labels}, "spec": spec}
        admin.create(
            f"/api/v1/namespaces/{namespace}/pods", {"apiVersion": "v1", "kind": "Pod", **body}
        )


@pytest.mark.usefixtures("kubelet")
def test_lines_of_one_pod_are_printed_as_they_are_and_no_signs_that_act_on_a_terminal(
    run: Run, folder: Folder, namespace: str, admin: Api, node: str, logs: dict[str, Lines]
) -> None:
    for line in ("it begins", "\x1b[2Jred", None):
        logs[FIRST].put(line)
    place(admin, namespace, node, FIRST, operator=folder.operator)
    printed = run("logs", "-n", namespace)
    assert (printed.exit_code, printed.output) == (0, "it begins\n [2Jred\n")


def test_lines_of_several_pods_say_of_which_and_come_while_the_pods_go_on(
    kubelet: Kubelet, namespace: str, admin: Api, node: str, logs: dict[str, Lines], door: Door
) -> None:
    place(admin, namespace, node, FIRST, SECOND)
    said: list[str] = []

    def say(line: str) -> None:
        # What a pod says next is said only once this is read: nothing is held back until its end.
        said.append(line)
        match line:
            case "operator-1: one":
                logs[SECOND].put("two")
            case "operator-2: two":
                logs[FIRST].put("three")
            case "operator-1: three":
                logs[FIRST].put(None)
                logs[SECOND].put(None)

    logs[FIRST].put("one")
    print_logs(door, NAME, namespace, follow=True, say=say)
    assert said == ["operator-1: one", "operator-2: two", "operator-1: three"]
    assert kubelet.followed == {FIRST, SECOND}


@pytest.mark.usefixtures("kubelet")
def test_a_pod_whose_log_cannot_be_read_is_said_after_those_of_the_others(
    namespace: str, admin: Api, node: str, logs: dict[str, Lines], door: Door
) -> None:
    place(admin, namespace, node, FIRST)
    place(admin, namespace, "no-such-node", SECOND)
    for line in ("one", None):
        logs[FIRST].put(line)
    said: list[str] = []
    with pytest.raises(ApiError, match=f"{SECOND}/log"):
        print_logs(door, NAME, namespace, follow=False, say=said.append)
    assert said == ["operator-1: one"]


def test_without_pods_it_is_asked_whether_there_is_an_operator(namespace: str, door: Door) -> None:
    with pytest.raises(NotFound, match="is it deployed there"):
        print_logs(door, NAME, namespace, follow=False, say=print)
