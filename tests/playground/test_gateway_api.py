"""The definitions of the Gateway API are those of its module, or an error says why."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from playground import gateway_api
from playground.binaries import BuildError

GO = """#!/bin/sh
if [ "$1" = env ]; then echo go1.99; exit; fi
echo "SECURITY ERROR" >&2
exit 1
"""


def test_http_routes_are_defined_with_their_weights() -> None:
    definition = yaml.safe_load(gateway_api.http_routes().read_text())

    assert definition["metadata"]["name"] == "httproutes.gateway.networking.k8s.io"
    assert "v1" in [one["name"] for one in definition["spec"]["versions"] if one["served"]]


def test_a_module_of_other_content_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text(GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(BuildError, match="SECURITY ERROR"):
        gateway_api.http_routes()
    assert not list(tmp_path.glob("kubervisor/gatewayapi/*"))
