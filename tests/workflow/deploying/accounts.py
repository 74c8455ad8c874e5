"""Accounts that have the rights of an operator, each but one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from kubervisor.kube.client import Api as Door
from kubervisor.kube.client import connect
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from tests.integration.guard import until
from tests.security.chart import kubeconfig_of

RBAC = "/apis/rbac.authorization.k8s.io/v1"

Right = tuple[str, str]
"""Verb and resource."""

NONE: Right = ("", "")


def granted(rules: Iterable[Json]) -> set[Right]:
    """Verb and resource of every rule."""
    return {(verb, name) for rule in rules for name in rule["resources"] for verb in rule["verbs"]}


class Accounts:
    """Accounts of a namespace: one with all of `rules`, and one without each right of them."""

    def __init__(
        self, cluster: LocalCluster, admin: Api, namespace: str, rules: Iterable[Json]
    ) -> None:
        self.namespace, self._rules = namespace, tuple(rules)
        self._cluster, self._admin = cluster, admin
        for lacking in (NONE, *granted(self._rules)):
            self._make(lacking)

    @contextmanager
    def door(self, lacking: Right = NONE) -> Iterator[Door]:
        """The API server for who lacks one right, once it knows of the others."""
        kubeconfig = kubeconfig_of(self._admin, self._cluster, self.namespace, _name(lacking))
        with closing(Api(kubeconfig)) as api:
            until(lambda: self._knows(api, lacking), "the account has its rights")
        with closing(connect(str(kubeconfig), user_agent="kubervisor-tests")) as door:
            yield door

    def _make(self, lacking: Right) -> None:
        name, scope = _name(lacking), f"namespaces/{self.namespace}"
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        self._admin.create(f"/api/v1/{scope}/serviceaccounts", account)
        version = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
        role = {**version, "kind": "Role", "rules": self._without(lacking)}
        self._admin.create(f"{RBAC}/{scope}/roles", role)
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.namespace}
        binding = {**version, "kind": "RoleBinding", "roleRef": reference, "subjects": [subject]}
        self._admin.create(f"{RBAC}/{scope}/rolebindings", binding)

    def _without(self, lacking: Right) -> list[Json]:
        single = [{**rule, "resources": [one]} for rule in self._rules for one in rule["resources"]]
        fewer = [
            {**rule, "verbs": [v for v in rule["verbs"] if (v, rule["resources"][0]) != lacking]}
            for rule in single
        ]
        return [rule for rule in fewer if rule["verbs"]]

    def _knows(self, api: Api, lacking: Right) -> bool:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": self.namespace},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        known = granted(api.create(path, review)["status"]["resourceRules"])
        return granted(self._rules) - {lacking} <= known


def _name(lacking: Right) -> str:
    verb, resource = lacking
    return f"without-{verb}-{resource.replace('/', '-')}" if verb else "with-all"
