"""Init and sidecar as a pod runs them: processes beside a pod of a real API server, in the name of
its service account.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kubervisor.datarollout.needs import REQUEST, STATUS, STORE_DATA, STORE_LOCATION, STORE_URL
from kubervisor.datarollout.versions import (
    Deployed,
    Progress,
    Request,
    Version,
    read_deployed,
    write_request,
)
from kubervisor.errors import Conflict
from kubervisor.kube.account import Account
from kubervisor.kube.own_pod import OwnPod, write_annotation
from playground.cluster import LocalCluster
from playground.fault_answers import answers
from playground.faultproxy import FaultProxy, asks
from playground.fleet_api import Api
from playground.http_page import read_page
from playground.kubeconfig import cluster_of
from playground.processes import Processes, free_port, memory_mb
from tests.datarollout.deploying import Repository, file, packed, repository
from tests.integration.guard import until

MOST_MB = 50.0
"""A deployer runs in every pod with data; the client library alone would take it past this."""
IN_A_POD = (
    "import sys; from pathlib import Path; from kubervisor.kube import account;"
    "account.FOLDER = Path(sys.argv.pop(1)); from kubervisor.cli import main; main()"
)


@pytest.fixture(scope="module")
def remote() -> Iterator[Repository]:
    with repository() as running:
        yield running


class Pod:
    """A pod of the test's with an account, and the deployers that run in its name."""

    def __init__(
        self, cluster: LocalCluster, api: Api, namespace: str, place: Path, remote: Repository
    ) -> None:
        self.cluster, self.api, self.namespace, self.remote = cluster, api, namespace, remote
        self.path = f"/api/v1/namespaces/{namespace}/pods/cart-1"
        self.data, self.account = place / "data", place / "account"
        self.data.mkdir()
        self.address = f"127.0.0.1:{free_port()}"
        self.processes = Processes()

    def create(self, **notes: str) -> None:
        """`store_data` stands for the annotation store.autocrane.io/data."""
        keys = {name.replace("_", ".autocrane.io/", 1): text for name, text in notes.items()}
        keys.setdefault(STORE_URL, self.remote.url)
        keys.setdefault(STORE_LOCATION, str(self.data))
        spec = {
            "containers": [{"name": "app", "image": "app"}],
            "schedulingGates": [{"name": "kubervisor/test"}],
            "terminationGracePeriodSeconds": 0,
        }
        metadata = {"name": "cart-1", "annotations": keys}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        self.api.create(f"/api/v1/namespaces/{self.namespace}/pods", body)

    def may(self, *verbs: str) -> None:
        """Give the account those rights on pods, and mount it."""
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}"
        name = {"name": "deployer"}
        rule = {"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}
        self.api.create(f"{rbac}/roles", {"metadata": name, "rules": [rule]})
        subject = {"kind": "ServiceAccount", "name": "default", "namespace": self.namespace}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "deployer"}
        binding = {"metadata": name, "subjects": [subject], "roleRef": role}
        self.api.create(f"{rbac}/rolebindings", binding)
        token = self.cluster.kubectl("create", "token", "default", f"-n={self.namespace}")
        authority = cluster_of(self.cluster.kubeconfig)["certificate-authority-data"]
        self.account.mkdir()
        (self.account / "token").write_text(token)
        (self.account / "namespace").write_text(self.namespace)
        (self.account / "ca.crt").write_bytes(base64.b64decode(authority))

    def command(self, *words: str) -> tuple[list[str], dict[str, str]]:
        server = urlsplit(cluster_of(self.cluster.kubeconfig)["server"])
        env = {
            "KUBERNETES_SERVICE_HOST": str(server.hostname),
            "KUBERNETES_SERVICE_PORT": str(server.port),
            "Pod__Name": "cart-1",
            "Pod__Namespace": self.namespace,
            "PYTHONUNBUFFERED": "1",
        }
        return [sys.executable, "-c", IN_A_POD, str(self.account), *words], env

    def init(self, *flags: str) -> subprocess.CompletedProcess[str]:
        command, env = self.command("datadeployinit", *flags)
        return subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    def sidecar(self, *flags: str) -> None:
        command, env = self.command("data", "sidecar", f"--listen={self.address}", *flags)
        words = [f"{name}={text}" for name, text in env.items()]
        self.processes.start("sidecar", ["env", *words, *command])
        self.processes.wait_ready("sidecar", lambda: self.page("/ping") == (200, "ok\n"))

    def page(self, path: str) -> tuple[int, str]:
        return read_page(f"http://{self.address}{path}", timeout=10)

    def publish(self, text: str, source: str = "shop") -> Version:
        return self.remote.publish(source, packed(file("text", text.encode())))

    def ask(self, version: Version, name: str = "shop", at: float = 1_700_000_000) -> None:
        self.annotate(**{f"{REQUEST}{name}": write_request(Request(version, at))})

    def annotate(self, **notes: str | None) -> None:
        self.api.merge(self.path, {"metadata": {"annotations": notes}})

    def notes(self) -> dict[str, str]:
        found: dict[str, str] = self.api.get(self.path)["metadata"]["annotations"]
        return found

    def deployed(self, name: str = "shop") -> Deployed | None:
        return read_deployed(self.notes().get(f"{STATUS}{name}"))

    def text(self, name: str = "shop") -> str:
        path = self.data / name / "text"
        return path.read_text() if path.exists() else ""

    def until_says(self, progress: Progress, version: Version, name: str = "shop") -> Deployed:
        def says() -> bool:
            found = self.deployed(name)
            return (
                found is not None and found.progress is progress and found.version.is_same(version)
            )

        until(says, f"the pod says {progress} of {name}")
        found = self.deployed(name)
        assert found is not None
        return found

    def log(self) -> list[dict[str, str]]:
        text = self.processes.folder.joinpath("sidecar.log").read_text()
        return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def pod(cluster: LocalCluster, namespace: str, tmp_path: Path, remote: Repository) -> Iterator[Pod]:
    with closing(Api(cluster.kubeconfig)) as api:
        made = Pod(cluster, api, namespace, tmp_path, remote)
        with made.processes:
            yield made


