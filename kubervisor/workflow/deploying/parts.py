"""The objects of an operator, one by one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from kubervisor.workflow.deploying import rights
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.project.operator_config import CONFIG_FILE, OperatorConfig
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL

NAMESPACE_LABEL = "workflow.kubervisor.k8s.io/namespace"
"""On all objects but those that operators of several namespaces share: the operator's namespace."""

VIEWER_LABEL = "kubervisor.k8s.io/aggregate-to-workflow-viewer"
"""On the role that lets its bearer look at the resources: the dashboard gathers such roles."""

CONFIG_FOLDER = "/config"
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects of an operator, one by one."""

    project: Project
    config_text: str
    config: OperatorConfig
    image: str
    namespace: str

    @property
    def name(self) -> str:
        return self.project.operator_name

    def definition(self, crd: Json) -> Json:
        return {**crd, "metadata": {**crd["metadata"], "labels": self._labels()}}

    def viewer(self) -> Json:
        labels = {**self._labels(), VIEWER_LABEL: "true"}
        return {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": f"{self.name}-viewer", "labels": labels},
            "rules": rights.viewer_rules(self.project),
        }

    def configuration(self) -> Json:
        body = self._object("v1", "ConfigMap", f"{self.name}-config", self.namespace)
        return {**body, "data": {CONFIG_FILE: self.config_text}}

    def account(self) -> Json:
        return self._object("v1", "ServiceAccount", self.name, self.namespace)

    def lease(self) -> list[Json]:
        """The right to the Lease, where Leases are kept; nothing where no leader is elected."""
        if not self.config.leader_elect:
            return []
        name, where = f"{self.name}-lease", self.config.lease_namespace or self.namespace
        return self._grant("Role", name, rights.lease_rules(self.name), where)

    def scope(self, where: str) -> list[Json]:
        """The rights to do its work in a namespace; in all of them where it is empty."""
        kind = "Role" if where else "ClusterRole"
        return self._grant(kind, self.name, rights.rules(self.project), where)

    def deployment(self, *, own_namespace: bool) -> Json:
        """One that looks after its own namespace, or whatever its configuration says."""
        # Without an election the old pod must be gone before the new one begins. With one it stays
        # until the new one is ready; said as a whole, so that nothing of it is left in the other.
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        strategy = rolling if self.config.leader_elect else {"type": "Recreate"}
        selector = {"app": self.name, "app.kubernetes.io/name": self.name}
        digest = hashlib.sha256(self.config_text.encode()).hexdigest()[:16]
        template = {
            # It is read once: a pod with another configuration is another pod.
            "metadata": {
                "labels": {**selector, OPERATOR_LABEL: self.name},
                "annotations": {"workflow.kubervisor.k8s.io/config": digest},
            },
            "spec": {
                "serviceAccountName": self.name,
                "securityContext": {
                    "runAsNonRoot": True,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [self._container(own_namespace)],
                "volumes": [{"name": "config", "configMap": {"name": f"{self.name}-config"}}],
            },
        }
        spec = {
            "replicas": 1,
            "strategy": strategy,
            "selector": {"matchLabels": selector},
            "template": template,
        }
        return {**self._object("apps/v1", "Deployment", self.name, self.namespace), "spec": spec}

    def _container(self, own_namespace: bool) -> Json:
        return {
            "name": "operator",
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "env": [
                {"name": "OPERATOR_NAME", "value": self.name},
                _field("POD_NAME", "metadata.name"),
                _field("POD_NAMESPACE", "metadata.namespace"),
                *([_field("WATCH_NAMESPACE", "metadata.namespace")] if own_namespace else []),
            ],
            **self._probes(),
            "resources": {
                "requests": {"cpu": "100m", "memory": "128Mi"},
                "limits": {"memory": "512Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True}],
        }

    def _probes(self) -> Json:
        """None where no address is configured, or one that answers nobody outside the pod."""
        host, _, port = self.config.metrics_listen.rpartition(":")
        if not port or host.startswith(("127.", "[::1]", "localhost")):
            return {}
        return {
            "ports": [{"name": "metrics", "containerPort": int(port)}],
            "livenessProbe": {"httpGet": {"path": "/livez", "port": "metrics"}},
            "readinessProbe": {
                "httpGet": {"path": "/readyz", "port": "metrics"},
                "periodSeconds": 5,
            },
        }

    def _grant(self, kind: str, name: str, rules: list[Json], where: str) -> list[Json]:
        """A role and its binding to the account; without a namespace for the whole cluster."""
        subject = {"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}
        of = {"roleRef": {"apiGroup": _RBAC, "kind": kind, "name": name}, "subjects": [subject]}
        both: list[tuple[str, dict[str, Any]]] = [(kind, {"rules": rules}), (f"{kind}Binding", of)]
        return [{**self._object(f"{_RBAC}/v1", one, name, where), **body} for one, body in both]

    def _object(self, api_version: str, kind: str, name: str, where: str) -> Json:
        """Without its substance; in no namespace where `where` is empty."""
        metadata: Json = {"name": name, **({"namespace": where} if where else {})}
        metadata["labels"] = {**self._labels(), NAMESPACE_LABEL: self.namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata}

    def _labels(self) -> dict[str, str]:
        name = self.name
        return {"app": name, "app.kubernetes.io/name": name, OPERATOR_LABEL: name}


def _field(name: str, path: str) -> Json:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
