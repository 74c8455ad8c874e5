"""The ways to set the chart's values that are rendered, compared and shown to a real API server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tests.security.chart import CHART

SHOP, CART = "chart-shop", "chart-cart"
"""Namespaces that the variants name."""

MAIN = {
    "name": "main",
    "url": "https://thanos.monitoring:9091",
    "secret": {"name": "thanos", "ca": "ca.crt", "token": "token"},
    "tenantParameter": {"name": "namespace", "value": SHOP},
    "namespaces": [SHOP],
}
THANOS = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "thanos", "namespace": "{{ .Release.Namespace }}"},
    "stringData": {"ca.crt": "…", "token": "…"},
}
"""An object that is not the chart's, with a template in it."""
MIMIR = {
    "name": "mimir",
    "url": "https://mimir.monitoring/prometheus",
    "secret": {"name": "mimir", "cert": "tls.crt", "key": "tls.key"},
    "tenantHeader": {"name": "X-Scope-OrgID", "value": "shop|cart"},
}
JOB = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "spec": {
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "vacuum", "image": "postgres:18", "command": ["psql"]}],
            }
        }
    },
}

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "high-availability": yaml.safe_load((CHART / "values-ha.yaml").read_text()),
    "namespaces": {"namespaces": [SHOP, CART], "termination": {"enabled": True}},
    "termination": {"termination": {"enabled": True}},
    "watchdog": {
        "watchdog": {"enabled": True, "replicas": 2},
        "monitoring": {"podMonitor": {"enabled": True}},
        "networkPolicy": {"enabled": True},
    },
    "watchdog-of-namespaces": {"namespaces": [SHOP, CART], "watchdog": {"enabled": True}},
    "data": {
        "data": {
            "enabled": True,
            "deployers": [{"namespace": SHOP, "accounts": ["catalog"]}],
            "rollout": {"replicas": 2},
            "repository": {
                "sources": [
                    {"name": "catalog", "spec": "git:https://git.example/catalog", "secret": "git"},
                    {"name": "prices", "spec": f"configmap:{SHOP}/prices"},
                ],
                "tokenSecret": "versions",
                "storage": {"persistent": True, "storageClassName": "fast"},
            },
        },
        "monitoring": {"podMonitor": {"enabled": True}},
        "networkPolicy": {"enabled": True},
    },
    "data-of-namespaces": {
        "namespaces": [SHOP, CART],
        "data": {"enabled": True, "repository": {"annotatedSources": ["https://git.example/"]}},
    },
    "data-from-elsewhere": {
        "data": {
            "enabled": True,
            "repository": {"enabled": False, "url": "https://data.example:8443"},
        },
        "networkPolicy": {"enabled": True},
    },
    "rules": {
        "rules": {"enabled": True, "replicas": 2, "volumeAccess": True},
        "sources": [MAIN],
        "monitoring": {"podMonitor": {"enabled": True}},
        "networkPolicy": {"enabled": True, "rules": [{"ports": [{"port": 8443}]}]},
    },
    "rules-of-namespaces": {
        "namespaces": [SHOP, CART],
        "rules": {"enabled": True, "actions": ["volume/resize"]},
    },
    "rules-that-may-all": {
        "rules": {
            "enabled": True,
            "actions": [
                *("volume/resize", "volume/tier", "volume/move", "workload/scale"),
                *("pod/evict", "pod/eject", "webhook", "job"),
            ],
            "jobNamespace": SHOP,
            "jobTemplates": {"vacuum": JOB},
            "settings": {"webhookHosts": ["*.svc:8443"], "dryRun": True},
        },
    },
    "workflows": {"dashboard": {"workflows": True}},
    "workflows-of-namespaces": {"namespaces": [SHOP, CART], "dashboard": {"workflows": True}},
    "sources": {
        "sources": [MAIN, MIMIR],
        "settings": {"allowSources": [], "minFloorPercent": 50},
        "extraObjects": [THANOS],
    },
    "monitoring": {
        "monitoring": {
            "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
            "rules": {"enabled": True},
            "dashboard": {"enabled": True},
        }
    },
    "network-policy": {
        "networkPolicy": {
            "enabled": True,
            "metricsFrom": [{"namespaceSelector": {"matchLabels": {"team": "monitoring"}}}],
        }
    },
    "registered-by-the-controller": {"crds": {"enabled": False, "register": True}},
    "bare": {
        "crds": {"keep": False},
        "admission": {"restrict": False, "label": False},
        "rbac": {"aggregate": False},
    },
    "without-objects-of-the-cluster": {
        "namespaces": [SHOP],
        "crds": {"enabled": False},
        "admission": {"restrict": False, "label": False},
    },
    "pods": {
        "image": {"repository": "registry.example/kubervisor", "digest": f"sha256:{'0' * 64}"},
        "imagePullSecrets": [{"name": "registry"}],
        "commonLabels": {"team": "platform"},
        "podLabels": {"mesh": "off"},
        "podAnnotations": {"note": "seen"},
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "infra", "operator": "Exists"}],
        "traffic": {
            "affinity": {"nodeAffinity": {}},
            "extraArgs": ["--log-level=debug"],
            "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}],
        },
    },
}
