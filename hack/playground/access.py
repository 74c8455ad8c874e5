"""What tests, demo and benchmarks may do with any cluster."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from playground import kubeconfig


class KubectlFailed(RuntimeError):
    """kubectl ended with an error; the message is the command and what it wrote."""


class Cluster:
    """A cluster and administrator's access to it.

    Attributes:
        kubeconfig: file with one context, of an administrator.
        binaries: folder of kubectl, prometheus, helm and the rest, whatever the cluster.
        folder: folder for files that live as long as this value.
    """

    def __init__(self, binaries: Path, folder: Path, kubeconfig: Path) -> None:
        self.binaries = binaries
        self.folder = folder
        self.kubeconfig = kubeconfig

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        """Run kubectl as administrator and return what it printed.

        Raises:
            KubectlFailed: it ended with another code than 0.
        """
        # Its discovery cache is keyed by host:port, and other clusters use our ports again.
        own = [f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.folder / 'kubectl-cache'}"]
        done = subprocess.run(
            [self.binaries / "kubectl", *own, *args],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if name != "KUBECONFIG"},
        )
        if done.returncode:
            raise KubectlFailed(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def kubeconfig_for(self, namespace: str, service_account: str) -> Path:
        """Write a kubeconfig with a ServiceAccount's rights, valid for an hour; return its path."""
        token = self.kubectl(
            "create", "token", service_account, f"--namespace={namespace}", "--duration=1h"
        )
        return kubeconfig.write(
            self.folder / f"{namespace}-{service_account}.kubeconfig",
            kubeconfig.cluster_of(self.kubeconfig),
            token.strip(),
            namespace,
        )
