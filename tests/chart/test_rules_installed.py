"""Rules as helm installs them: under the rendered file, variables, account, rights and policies."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from kubervisor.kube import access
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_watch import await_object
from playground.prometheus import Prometheus
from playground.provisioner import Provisioner
from playground.storage_objects import EXPANDABLE, GI
from playground.volume_stats import VolumeStats
from tests.chart.installed import Installed
from tests.chart.shop import accounts
from tests.namespaces import fresh_namespace
from tests.rules.manifests import changed, manifest

AUTOPILOT = "/apis/autopilot.libopenstorage.org/v1alpha1"
ACTIONS = ["volume/resize"]
CLAIM: Json = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": EXPANDABLE,
        "resources": {"requests": {"storage": "10Gi"}},
    },
}


def test_a_claim_grows_and_nobody_is_refused_anything(
    defined: LocalCluster, admin: Api, opened: ExitStack
) -> None:
    namespace, where = fresh_namespace(admin), fresh_namespace(admin)
    opened.enter_context(Provisioner(defined))
    stats = opened.enter_context(VolumeStats(admin))
    page = stats.address
    prometheus = opened.enter_context(Prometheus(defined.binaries, page, programs=[page]))
    values: dict[str, Any] = {
        "namespaces": [where],
        "traffic": {"replicas": 0},
        "crds": {"enabled": False},
        "sources": [{"name": "main", "url": prometheus.url}],
        "rules": {"enabled": True, "actions": ACTIONS, "settings": {"minPollInterval": 1}},
    }
    installed = opened.enter_context(Installed(defined, namespace, values))
    claims = f"/api/v1/namespaces/{where}/persistentvolumeclaims"
    admin.create(claims, CLAIM)
    stats.use(f"{where}/data", 6 * GI)
    swift = changed({"pollInterval": 1, "conditions.for": 1, "actionsCoolDownPeriod": 1})
    admin.create(f"{AUTOPILOT}/autopilotrules", manifest(where, swift))
    await_object(admin, claims, "data", has_grown, timeout=60)
    objects = f"{AUTOPILOT}/namespaces/{where}/autopilotruleobjects"
    uid = admin.get(f"{claims}/data")["metadata"]["uid"]
    await_object(admin, objects, f"{where}-pvc-{uid}", is_normal_again, timeout=60)

    assert installed.refusals("rules") == set()
    (lease,) = installed.leases()
    assert lease["metadata"]["name"] == "kubervisor-rules"

    told = installed.test("--filter=name=kubervisor-check-rules")
    assert {line[:8] for line in told.splitlines()} == {"ok      "}, told
    namespaced, of_cluster = access.rights_of_rules(ACTIONS)
    assert f"its {len(namespaced)} rights in {where}" in told
    assert f"its {len(of_cluster)} rights in all namespaces" in told
    assert "source main answers" in told

    installed.uninstall()
    assert accounts(admin, namespace) == {"default"}
    admin.delete(f"{AUTOPILOT}/autopilotrules/{where}")


def has_grown(claim: Json) -> bool:
    return bool(claim["status"].get("capacity", {}).get("storage") == "15Gi")


def is_normal_again(one: Json) -> bool:
    status = one.get("status", {})
    return bool(status.get("state") == "Normal" and len(status["items"]) > 1)
