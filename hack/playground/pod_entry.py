"""The first lines of a played pod: `kubervisor` with its account's folder elsewhere.

    python pod_entry.py FOLDER run --config=…

In a container the token is mounted at a place that the program knows. A process has no mounts of
its own, so it is told the folder that stands for it.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from kubernetes.config import incluster_config

from kubervisor.kube import client


def main() -> None:
    """Run `kubervisor` with the rest of the arguments, as its module does."""
    account = Path(sys.argv.pop(1))
    incluster_config.SERVICE_TOKEN_FILENAME = str(account / "token")
    incluster_config.SERVICE_CERT_FILENAME = str(account / "ca.crt")
    client._ACCOUNT = account  # noqa: SLF001 - the one place where a pod differs from a process
    runpy.run_module("kubervisor", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