def test_a_pod_gets_its_data_before_it_starts_and_follows_afterwards(pod: Pod) -> None:
    one, two = pod.publish("one"), pod.publish("two")
    pod.create(store_data="shop")
    pod.may("watch", "patch")
    pod.ask(one)

    done = pod.init()
    assert done.returncode == 0, done.stderr
    assert pod.text() == "one"
    said = pod.until_says(Progress.READY, one)
    assert said.version.path == one.path

    pod.sidecar()
    until(lambda: 'kubervisor_data_deployer_ready{name="shop"} 1.0' in pod.page("/metrics")[1], "")
    assert pod.deployed() == said  # nothing was written anew
    assert pod.page("/watchdog") == (200, "ok\n")

    pod.ask(two)
    pod.until_says(Progress.READY, two)
    assert pod.text() == "two"
    asked = len(pod.remote.asked)
    pod.ask(one)  # the way back
    pod.until_says(Progress.READY, one)
    assert pod.text() == "one"
    assert len(pod.remote.asked) == asked
    assert memory_mb(pod.processes.pids["sidecar"], "VmRSS") < MOST_MB
    assert pod.processes.stop("sidecar") == 0


def test_the_right_to_get_is_enough(pod: Pod) -> None:
    one, two = pod.publish("one"), pod.publish("two")
    pod.create(data_conf="shop")
    pod.may("get", "patch")
    pod.ask(one, "conf")
    pod.sidecar("--period=0.1")
    pod.until_says(Progress.READY, one, "conf")
    pod.ask(two, "conf")
    pod.until_says(Progress.READY, two, "conf")
    assert pod.text("conf") == "two"


def test_without_rights_it_says_so(pod: Pod) -> None:
    pod.create(store_data="shop")
    pod.may("list")
    done = pod.init("--patience=0.5")
    assert done.returncode == 1
    assert "A right is missing" in done.stderr


