"""A cluster to make a canary's operator on, as its tutorial does: a shop, its clients, their mesh.

    python -m playground.canary_playground     opens it, says what to export, keeps it until Ctrl-C

Version 1.2 of the shop is broken: half of its answers are 500.
"""

from __future__ import annotations

import shlex
import signal
import sys

from playground import binaries, foreground, mesh_kinds
from playground.faults import Fault
from playground.local import LocalCluster
from playground.processes import ProcessFailed
from playground.workflow_stage import CanaryStage

NAMESPACE = "shop"
BROKEN, HALF_FAILS = "1.2", Fault(errors=0.5, code=500)


def main() -> int:
    """Open one, say how to reach it, keep it until SIGINT or SIGTERM; 1 when it cannot be had."""
    try:
        with LocalCluster.start() as cluster:
            mesh_kinds.teach(cluster)
            cluster.kubectl("create", "namespace", NAMESPACE)
            with CanaryStage(cluster, NAMESPACE) as stage:
                stage.misbehave(BROKEN, HALF_FAILS)
                _tell(cluster, stage)
                signal.pause()
    except (ProcessFailed, binaries.BuildError) as error:
        print(f"playground: {error}", file=sys.stderr)
        return 1
    return 0


def _tell(cluster: LocalCluster, stage: CanaryStage) -> None:
    variables = {"KUBECONFIG": str(cluster.kubeconfig), "METRICS_SERVER": stage.prometheus.url}
    print("It stays up until Ctrl-C. In another terminal, at the root of the repository:\n")
    print(f'export PATH={shlex.quote(str(cluster.binaries))}:"$PATH"')
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()


if __name__ == "__main__":
    foreground.run(main)
