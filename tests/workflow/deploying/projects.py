"""Projects whose operators are deployed in tests, and the models of their kinds."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, Field

from kubervisor.workflow import Json, Project
from kubervisor.workflow.deploying.crd import definition
from kubervisor.workflow.deploying.manifests import files
from kubervisor.workflow.project.reading import read_project


class Spec(BaseModel):
    """What a canary is asked for."""

    deployment: str
    ports: list[int] = []
    success_threshold: float = Field(95.0, ge=0, le=100, alias="successThreshold")


class Status(BaseModel):
    """What a canary remembers."""

    started: datetime | None = None


CONFIG = "workInterval: 5s\n"
PHASES = """\
phases:
- {name: Initializing, initial: true, inputs: [deployments], outputs: [services, deployments]}
- {name: Evaluating, inputs: [pods, metrics], outputs: [deployments]}
- {name: Promoted, final: true}
"""


def text(
    operator: str = "canary-operator", *, group: str = "tests.example.io", more: str = ""
) -> str:
    """A project file."""
    return (
        f"kind: CanaryDeployment\napiVersion: {group}/v1\noperatorName: {operator}\n{more}{PHASES}"
    )


def project(
    operator: str = "canary-operator", *, group: str = "tests.example.io", more: str = ""
) -> Project:
    """The project of such a file."""
    return read_project(text(operator, group=group, more=more))


def crd(of: Project) -> Json:
    """The definition of its kind."""
    return definition(of, Spec, Status)


class Folder:
    """The folder of a project whose kind no other test has; `project` is what it says."""

    def __init__(self, path: Path, *, more: str = "") -> None:
        group, self.path, self._more = f"t{secrets.token_hex(4)}.example.io", path, more
        self._group = group
        self.operator = f"canary-{secrets.token_hex(3)}"
        path.mkdir(exist_ok=True)
        self.write()

    @property
    def project(self) -> Project:
        return read_project((self.path / "autopilot.yaml").read_text())

    @property
    def resources(self) -> str:
        """Where all of its resources are."""
        return f"/apis/{self._group}/v1/canarydeployments"

    def write(self, config: str = CONFIG) -> None:
        """Its files, as `generate` would write them."""
        said = text(self.operator, group=self._group, more=self._more)
        (self.path / "autopilot.yaml").write_text(said)
        (self.path / "autopilot-operator.yaml").write_text(config)
        of = self.project
        for path, content in files(of, crd(of), config).items():
            (self.path / path).parent.mkdir(exist_ok=True)
            (self.path / path).write_text(content)

    def resource(self, namespace: str, name: str = "shop") -> Json:
        """One of its resources."""
        return {
            "apiVersion": f"{self._group}/v1",
            "kind": "CanaryDeployment",
            "metadata": {"namespace": namespace, "name": name},
            "spec": {"deployment": "shop"},
        }

    def resource_path(self, namespace: str, name: str = "shop") -> str:
        return f"/apis/{self._group}/v1/namespaces/{namespace}/canarydeployments/{name}"
