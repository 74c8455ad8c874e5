"""The operators of the examples on a real cluster, each in a namespace, under its own rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playground.cluster import LocalCluster
from playground.workflow_process import OperatorProcess, Project

NOBODY = "http://127.0.0.1:9"
"""A Prometheus that is not there."""


@contextmanager
def operating(
    cluster: LocalCluster,
    name: str,
    namespace: str,
    *,
    prometheus: str = NOBODY,
    elect: bool = True,
) -> Iterator[OperatorProcess]:
    """Its process, while it is deployed for that namespace; its resources go before it does."""
    project = Project(name)
    project.run(cluster, "deploy", "--namespaced", f"--namespace={namespace}")
    with OperatorProcess(
        project,
        project.account(cluster, namespace),
        namespace=namespace,
        prometheus=prometheus,
        watched=namespace,
        elect=elect,
    ) as process:
        try:
            yield process
        finally:
            project.run(cluster, "undeploy", "--delete-objects", f"--namespace={namespace}")
