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
