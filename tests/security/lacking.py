"""Accounts that lack exactly one of the rights of the chart, and something to try them on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from kubervisor.kube import paths
from kubervisor.kube.client import Api as Door
from kubervisor.kube.client import connect
from kubervisor.kube.records import SpecRecord, decode_pod, decode_spec
from kubervisor.traffic.model import Pod
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from tests.integration.guard import until
from tests.integration.specs import custom, guarding, path_of
from tests.namespaces import fresh_namespace
from tests.security.chart import kubeconfig_of, template

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rights.md"
_QUOTED = re.compile(r"`([a-z/]+)`")
RBAC = "/apis/rbac.authorization.k8s.io/v1"
ALL = ("", "")
"""The account that lacks nothing."""

Right = tuple[str, str]
"""Verb and resource."""


class Ground:
    """A namespace with an account for each right that it lacks, a pod and a KubervisorService."""

    def __init__(
        self,
        cluster: LocalCluster,
        admin: Api,
        probes: Mapping[Right, Probe],
        rules: Iterable[Json],
    ) -> None:
        self._cluster, self._admin, self._probes = cluster, admin, probes
        self.namespace = fresh_namespace(admin)
        self.rules = list(rules)
        accounts = [ALL, *probes]
        for right in accounts:
            self._account(right)
        self.guard()
        # The roles written last are known last.
        until(lambda: not self._lacks(accounts[-1], *accounts[1]), "the accounts have their rights")

    def assert_needed(self, right: Right) -> None:
        """Whoever lacks this right alone is refused, and whoever lacks none is not."""
        (verb, resource), probe = right, self._probes[right]
        with closing(self.door(right)) as poor, closing(self.door()) as rich:
            assert f'cannot {verb} resource "{resource}"' in probe(self, poor)
            assert probe(self, rich) == ""

    def door(self, lacking: Right = ALL) -> Door:
        """The API server, for an account that lacks one right."""
        kubeconfig = kubeconfig_of(self._admin, self._cluster, self.namespace, _name(lacking))
        return connect(str(kubeconfig), user_agent="kubervisor-tests")

    def pod(self) -> Pod:
        """A new pod that is out of traffic, and a moment older than what is stored."""
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"generateName": "shop-", "labels": {"kubervisor/traffic": "no"}},
            "spec": {
                "containers": [{"name": "a", "image": "a"}],
                "schedulingGates": [{"name": "x/y"}],
                "terminationGracePeriodSeconds": 0,
            },
        }
        stored = self._admin.create(f"/api/v1/namespaces/{self.namespace}/pods", body)
        return decode_pod(json.dumps(stored).encode())

    def guard(self) -> SpecRecord:
        """The KubervisorService, without a finalizer; made anew where its CRD was deleted."""
        path = path_of(self.namespace, "shop")
        version = {"apiVersion": "kubervisor.k8s.io/v1alpha1", "kind": "KubervisorService"}
        spec: Json = {"metadata": {"name": "shop"}, "spec": guarding("shop", custom("a.b"))}
        self._admin.apply(path, version | spec)
        self._admin.merge(path, {"metadata": {"finalizers": None}})
        return decode_spec(json.dumps(self._admin.get(path)).encode())

    def forget_lease(self, name: str) -> None:
        """There is no Lease."""
        self._admin.delete(paths.single(paths.LEASES, self.namespace, name))

    def _account(self, lacking: Right) -> None:
        name = _name(lacking)
        rules = [
            rule | {"verbs": [verb for verb in rule["verbs"] if (verb, resource) != lacking]}
            for whole in self.rules
            for resource in whole["resources"]
            for rule in [whole | {"resources": [resource]}]
        ]
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        accounts = f"/api/v1/namespaces/{self.namespace}/serviceaccounts"
        self._admin.create(accounts, account)
        version = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
        scope = f"{RBAC}/namespaces/{self.namespace}"
        role = version | {"kind": "Role", "rules": [rule for rule in rules if rule["verbs"]]}
        self._admin.create(f"{scope}/roles", role)
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}
        binding = version | {"kind": "RoleBinding", "roleRef": reference, "subjects": [subject]}
        self._admin.create(f"{scope}/rolebindings", binding)

    def _lacks(self, account: Right, verb: str, resource: str) -> bool:
        """Whether an account may not do something, by its own word."""
        group = next(r["apiGroups"][0] for r in self.rules if resource in r["resources"])
        asked = {"namespace": self.namespace, "verb": verb, "group": group, "resource": resource}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        kubeconfig = kubeconfig_of(self._admin, self._cluster, self.namespace, _name(account))
        with closing(Api(kubeconfig)) as api:
            path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
            return not api.create(path, review)["status"]["allowed"]


Probe = Callable[[Ground, Door], str]
"""Does what a right is for; returns what it is told where it is refused, "" where it is not."""


def _name(lacking: Right) -> str:
    verb, resource = lacking
    return f"without-{verb}-{resource.replace('/', '-')}" if verb else "with-all"


def rendered(cluster: LocalCluster, of: str = "", **values: Any) -> Iterator[Json]:
    """The rules of every Role that the chart makes for one namespace, or of those that have `of` in
    their names.
    """
    wanted = {"namespaces": ["x"], "termination": {"enabled": True}} | values
    for manifest in template(cluster, **wanted):
        if of in manifest["metadata"]["name"]:
            yield from manifest.get("rules", ())


def granted(rules: Iterable[Json]) -> set[Right]:
    """Verb and resource of every rule."""
    return {
        (verb, resource)
        for rule in rules
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def told_of(account: str) -> set[Right]:
    """The rights of this account by the page about them."""
    section = PAGE.read_text().partition(f"## Account `RELEASE-{account}`")[2].partition("\n## ")[0]
    lines = (line.split("|") for line in section.splitlines() if line.startswith("| `"))
    return {
        (verb, resource)
        for _, first, second, *_ in lines
        for resource in _QUOTED.findall(first)
        for verb in _QUOTED.findall(second)
    }


def cluster_account(cluster: LocalCluster, admin: Api, rules: list[Json]) -> Door:
    """A door for a new account with these rights in the whole cluster."""
    namespace = fresh_namespace(admin)
    version = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": namespace}}
    admin.create(f"{RBAC}/clusterroles", version | {"kind": "ClusterRole", "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    binding = version | {"kind": "ClusterRoleBinding", "roleRef": reference, "subjects": [subject]}
    admin.create(f"{RBAC}/clusterrolebindings", binding)
    kubeconfig = kubeconfig_of(admin, cluster, namespace, "default")
    wanted = {resource for rule in rules for resource in rule["resources"]}
    with closing(Api(kubeconfig)) as api:

        def is_known() -> bool:
            review = {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectRulesReview",
                "spec": {"namespace": namespace},
            }
            path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
            found = api.create(path, review)["status"]["resourceRules"]
            return wanted <= {resource for rule in found for resource in rule["resources"]}

        until(is_known, "the account has its rights")
    return connect(str(kubeconfig), user_agent="kubervisor-tests")
