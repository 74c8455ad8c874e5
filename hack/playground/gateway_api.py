"""The definitions of the Gateway API, fetched once from its Go module and kept outside the tree."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from playground import binaries

MODULE = binaries.ROOT / "hack" / "gatewayapi"
NAME = "sigs.k8s.io/gateway-api"
ROUTES = "gateway.networking.k8s.io_httproutes.yaml"


def http_routes() -> Path:
    """The file that defines HTTPRoutes. It appears by a rename: complete or absent.

    Raises BuildError where there is no Go to fetch it with, or it could not be fetched.
    """
    digest = hashlib.sha256((MODULE / "go.sum").read_bytes()).hexdigest()[:16]
    target = binaries.folder().parents[1] / "gatewayapi" / digest
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetching-") as scratch:
            fetched = Path(scratch, "crds")
            fetched.mkdir()
            shutil.copyfile(_folder() / "config" / "crd" / "standard" / ROUTES, fetched / ROUTES)
            with suppress(OSError):  # somebody else was faster
                fetched.rename(target)
    return target / ROUTES


def _folder() -> Path:
    """Where Go has the module, of exactly the content that go.sum says."""
    done = subprocess.run(
        [binaries.find_go(), "mod", "download", "-json", NAME],
        cwd=MODULE,
        env={**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise binaries.BuildError(f"go mod download {NAME} ended with {done.returncode}:\n{said}")
    return Path(json.loads(done.stdout)["Dir"])
