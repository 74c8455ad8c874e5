"""Where to play: a control plane made here, one made by kind, or the current cluster.

    python -m playground.cluster        opens one and keeps it until Ctrl-C

The environment variable CLUSTER chooses: `local` (default), `kind` or `current`.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playground import binaries
from playground.access import Cluster, KubectlFailed
from playground.local import LocalCluster
from playground.processes import ProcessFailed

__all__ = ["Cluster", "ClusterUnavailable", "KubectlFailed", "LocalCluster", "open_cluster"]


class ClusterUnavailable(RuntimeError):
    """The chosen kind of cluster cannot be had here; the message is one line."""


@contextmanager
def open_cluster() -> Iterator[Cluster]:
    """Open the cluster that CLUSTER names; what was made for it ends with the context.

    Raises:
        ClusterUnavailable: no such choice, no container engine for kind, no current context.
    """
    choice = os.environ.get("CLUSTER") or "local"
    if choice not in _CHOICES:
        raise ClusterUnavailable(f"CLUSTER is local, kind or current, not {choice!r}")
    with _CHOICES[choice]() as cluster:
        yield cluster


@contextmanager
def _local() -> Iterator[Cluster]:
    with LocalCluster.start() as cluster:
        yield cluster


@contextmanager
def _kind() -> Iterator[Cluster]:
    _ask_for_an_engine()
    programs, name = binaries.ensure(), f"kubervisor-{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory(prefix="kubervisor-playground-") as folder:
        kubeconfig = Path(folder, "kubeconfig")
        flags = (f"--name={name}", f"--kubeconfig={kubeconfig}")
        kind = programs / "kind"
        try:
            if code := subprocess.call([kind, "create", "cluster", *flags, "--wait=2m"]):
                raise ClusterUnavailable(f"`kind create cluster` ended with {code}")
            yield Cluster(programs, Path(folder), kubeconfig)
        finally:
            subprocess.call([kind, "delete", "cluster", *flags])


@contextmanager
def _current() -> Iterator[Cluster]:
    programs = binaries.ensure()
    view = (programs / "kubectl", "config", "view", "--raw", "--minify", "--flatten")
    shown = subprocess.run(view, capture_output=True, text=True, check=False)
    if shown.returncode:
        raise ClusterUnavailable(f"CLUSTER=current: {shown.stderr.strip()}")
    with tempfile.TemporaryDirectory(prefix="kubervisor-playground-") as folder:
        # A copy: should somebody switch the context meanwhile, this stays with the same cluster.
        kubeconfig = Path(folder, "kubeconfig")
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(shown.stdout)
        yield Cluster(programs, Path(folder), kubeconfig)


_CHOICES = {"local": _local, "kind": _kind, "current": _current}


def _ask_for_an_engine() -> None:
    """The client may be on PATH with no engine behind it, so the engine itself must answer."""
    advice = "CLUSTER=kind needs a Docker engine, and `docker info` reaches none; use CLUSTER=local"
    try:
        command = ["docker", "info", "--format={{.ServerVersion}}"]
        answer = subprocess.run(command, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise ClusterUnavailable(advice) from None
    if answer.returncode or not answer.stdout.strip():
        raise ClusterUnavailable(advice)


def main() -> int:
    """Open a cluster, say how to reach it, and keep it until SIGINT or SIGTERM."""
    try:
        with open_cluster() as cluster:
            print(f"export KUBECONFIG={cluster.kubeconfig}", flush=True)
            print(f"export PATH={cluster.binaries}:$PATH", flush=True)
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except (ClusterUnavailable, ProcessFailed, binaries.BuildError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main())
