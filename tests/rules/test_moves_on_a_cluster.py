"""The whole controller moves volumes, calls webhooks, runs Jobs and finds intruders, against a real
API server with its own controllers.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.rules.actions.move_journal import MOVE
from kubervisor.rules.actions.move_steps import KEPT
from playground.fleet_api import Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import await_object
from playground.provisioner import Provisioner
from playground.storage_changes import VOLUMES, Answer, Work
from playground.storage_objects import EXPANDABLE, PREMIUM, SNAPSHOT_CLASS
from playground.watches import WITHIN
from tests.rules.farm import Farm

MOVE_VOLUME = "openstorage.io.action.volume/move"
CLONE = {"storageClass": PREMIUM}
SNAPSHOT = {"storageClass": PREMIUM, "method": "snapshot", "snapshotClass": SNAPSHOT_CLASS}
MAY_MOVE = "--actions=volume/move"


def pod_template(*claims: str) -> Json:
    spec: Json = {
        "containers": [{"name": "db", "image": "db"}],
        "terminationGracePeriodSeconds": 0,
        "volumes": [
            {"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims
        ],
    }
    return {"metadata": {"labels": {"app": "db"}}, "spec": spec}


class Workload:
    """A workload of the farm, and its volume."""

    def __init__(self, farm: Farm, kind: str, claim: str, spec: Json) -> None:
        self.farm, self.claim = farm, claim
        self.path = f"/apis/apps/v1/namespaces/{farm.namespace}/{kind.lower()}s"
        shared = {"replicas": 1, "selector": {"matchLabels": {"app": "db"}}}
        body = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "db"}}
        farm.used[claim] = 0
        farm.api.create(self.path, {**body, "spec": shared | spec})
        self.wait_ready()

    def get(self) -> Json:
        return self.farm.api.get(f"{self.path}/db")

    def wait_ready(self) -> None:
        await_object(
            self.farm.api,
            self.path,
            "db",
            lambda one: one.get("status", {}).get("readyReplicas") == 1,
            WITHIN,
        )

    def wait_stopped(self) -> None:
        await_object(
            self.farm.api, self.path, "db", lambda one: one["spec"]["replicas"] == 0, WITHIN
        )

    def journal(self) -> Json:
        journal: Json = json.loads(self.get()["metadata"]["annotations"][MOVE])
        return journal

    def volume(self, claim: str = "") -> Json:
        stored = self.farm.api.get(f"{self.farm.claims_path}/{claim or self.claim}")
        return self.farm.api.get(f"{VOLUMES}/{stored['spec']['volumeName']}")


def stateful_set(farm: Farm) -> Workload:
    template = {
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": EXPANDABLE,
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }
    pods = pod_template()
    mounts = [{"name": "data", "mountPath": "/data"}]
    pods["spec"]["containers"][0]["volumeMounts"] = mounts
    spec = {"serviceName": "db", "template": pods, "volumeClaimTemplates": [template]}
    return Workload(farm, "StatefulSet", "data-db-0", spec)


def deployment(farm: Farm) -> Workload:
    farm.claim("data")
    return Workload(farm, "Deployment", "data", {"template": pod_template("data")})


def move_it(farm: Farm, claim: str, params: dict[str, str]) -> None:
    """A rule wants the volume elsewhere, and a person agrees."""
    farm.rule("move", actions=[{"name": MOVE_VOLUME, "params": params}])
    farm.used[claim] = 9 * 2**30
    farm.wait(lambda: farm.approval(claim, "move").get("status"), "an approval is asked for")
    farm.answer(claim, "approved", "move")


def assert_kept(volume: Json) -> None:
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert "moved to" in volume["metadata"]["annotations"][KEPT]


def test_the_volume_of_a_stateful_set_is_moved_though_the_controller_is_killed_meanwhile(
    farm: Farm, provisioner: Provisioner
) -> None:
    workload = stateful_set(farm)
    old, uid = workload.volume(), farm.api.get(f"{farm.claims_path}/data-db-0")["metadata"]["uid"]
    controller = farm.controller(MAY_MOVE)
    provisioner.answer(Work.PROVISION, Answer.HOLD)
    try:
        move_it(farm, "data-db-0", CLONE)
        (preview,) = farm.approval("data-db-0", "move")["status"]["actionPreviews"]
        assert "StatefulSet db goes from 1 to 0 replicas" in preview["expectedResult"]["message"]
        workload.wait_stopped()
        controller.stop(signal.SIGKILL)
    finally:
        provisioner.answer(Work.PROVISION, Answer.DO)
    farm.controller(MAY_MOVE)
    farm.wait(lambda: workload.journal()["stage"] == "done", "it is moved")

    workload.wait_ready()
    new, claim = workload.volume(), farm.api.get(f"{farm.claims_path}/data-db-0")
    assert claim["metadata"]["uid"] != uid
    assert claim["spec"]["storageClassName"] == PREMIUM
    assert new["spec"]["csi"]["volumeAttributes"]["copyOf"] == "PersistentVolumeClaim/data-db-0"
    assert new["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert_kept(farm.api.get(f"{VOLUMES}/{old['metadata']['name']}"))
    assert [one["metadata"]["name"] for one in farm.claims.objects.values()] == ["data-db-0"]


def test_the_volume_of_a_deployment_is_moved_by_a_snapshot(farm: Farm) -> None:
    workload = deployment(farm)
    old = workload.volume()
    farm.controller(MAY_MOVE)
    move_it(farm, "data", SNAPSHOT)
    farm.wait_state("data", "ActiveActionsTaken", "move")

    workload.wait_ready()
    (volume,) = workload.get()["spec"]["template"]["spec"]["volumes"]
    made = volume["persistentVolumeClaim"]["claimName"]
    new = workload.volume(made)
    assert new["spec"]["storageClassName"] == PREMIUM
    assert new["spec"]["csi"]["volumeAttributes"]["copyOf"] == f"VolumeSnapshot/{made}"
    kept = workload.volume("data")
    assert kept["metadata"]["name"] == old["metadata"]["name"]
    assert_kept(kept)


def test_a_workload_that_somebody_starts_meanwhile_stays_on_its_volume(
    farm: Farm, provisioner: Provisioner
) -> None:
    workload = stateful_set(farm)
    old = workload.volume()["metadata"]["name"]
    farm.controller(MAY_MOVE)
    provisioner.answer(Work.PROVISION, Answer.HOLD)
    try:
        move_it(farm, "data-db-0", CLONE)
        workload.wait_stopped()
        farm.api.merge(f"{workload.path}/db", {"spec": {"replicas": 1}})
        farm.wait_state("data-db-0", "ActionsDeclined", "move")
    finally:
        provisioner.answer(Work.PROVISION, Answer.DO)

    message = farm.status("data-db-0", "move")["message"]
    assert "somebody changed StatefulSet db while its volume was copied" in message
    workload.wait_ready()
    volume = workload.volume()
    assert volume["metadata"]["name"] == old
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"


class Hook:
    """A webhook on loopback, and what it was told by key."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.told[self.headers["Idempotency-Key"]] = json.loads(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


