"""From a project file to a deployed operator that does its work under its account, and away again.

Pods have no processes here: the operator is a process with the account, the environment and the
configuration that the Deployment gives its pod.
"""

from __future__ import annotations

import secrets
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kubervisor.cli.workflow import workflow
from kubervisor.workflow.deploying.installed import KINDS
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL, OWNER_LABEL
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import await_object
from tests.workflow.scaffold.projects import made

WITHIN = 60.0
PROJECT = """\
kind: Greeting
apiVersion: {group}/v1
operatorName: {operator}
enableFinalizer: true
phases:
- {{name: Greeting, initial: true, inputs: [services], outputs: [configmaps], next: [Greeted]}}
- {{name: Greeted, inputs: [configmaps], outputs: [configmaps], next: [Done]}}
- {{name: Done, final: true}}
"""
GREETING = """
def sync(greeting, inputs):
    outputs = GreetingOutputs(configmaps=[{"metadata": {"name": n}} for n in ("kept", "passing")])
    if inputs.services.find("asks") is None:
        return Outcome(Phase.GREETING, outputs=outputs)
    return Outcome(Phase.GREETED, outputs=outputs, message="somebody asks")
"""
GREETED = """
def sync(greeting, inputs):
    outputs = GreetedOutputs(configmaps=[{"metadata": {"name": "kept"}}])
    return Outcome(Phase.DONE if inputs.configmaps.find("kept") else Phase.GREETED, outputs=outputs)
"""


class Deployed:
    """The project, and what it is called."""

    def __init__(self, folder: Path) -> None:
        mark = secrets.token_hex(3)
        self.operator, self.group = f"greeter-{mark}", f"g{mark}.example.io"
        (folder / "project").mkdir()
        (folder / "project" / "autopilot-operator.yaml").write_text("workInterval: 1s\n")
        said = PROJECT.format(group=self.group, operator=self.operator)
        self.folder = made(folder / "project", said)
        self.package = self.operator.replace("-", "_")
        head = f"from kubervisor.workflow import Outcome\nfrom {self.package}.phases import *\n"
        workers = self.folder / self.package / "workers"
        (workers / "greeting.py").write_text(head + GREETING)
        (workers / "greeted.py").write_text(head + GREETED)

    def collection(self, namespace: str) -> str:
        return f"/apis/{self.group}/v1/namespaces/{namespace}/greetings"

    def resource(self) -> Json:
        return {
            "apiVersion": f"{self.group}/v1",
            "kind": "Greeting",
            "metadata": {"name": "one"},
            "spec": {},
        }


