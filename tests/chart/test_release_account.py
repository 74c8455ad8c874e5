"""The account of `kubervisor release`: what it may, what it needs, and what it is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kubervisor.cli.release import release
from kubervisor.telemetry import metrics
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused, Json
from tests.chart.rendering import NAME, NAMESPACE, objects
from tests.conftest import teach
from tests.integration.guard import until
from tests.integration.specs import custom, guarding, path_of
from tests.namespaces import fresh_namespace
from tests.security.chart import kubeconfig_of

ACCOUNT = f"{NAME}-release"
KINDS = ("ServiceAccount", "Role", "ValidatingAdmissionPolicy")
ON_CONFLICT = {("get", "pods")}
"""Only after a conflict is a pod read again; tests/e2e has those."""


@dataclass(frozen=True)
class Ground:
    """A namespace with a pod that is out and all it hangs on, and the account."""

    admin: Api
    namespace: str
    kubeconfig: Path
    granted: set[tuple[str, str]]

    @property
    def service(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/services/shop"


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, admin: Api) -> Iterator[Ground]:
    teach(cluster)
    shop = fresh_namespace(admin)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    admin.apply(f"/api/v1/namespaces/{NAMESPACE}", body)
    rendered = [
        one
        for one in objects({"namespaces": [shop]})
        if one["kind"].removesuffix("Binding") in KINDS
    ]
    text = yaml.safe_dump_all(rendered)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=text)
    make(admin, shop)
    kubeconfig = kubeconfig_of(admin, cluster, NAMESPACE, ACCOUNT)
    found = Ground(admin, shop, kubeconfig, granted(rendered))
    probe = {"externalIPs": ["192.0.2.1"]}
    until(lambda: "ValidatingAdmissionPolicy" in refusal(found, probe), "it is held", 10)
    yield found
    cluster.kubectl("delete", "--filename=-", stdin=text)


def granted(rendered: list[Json]) -> set[tuple[str, str]]:
    """Verb and resource of each of its rules."""
    return {
        (verb, resource)
        for one in rendered
        if one["kind"] == "Role" and one["metadata"]["name"].startswith(ACCOUNT)
        for rule in one["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def make(admin: Api, namespace: str) -> None:
    """What there is to release."""
    core = f"/api/v1/namespaces/{namespace}"
    selector = {"app": "shop", "kubervisor/traffic": "yes"}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop"}}
    admin.create(
        f"{core}/services", service | {"spec": {"selector": selector, "ports": [{"port": 80}]}}
    )
    labels = {"app": "shop", "kubervisor/traffic": "no", "kubervisor/name": "shop"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop", "labels": labels}}
    admin.create(f"{core}/pods", pod | {"spec": {"containers": [{"name": "a", "image": "a"}]}})
    guard = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "KubervisorService"}
    metadata = {"name": "shop", "finalizers": ["kubervisor.k8s.io/return-traffic"]}
    spec = guarding("shop", custom("a.b"))
    admin.create(path_of(namespace), guard | {"metadata": metadata, "spec": spec})


def refusal(ground: Ground, change: Json) -> str:
    """What the API server says to a change of the Service's spec by the account."""
    with closing(Api(ground.kubeconfig)) as api:
        try:
            api.merge(f"{ground.service}?dryRun=All", {"spec": change})
        except ApiRefused as refused:
            return str(refused)
    return ""


def test_its_rights_are_those_that_it_uses(ground: Ground) -> None:
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
    ground.admin.delete(f"{leases}/kubervisor-traffic")
    name = "kubervisor-traffic-0000"
    other = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}
    ground.admin.apply(f"{leases}/{name}", other)
    before = answers()
    flags = [f"--namespace={ground.namespace}", f"--lease-namespace={NAMESPACE}"]
    for flag in ("--disable", "--end"):
        done = CliRunner().invoke(release, [f"--kubeconfig={ground.kubeconfig}", flag, *flags])
        assert done.exit_code == 0, done.output

    made = answers() - before
    assert not [request for request in made if request[2] in ("401", "403")]
    assert {(verb, resource) for verb, resource, _ in made} == ground.granted - ON_CONFLICT
    assert "kubervisor/traffic" not in ground.admin.get(ground.service)["spec"]["selector"]
    ground.admin.merge(ground.service, {"spec": {"selector": {"kubervisor/traffic": "yes"}}})


def answers() -> Counter[tuple[str, str, str]]:
    """How many requests of this process had this verb, resource and answer so far."""
    (family,) = metrics.API_REQUESTS.collect()
    counted: Counter[tuple[str, str, str]] = Counter()
    for sample in family.samples:
        if sample.name.endswith("_total"):
            labels = sample.labels
            counted[labels["verb"], labels["resource"], labels["code"]] = int(sample.value)
    return counted


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ports": [{"port": 81}]}, id="another port"),
        pytest.param({"type": "NodePort"}, id="another type"),
        pytest.param({"externalIPs": ["192.0.2.1"]}, id="an address"),
        pytest.param({"selector": {"app": "else"}}, id="other pods"),
        pytest.param({"selector": {"app": None}}, id="more pods"),
        pytest.param({"selector": {"more": "x"}}, id="fewer pods"),
        pytest.param({"selector": {"kubervisor/traffic": "no"}}, id="pods that are out"),
    ],
)
def test_it_changes_nothing_else_of_a_service(change: dict[str, Any], ground: Ground) -> None:
    assert "ValidatingAdmissionPolicy" in refusal(ground, change)


def test_it_takes_our_key_out_of_a_selector(ground: Ground) -> None:
    assert refusal(ground, {"selector": {"kubervisor/traffic": None}}) == ""