def call(hook: Hook) -> Json:
    params = {"url": f"http://{hook.address}/hook"}
    return {"name": "kubervisor.k8s.io.action/webhook", "params": params}


def test_a_webhook_is_called_and_a_job_runs(farm: Farm, hook: Hook, tmp_path: Path) -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "vacuum"}]}}},
    }
    (tmp_path / "vacuum.yaml").write_text(yaml.safe_dump(job))
    farm.claim("pg", used=6)
    run = {"name": "kubervisor.k8s.io.action/job", "params": {"template": "vacuum"}}
    rule = farm.rule("tell", actions=[call(hook), run], actionsCoolDownPeriod=600)
    farm.controller(
        "--actions=webhook",
        "--actions=job",
        f"--webhook-hosts={hook.address}",
        f"--job-templates={tmp_path}",
        f"--job-namespace={farm.namespace}",
    )
    farm.wait_state("pg", "ActiveActionsTaken", "tell")

    (told,) = hook.told.values()
    assert (told["rule"], told["object"]["name"], told["values"]) == (rule, "pg", ["60"])
    jobs = farm.api.get(f"/apis/batch/v1/namespaces/{farm.namespace}/jobs")["items"]
    (env,) = [one["spec"]["template"]["spec"]["containers"][0]["env"] for one in jobs]
    assert {"name": "KUBERVISOR_OBJECT_NAME", "value": "pg"} in env


def test_a_pod_that_may_not_use_a_claim_is_reported_and_a_webhook_told_of_it(
    farm: Farm, hook: Hook
) -> None:
    farm.claim("data")
    allowed = {"kubervisor.k8s.io/allowed-workloads": "StatefulSet/db"}
    farm.api.merge(f"{farm.claims_path}/data", {"metadata": {"annotations": allowed}})
    pods = f"{namespace_path(farm.namespace)}/pods"
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "thief"}}
    farm.api.create(pods, {**body, "spec": pod_template("data")["spec"]})
    about = {"conditions": {"type": "volumeAccess", "for": 1}}
    rule = farm.rule("watch", **about, actions=[])
    farm.rule("tell", **about, actions=[call(hook)], actionsCoolDownPeriod=600)
    controller = farm.controller("--actions=webhook", f"--webhook-hosts={hook.address}")
    farm.wait_state("data", "ActiveActionsTaken", "tell")
    farm.wait_state("data", "Triggered", "watch")

    (told,) = hook.told.values()
    assert [one["name"] for one in told["involved"]] == ["thief"]
    said = f"pod {farm.namespace}/thief (Pod/thief) mounts it, and the claim allows other workloads"
    farm.wait(lambda: farm.told("UnauthorizedVolumeAccess", "watch"), "an Event tells of it")
    assert said in farm.told("UnauthorizedVolumeAccess", "watch")[0]
    assert controller.metric(f'kubervisor_rule_unauthorized_volumes{{rule="{rule}"}}') == 1

    farm.api.delete(f"{pods}/thief")
    farm.wait_state("data", "Normal", "watch")
