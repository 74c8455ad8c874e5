"""The folder of a project whose kind no other test has, and the cluster that it is deployed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kubervisor.cli.workflow import workflow
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.namespaces import passing_namespace
from tests.workflow.deploying.projects import Folder
from tests.workflow_bodies import undefine

Run = Callable[..., Result]


@pytest.fixture
def admin(cluster: LocalCluster) -> Iterator[Api]:
    """The administrator."""
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The project that the test is in."""
    found = Folder(tmp_path / "project")
    monkeypatch.chdir(found.path)
    return found


@pytest.fixture
def run(cluster: LocalCluster, admin: Api, folder: Folder) -> Iterator[Run]:
    """Runs a command of `kubervisor workflow` in it; what it brings to the cluster goes after."""

    def command(*args: str) -> Result:
        return CliRunner().invoke(workflow, [*args, f"--kubeconfig={cluster.kubeconfig}"])

    yield command
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    undefine(admin, f"{folder.project.plural}.{folder.project.group}")
    for name in (folder.operator, f"{folder.operator}-viewer"):
        admin.delete(f"{rbac}/clusterroles/{name}")
        admin.delete(f"{rbac}/clusterrolebindings/{name}")


@pytest.fixture
def other(cluster: LocalCluster) -> Iterator[str]:
    """A second namespace."""
    with passing_namespace(cluster) as name:
        yield name