def test_a_source_that_nobody_asked_for_is_named(pod: Pod) -> None:
    pod.create(store_data="shop,stock")
    pod.may("watch", "patch")
    pod.ask(pod.publish("one"))
    done = pod.init("--patience=2")
    assert done.returncode == 1
    (said,) = [json.loads(one) for one in done.stderr.splitlines() if "in time" in one]
    assert said["data"] == "stock"
    assert "nobody has asked for a version" in said["why"]
    assert pod.text() == "one"  # the others are there


@pytest.mark.parametrize(
    ("notes", "says"),
    [
        ({}, "the pod uses no data"),
        ({"store_data": "shop", "store_location": ""}, "no folder for data"),
    ],
)
def test_a_pod_that_needs_nothing_starts(pod: Pod, notes: dict[str, str], says: str) -> None:
    pod.create(**notes)
    pod.may("watch", "patch")
    done = pod.init()
    assert done.returncode == 0
    assert says in done.stderr


def test_a_bad_source_says_why_and_stops_no_other(pod: Pod) -> None:
    good, bad = pod.publish("good", "stock"), pod.publish("bad")
    pod.remote.archives[f"/shop/{bad.path}"] = b"something else"
    pod.create(store_data="shop,stock")
    pod.may("watch", "patch")
    pod.ask(bad)
    pod.ask(good, "stock")
    pod.sidecar()
    assert "other bytes" in pod.until_says(Progress.FAILED, bad).message
    pod.until_says(Progress.READY, good, "stock")
    assert (pod.text("shop"), pod.text("stock")) == ("", "good")

    until(lambda: pod.page("/watchdog")[0] == 500, "the watchdog fails")
    assert "shop: the repository gave other bytes" in pod.page("/watchdog")[1]
    pod.ask(pod.publish("better"))
    until(lambda: pod.page("/watchdog") == (200, "ok\n"), "the watchdog is well")


def test_a_request_that_cannot_be_read_changes_nothing(pod: Pod) -> None:
    one = pod.publish("one")
    pod.create(store_data="shop")
    pod.may("watch", "patch")
    pod.ask(one)
    pod.sidecar()
    said = pod.until_says(Progress.READY, one)
    pod.annotate(**{f"{REQUEST}shop": "unreadable"})
    until(lambda: "shop: its request cannot be read" in pod.page("/watchdog")[1], "it says so")
    assert (pod.text(), pod.deployed()) == ("one", said)


def test_what_somebody_broke_is_put_right_at_the_next_start(pod: Pod) -> None:
    one = pod.publish("one")
    pod.create(store_data="shop")
    pod.may("watch", "patch")
    pod.ask(one)
    assert pod.init().returncode == 0
    (pod.data / "shop/text").unlink()
    assert pod.init().returncode == 0
    assert pod.text() == "one"


def test_a_status_that_cannot_be_written_is_written_later(pod: Pod) -> None:
    one = pod.publish("one")
    pod.create(store_data="shop")
    pod.ask(one)
    with FaultProxy(pod.cluster) as proxy:
        command = [sys.executable, "-m", "kubervisor", "data", "sidecar", "--pod=cart-1"]
        own = [f"--kubeconfig={proxy.kubeconfig}", f"--namespace={pod.namespace}"]
        with proxy.rule(asks("patch", "pods"), answers(500)) as rule:
            pod.processes.start("sidecar", [*command, *own, f"--listen={pod.address}"])
            rule.wait(1, 60)
            until(lambda: pod.text() == "one", "the data is there")
            assert pod.deployed() is None
        pod.until_says(Progress.READY, one)
    assert "Cannot write the status" in [line["event"] for line in pod.log()]


def test_no_other_pod_of_the_name_is_written(pod: Pod) -> None:
    pod.create(store_data="shop")
    pod.may("patch")
    door = Account(pod.account, cluster_of(pod.cluster.kubeconfig)["server"])
    with pytest.raises(Conflict):
        write_annotation(door, OwnPod(pod.namespace, "cart-1", "another", {}), "a", "b")
    assert pod.notes().keys() == {STORE_DATA, STORE_URL, STORE_LOCATION}
