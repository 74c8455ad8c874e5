"""Data deployments as helm installs them: by the rendered arguments, accounts, rights, policies."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

import yaml

from kubervisor.kube import access
from playground.cluster import LocalCluster
from playground.data_pods import DataPods
from playground.data_stage import THERE, Rollouts, release_of, workload
from playground.data_workload import FILE, prices
from playground.fleet_api import Api
from tests.chart.installed import Installed
from tests.chart.shop import accounts
from tests.integration.guard import until
from tests.namespaces import fresh_namespace

SOURCE, SIZE = "prices", 2


def test_data_goes_out_and_nobody_is_refused_anything(
    defined: LocalCluster, admin: Api, opened: ExitStack
) -> None:
    namespace, where = fresh_namespace(admin), fresh_namespace(admin)
    publish(admin, where, "1.0", tea=3)
    values: dict[str, Any] = {
        "namespaces": [where],
        "traffic": {"replicas": 0},
        "crds": {"enabled": False},
        "data": {
            "enabled": True,
            "deployers": [{"namespace": where, "accounts": ["catalog"]}],
            "rollout": {"replicas": 0, "settings": {"period": 1, "probation": 1}},
            "repository": {
                "sources": [{"name": SOURCE, "spec": f"configmap:{where}/{SOURCE}"}],
                "settings": {"period": 1},
            },
        },
    }
    installed = opened.enter_context(Installed(defined, namespace, values))
    (repository,) = installed.pods.of("datarepo")
    # There is no name server here, so nobody asks for it before it has an address.
    url = f"http://{repository.address[8080]}"
    installed.pods.names[f"http://kubervisor-datarepo.{namespace}"] = url
    installed.upgrade({"data": {"rollout": {"replicas": 1}}})
    pods = opened.enter_context(DataPods(defined, where, {THERE: url}))
    rollouts = Rollouts(admin, where)
    manifests = workload()
    manifests[-1]["spec"]["replicas"] = SIZE
    for one in manifests:
        one["metadata"]["namespace"] = where
    defined.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(manifests))
    for release, tea in (("1.0", 3), ("1.1", 4)):
        publish(admin, where, release, tea)
        until(partial(is_settled, pods, rollouts, release), f"all have {release}", within=60)

    assert installed.refusals("datarollout") == set()
    (lease,) = installed.leases()
    assert lease["metadata"]["name"] == "kubervisor-datarollout"

    told = installed.test("--filter=name=kubervisor-check-datarollout")
    assert {line[:8] for line in told.splitlines()} == {"ok      "}, told
    assert f"its {len(access.DATAROLLOUT)} rights in {where}" in told

    installed.uninstall()
    assert accounts(admin, namespace) == {"default"}
    assert {release_of(pod, SOURCE) for pod in pods.running.values()} == {"1.1"}, "data stays"


def publish(admin: Api, namespace: str, release: str, tea: float) -> None:
    """Have the ConfigMap hold a release, in which tea costs so much."""
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": SOURCE},
        "data": {FILE: prices(release, tea)},
    }
    admin.apply(f"/api/v1/namespaces/{namespace}/configmaps/{SOURCE}", body)


def is_settled(pods: DataPods, rollouts: Rollouts, release: str) -> bool:
    """Whether all pods read it, and new ones would."""
    status = rollouts.status(SOURCE)
    running = list(pods.running.values())
    return (
        status.get("phase") == "Settled"
        and status.get("onLastKnownGood") == len(running) == SIZE
        and {release_of(pod, SOURCE) for pod in running} == {release}
    )
