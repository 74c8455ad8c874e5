"""The group and version of everything that Kubervisor brings."""

from __future__ import annotations

GROUP = "kubervisor.k8s.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
