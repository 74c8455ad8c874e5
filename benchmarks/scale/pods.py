"""One Deployment's pod as an API server sends it: 5 KB of JSON, of which a controller needs little.

Built once for each Service as a template of bytes, so that the stub renders a pod by filling six
gaps: what it spends itself would be taken from the core that is measured.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from zlib import crc32

_SECRET = "/var/run/secrets/kubernetes.io/serviceaccount"
_STARTED = "2026-01-05T10:00:07Z"
_CREATED = "2026-01-05T10:00:01Z"
_GAP = re.compile(rb'"<restarts>"|<([a-z]+)>')  # restarts are a number, the others are texts


@dataclass(frozen=True, slots=True)
class Template:
    """A pod's JSON with gaps: `pieces` are what stands around them, `gaps` what goes into each."""

    pieces: tuple[bytes, ...]
    gaps: tuple[str, ...]

    @classmethod
    def of(cls, namespace: str, service: str) -> Self:
        """That of a pod of `service`, whose KubervisorService has the same name."""
        metadata, status = _metadata(namespace, service), _status()
        pod = {"metadata": metadata, "spec": _spec(service), "status": status}
        text = json.dumps(pod, separators=(",", ":")).encode()
        found = list(_GAP.finditer(text))
        ends = [0, *(gap.end() for gap in found)]
        starts = [*(gap.start() for gap in found), len(text)]
        return cls(
            tuple(text[end:start] for end, start in zip(ends, starts, strict=True)),
            tuple((gap[1] or b"restarts").decode() for gap in found),
        )

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """The JSON with `values` in its gaps."""
        parts = [b""] * (2 * len(self.gaps) + 1)
        parts[::2] = self.pieces
        parts[1::2] = [values[gap] for gap in self.gaps]
        return b"".join(parts)


def _metadata(namespace: str, service: str) -> dict[str, Any]:
    labels = {
        "app.kubernetes.io/name": service,
        "app.kubernetes.io/part-of": "shop",
        "app.kubernetes.io/version": "2.31.4",
        "kubervisor/name": service,
        "kubervisor/traffic": "yes",
        "pod-template-hash": "7d9f8b6c5d",
        "team": "checkout",
    }
    return {
        "name": "<name>",
        "generateName": f"{service}-7d9f8b6c5d-",
        "namespace": namespace,
        "uid": "<uid>",
        "resourceVersion": "<version>",
        "generation": 1,
        "creationTimestamp": _CREATED,
        "labels": labels,
        "annotations": {
            "checksum/config": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
            "prometheus.io/port": "9090",
            "prometheus.io/scrape": "true",
        },
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": f"{service}-7d9f8b6c5d",
                "uid": f"5f0e7c1a-1111-4222-8333-{crc32(service.encode()):012x}",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
        "managedFields": _managed_fields(labels),
    }


def _managed_fields(labels: dict[str, str]) -> list[dict[str, Any]]:
    """Who set which field: a fifth of what an API server sends."""
    container: dict[str, Any] = {
        f"f:{key}": {}
        for key in ("image", "imagePullPolicy", "name", "resources", "terminationMessagePath")
    }
    container["f:env"] = {f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}} for name in _ENV}
    condition: dict[str, Any] = {".": {}, "f:lastProbeTime": {}, "f:status": {}, "f:type": {}}
    return [
        {
            "manager": "kube-controller-manager",
            "operation": "Update",
            "apiVersion": "v1",
            "time": _CREATED,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {
                    "f:generateName": {},
                    "f:labels": {f"f:{key}": {} for key in labels},
                },
                "f:spec": {"f:containers": {'k:{"name":"app"}': container}, "f:restartPolicy": {}},
            },
        },
        {
            "manager": "kubelet",
            "operation": "Update",
            "apiVersion": "v1",
            "time": _STARTED,
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:status": {
                    "f:conditions": {f'k:{{"type":"{kind}"}}': condition for kind in _CONDITIONS},
                    "f:containerStatuses": {},
                    "f:hostIP": {},
                    "f:phase": {},
                    "f:podIP": {},
                    "f:startTime": {},
                }
            },
            "subresource": "status",
        },
    ]


_ENV = {
    "DATABASE_URL": "postgres://shop@db.shop.svc:5432/shop?sslmode=verify-full",
    "CACHE_URL": "redis://cache.shop.svc:6379/0",
    "FEATURE_FLAGS": "new-checkout,fast-search,recommendations-v2",
    "LOG_LEVEL": "info",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.observability.svc:4317",
}


def _spec(service: str) -> dict[str, Any]:
    mounts = [
        {"name": "config", "readOnly": True, "mountPath": "/etc/shop"},
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "kube-api-access-x7k2p", "readOnly": True, "mountPath": _SECRET},
    ]
    probe = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    container = {
        "name": "app",
        "image": f"registry.shop.example/{service}:2.31.4",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [{"name": name, "value": value} for name, value in _ENV.items()],
        "resources": {
            "limits": {"memory": "512Mi"},
            "requests": {"cpu": "250m", "memory": "512Mi"},
        },
        "volumeMounts": mounts,
        "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}, **probe},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, **probe},
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }
    seconds = 3607
    account = {"serviceAccountToken": {"expirationSeconds": seconds, "path": "token"}}
    certificate = {
        "configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    }
    taint = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    return {
        "volumes": [
            {"name": "config", "configMap": {"name": f"{service}-config", "defaultMode": 420}},
            {"name": "tmp", "emptyDir": {}},
            {
                "name": "kube-api-access-x7k2p",
                "projected": {"sources": [account, certificate], "defaultMode": 420},
            },
        ],
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": service,
        "nodeName": "node-0231.eu-central-1.compute.internal",
        "securityContext": {"runAsNonRoot": True, "fsGroup": 2000},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {"key": f"node.kubernetes.io/{state}", **taint}
            for state in ("not-ready", "unreachable")
        ],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }


_CONDITIONS = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
)


def _status() -> dict[str, Any]:
    gaps = {"Ready": "<ready>", "ContainersReady": "<ready>"}
    return {
        "phase": "Running",
        "conditions": [
            {
                "type": kind,
                "observedGeneration": 1,
                "status": gaps.get(kind, "True"),
                "lastProbeTime": None,
                "lastTransitionTime": _STARTED,
            }
            for kind in _CONDITIONS
        ],
        "hostIP": "10.20.30.40",
        "hostIPs": [{"ip": "10.20.30.40"}],
        "podIP": "<address>",
        "podIPs": [{"ip": "<address>"}],
        "startTime": _CREATED,
        "containerStatuses": [
            {
                "name": "app",
                "state": {"running": {"startedAt": _STARTED}},
                "lastState": {},
                "ready": True,
                "restartCount": "<restarts>",
                "image": "registry.shop.example/app:2.31.4",
                "imageID": f"registry.shop.example/app@sha256:{'9f86d081884c7d65' * 4}",
                "containerID": f"containerd://{'2c26b46b68ffc68f' * 4}",
                "started": True,
            }
        ],
        "qosClass": "Burstable",
    }
