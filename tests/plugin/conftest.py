"""The plugin as users have it: built, on PATH, called by the real kubectl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api
from tests.e2e.scene import Scene
from tests.security.chart import template

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which `make plugin BINDIR=…` has put the plugin."""
    folder = tmp_path_factory.mktemp("plugin")
    assemble = [sys.executable, str(ROOT / "kubectl-plugin" / "assemble.py"), str(folder)]
    subprocess.run(assemble, check=True, capture_output=True)
    return folder


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Its lines on standard output."""
        return self.out.splitlines()

    @property
    def rows(self) -> list[list[str]]:
        """The cells of a table, the headers first."""
        return [line.split() for line in self.lines]


class Plugin:
    """`kubectl kubervisor …` in one namespace of a cluster."""

    def __init__(self, cluster: LocalCluster, programs: Path, namespace: str) -> None:
        self._namespace = namespace
        # Shell and Python as anybody has them; the rest of PATH is not the plugin's concern.
        own = (programs, cluster.binaries, Path(sys.executable).parent, "/usr/bin", "/bin")
        self._env = {
            "PATH": os.pathsep.join(map(str, own)),
            "HOME": str(cluster.folder),
            "KUBECONFIG": str(cluster.kubeconfig),
            "LC_ALL": "C.UTF-8",
        }

    def __call__(self, *words: str, code: int = 0, env: dict[str, str] | None = None) -> Answer:
        """Run it in the namespace; it must end with `code`, and without a traceback."""
        answer = self.anywhere(*words, f"--namespace={self._namespace}", env=env)
        assert answer.code == code, f"{answer.code}\n{answer.out}\n{answer.err}"
        return answer

    def anywhere(self, *words: str, env: dict[str, str] | None = None) -> Answer:
        """Run it as it is, whatever the exit code."""
        return self.run(["kubectl", "kubervisor", *words], env)

    def run(self, command: list[str], env: dict[str, str] | None = None) -> Answer:
        """Run a program with the plugin on PATH."""
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=90,
            env=self._env | (env or {}),
        )
        assert "Traceback" not in done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def now(self) -> str:
        """This instant, as the plugin writes it."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """It runs in the namespace, its output on pipes; over with the context in any case."""
        with subprocess.Popen(
            ["kubectl", "kubervisor", *words, f"--namespace={self._namespace}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=self._env,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture
def scene(taught: LocalCluster, namespace: str) -> Iterator[Scene]:
    """A namespace whose pods an observer holds against the invariants."""
    with Scene(taught, namespace) as scene:
        yield scene


@pytest.fixture(autouse=True)
def _unled(request: pytest.FixtureRequest) -> None:
    """There is no Lease of a controller that another test has ended: the plugin warns of those."""
    if "taught" not in request.fixturenames:
        return
    root = "/apis/coordination.k8s.io/v1"
    taught: LocalCluster = request.getfixturevalue("taught")
    with closing(Api(taught.kubeconfig)) as api:
        for one in api.get(f"{root}/leases")["items"]:
            if (meta := one["metadata"])["name"].startswith("kubervisor-"):
                api.delete(f"{root}/namespaces/{meta['namespace']}/leases/{meta['name']}")


@pytest.fixture
def plugin(taught: LocalCluster, programs: Path, namespace: str) -> Plugin:
    """The plugin in the test's namespace."""
    return Plugin(taught, programs, namespace)


@pytest.fixture
def label_policy(taught: LocalCluster, namespace: str) -> Iterator[str]:
    """The chart's admission policy that labels new pods, bound for the test's namespace."""
    served = "--api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"
    only = "--show-only=templates/admission/label-new-pods.yaml"
    rendered = template(taught, served, only, namespaces=[namespace], admission={"label": True})
    for one in rendered:
        one["metadata"]["name"] = f"{namespace}-label-new-pods"
        if "policyName" in one["spec"]:
            one["spec"]["policyName"] = one["metadata"]["name"]
        taught.kubectl("apply", "--filename=-", stdin=json.dumps(one))
    yield rendered[0]["metadata"]["name"]
    for one in rendered:
        taught.kubectl("delete", one["kind"], one["metadata"]["name"])
