"""Projects that are generated from, and what is run in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kubervisor.workflow.scaffold.generating import generate
from kubervisor.workflow.scaffold.starting import first_files
from kubervisor.workflow.scaffold.writing import write

CANARY = r"""
apiVersion: autopilot.examples.io/v1
kind: CanaryDeployment
operatorName: canary-operator
enableFinalizer: true
phases:
- name: Initializing
  initial: true
  inputs: [deployments]
  outputs: [deployments, services, virtualservices]
- name: Waiting
  inputs: [deployments]
  outputs: [deployments, virtualservices]
- name: Evaluating
  inputs: [metrics, canarythings]
  outputs: [virtualservices]
  next: [Promoting, RollBack]
  timeout: 10m
  onTimeout: RollBack
  retries: 3
  onFailure: RollBack
  workInterval: 1.5s
- name: Promoting
  outputs: [deployments, virtualservices]
- name: RollBack
  outputs: [deployments, virtualservices]
customParameters:
- lowerName: canarythings
  singleName: CanaryThing
  apiGroup: things.example.io
  package: example.com/things/v1alpha1
queries:
- name: own-query
  queryTemplate: 'sum(rate(x{a="{{ .Namespace }}"}[{{ .HowLong }}]))'
  parameters: [Namespace, HowLong]
"""
"""With all that a project file may say."""

HOSTILE = r"""
apiVersion: hostile.examples.io/v1
kind: List
operatorName: a-1
enableFinalizer: true
phases:
- name: mro
  initial: true
  description: "\"\"\"\n    import os; os.abort()\n# \\ \"\"\" ' \u202e \0"
  inputs: [events, metrics, pods]
- name: x10
  description: |
    '''
    {names} $name %s {{ .Name }}
  outputs: [events]
- name: x2
  description: "'\\"
  inputs: [pods]
- name: HTTPName
- name: Match
- name: value
- name: Title
  final: true
queries:
- name: query
  queryTemplate: 'rate(x{a="\"''\\", b="", c=""}[{{ .self }}])'
  parameters: [self]
- name: metrics-of-it
  queryTemplate: "1"
"""
"""With names that mean something in Python, and with text that would, were it not quoted."""


def first() -> str:
    """The project that `init` makes."""
    return first_files("Example", "examples.io", "v1")["autopilot.yaml"]


def made(folder: Path, text: str) -> Path:
    """`folder`, in which the project is that `text` says, generated."""
    folder.mkdir(exist_ok=True)
    (folder / "autopilot.yaml").write_text(text, "utf-8")
    write(folder, generate(folder))
    return folder


def contents(root: Path) -> dict[str, str]:
    """All files of a project by their paths, but what Python makes."""
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(part.startswith((".", "__py")) for part in path.parts[-2:-1])
    }


def in_project(root: Path, *arguments: str) -> str:
    """What `python ARGUMENTS` prints in the project's folder, where it must succeed."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=150,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
