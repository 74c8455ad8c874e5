"""Objects as a watch would show them."""

from __future__ import annotations

import json
from typing import Any

from kubervisor.workflow.engine.seen import Seen, decoder_of
from kubervisor.workflow.project.model import Parameter

PARAMETER = Parameter("configmaps", "ConfigMap", "", "v1")
_decode = decoder_of(PARAMETER, is_read=True)


def seen(name: str, version: int = 1, *, namespace: str = "shop", **body: Any) -> Seen:
    """A ConfigMap; `meta` among `body` is more of its metadata."""
    meta = {
        "namespace": namespace,
        "name": name,
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        **body.pop("meta", {}),
    }
    return _decode(json.dumps({"metadata": meta, **body}).encode())
