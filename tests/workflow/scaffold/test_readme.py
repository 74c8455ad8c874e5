"""The two commands that the README of a generated project names: they do what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from kubervisor.workflow.deploying.manifests import MARK
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from playground.fleet_watch import await_object
from playground.processes import Processes
from tests.workflow.scaffold.projects import contents, first, made
from tests.workflow_bodies import undefine

WITHIN = 60.0
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/examples.examples.io"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project that `init` makes, of kinds that every cluster has, which listens nowhere."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project/autopilot-operator.yaml").write_text('metricsAddr: ""\n')
    return made(tmp_path / "project", first().replace("virtualservices", "configmaps"))


def commands(project: Path) -> list[str]:
    """What is in the first block of the README, without the remarks."""
    block = re.search(r"```sh\n(.*?)```", (project / "README.md").read_text(), re.DOTALL)
    assert block is not None
    return [line.partition("#")[0].strip() for line in block[1].splitlines()]


def test_there_are_two(project: Path) -> None:
    assert commands(project) == ["make test", "make run"]


def test_it_names_each_file_that_is_the_users_and_no_other(project: Path) -> None:
    said = (project / "README.md").read_text()
    yours = said[said.index("Yours, ") : said.index("Generated is ")]
    for path, text in contents(project).items():
        is_named = f"`{path}`" in yours or path == "README.md"
        is_in_workers = "/workers/" in path and not path.endswith("__init__.py")
        assert (is_named or is_in_workers) != text.startswith(MARK), path


def test_the_first_passes_tests_types_and_style(project: Path) -> None:
    ran = subprocess.run(
        [*commands(project)[0].split(), f"PYTHON={sys.executable}"],
        check=False,
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        timeout=170,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout
    assert "Success: no issues found" in ran.stdout
    assert "All checks passed!" in ran.stdout


@pytest.mark.usefixtures("running")
def test_the_second_runs_the_operator_on_a_cluster(project: Path, api: Api, namespace: str) -> None:
    example = yaml.safe_load((project / "example.yaml").read_text())
    collection = f"/apis/examples.io/v1/namespaces/{namespace}/examples"
    await_object(api, DEFINITION.rpartition("/")[0], "examples.examples.io", _established, WITHIN)
    api.create(collection, {**example, "metadata": {"name": "example", "namespace": namespace}})
    await_object(api, collection, "example", _initializing, WITHIN)


@pytest.fixture
def running(project: Path, cluster: LocalCluster, api: Api) -> Iterator[None]:
    """The operator, which its project's Makefile started."""
    environment = {
        "PATH": f"{cluster.binaries}:{os.environ['PATH']}",
        "KUBECACHEDIR": str(cluster.folder / "kubectl-cache"),
    }
    command = [*commands(project)[1].split(), f"--directory={project}"]
    variables = [f"PYTHON={sys.executable}", f"KUBECONFIG={cluster.kubeconfig}"]
    with Processes() as processes:
        processes.start("operator", [*command, *variables], environment)
        processes.wait_ready("operator", lambda: api.exists(DEFINITION), WITHIN)
        yield
        processes.stop("operator")
    undefine(api, "examples.examples.io")


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


def _established(body: dict[str, object]) -> bool:
    status = body.get("status")
    assert isinstance(status, dict)
    return {"Established": "True"}.items() <= {
        one["type"]: one["status"] for one in status.get("conditions", [])
    }.items()


def _initializing(body: dict[str, object]) -> bool:
    status = body.get("status")
    return isinstance(status, dict) and (status.get("phase"), status.get("phaseMessage")) == (
        "Initializing",
        "not written yet",
    )