class Pod(Controller):
    """The process of a Deployment's pod."""

    def __init__(self, deployed: Deployed, kubeconfig: Path, deployment: Json, config: str) -> None:
        self._deployed, self._settings = deployed, config
        namespace = deployment["metadata"]["namespace"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        fields = {"metadata.name": "a-pod", "metadata.namespace": namespace}
        told = {
            one["name"]: one.get("value") or fields[one["valueFrom"]["fieldRef"]["fieldPath"]]
            for one in container["env"]
        }
        super().__init__(kubeconfig, env={"PYTHONPATH": str(deployed.folder), **told})

    def _command(self) -> list[str]:
        # Processes of one machine share its ports.
        config = yaml.safe_load(self._settings) | {"metricsAddr": self.address}
        file = self._processes.folder / "autopilot-operator.yaml"
        file.write_text(yaml.safe_dump(config))
        flags = (f"--config={file}", f"--kubeconfig={self._kubeconfig}")
        return [sys.executable, "-m", self._deployed.package, *flags]


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The project, in whose folder the test is."""
    found = Deployed(tmp_path)
    monkeypatch.chdir(found.folder)
    return found


def command(cluster: LocalCluster, *args: str) -> str:
    done = CliRunner().invoke(workflow, [*args, f"--kubeconfig={cluster.kubeconfig}"])
    assert done.exit_code == 0, done.output
    return done.output


def pod(cluster: LocalCluster, admin: Api, deployed: Deployed, namespace: str) -> Pod:
    """The operator as it was deployed to a namespace."""
    account = cluster.kubeconfig_for(namespace, deployed.operator)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{deployed.operator}"
    maps = f"/api/v1/namespaces/{namespace}/configmaps/{deployed.operator}-config"
    config: str = admin.get(maps)["data"]["autopilot-operator.yaml"]
    return Pod(deployed, account, admin.get(path), config)


def labelled(admin: Api, deployed: Deployed) -> list[str]:
    """All that is labelled for the operator, outputs and all."""
    found = [
        f"{kind} {one['metadata']['name']}"
        for kind, path in KINDS.items()
        for one in admin.get(path, labelSelector=f"{OPERATOR_LABEL}={deployed.operator}")["items"]
    ]
    return sorted(found)


def is_in(phase: str, body: Json) -> bool:
    status = body.get("status", {})
    ready = [one["status"] for one in status.get("conditions", ()) if one["type"] == "Ready"]
    return bool(status.get("phase") == phase and ready == ["True"])


@pytest.mark.parametrize("is_wide", [True, False], ids=["all namespaces", "its own"])
def test_it_does_its_work_under_its_account_and_leaves_nothing_behind(
    cluster: LocalCluster,
    admin: Api,
    deployed: Deployed,
    namespace: str,
    other: str,
    is_wide: bool,
) -> None:
    flag = "--cluster-scoped" if is_wide else "--namespaced"
    command(cluster, "deploy", "-n", namespace, flag)
    home = other if is_wide else namespace
    services, maps = (f"/api/v1/namespaces/{home}/{kind}" for kind in ("services", "configmaps"))
    greetings = deployed.collection(home)
    with pod(cluster, admin, deployed, namespace):
        admin.create(greetings, deployed.resource())
        await_object(admin, greetings, "one", lambda one: is_in("Greeting", one), WITHIN)
        await_object(admin, maps, "passing", _is_owned, WITHIN)
        service = {"metadata": {"name": "asks"}, "spec": {"ports": [{"port": 80}]}}
        admin.create(services, {"apiVersion": "v1", "kind": "Service", **service})
        await_object(admin, greetings, "one", lambda one: is_in("Done", one), WITHIN)
        await_object(admin, maps, "kept", _is_owned, WITHIN)
        assert not admin.exists(f"{maps}/passing")
        events = f"/apis/events.k8s.io/v1/namespaces/{home}/events"
        told = {one["reason"] for one in admin.get(events)["items"]}
        assert {"PhaseChanged", "Pruned"} <= told
        said = command(cluster, "undeploy", "-n", namespace, "--delete-objects")
        assert f"greeting {home}/one: removed" in said
        assert f"lease/{deployed.operator} in namespace {namespace}: removed" in said
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    assert not admin.exists(f"{leases}/{deployed.operator}")
    assert not admin.exists(f"{maps}/kept")
    assert labelled(admin, deployed) == []


def test_in_its_namespace_it_reaches_nothing_outside_of_it(
    cluster: LocalCluster, deployed: Deployed, namespace: str, other: str
) -> None:
    command(cluster, "deploy", "-n", namespace, "--namespaced")
    with closing(Api(cluster.kubeconfig_for(namespace, deployed.operator))) as thief:
        thief.get(f"/api/v1/namespaces/{namespace}/services")
        for path in (
            f"/api/v1/namespaces/{other}/services",
            "/api/v1/services",
            f"/api/v1/namespaces/{namespace}/secrets",
        ):
            with pytest.raises(ApiRefused, match="cannot list resource"):
                thief.get(path)
    command(cluster, "undeploy", "-n", namespace)


def _is_owned(body: Json) -> bool:
    return OWNER_LABEL in body["metadata"].get("labels", {})
