"""The first two files of a project: its phases, and how its operator runs."""

from __future__ import annotations

from typing import Any

import yaml

from kubervisor.workflow.project.operator_config import CONFIG_FILE
from kubervisor.workflow.project.reading import PROJECT_FILE, read_project
from kubervisor.workflow.scaffold.naming import names_of

_PROJECT = """\
# The phases of the operator, what each reads (inputs) and writes (outputs). After a change:
# `kubervisor workflow validate`, then `kubervisor workflow generate`.
"""
_CONFIG = """\
# How the operator runs. After a change: `kubervisor workflow generate`, and deploy again.
"""


def first_files(kind: str, group: str, version: str) -> dict[str, str]:
    """The files of a new project by their paths.

    Raises SpecError where kind, group or version cannot be those of a resource.
    """
    project = _PROJECT + yaml.safe_dump(_project(kind, group, version), sort_keys=False)
    names_of(read_project(project))
    return {
        PROJECT_FILE: project,
        CONFIG_FILE: _CONFIG + yaml.safe_dump(_config(), sort_keys=False),
    }


def _project(kind: str, group: str, version: str) -> dict[str, Any]:
    """Three phases, of which the second goes on measuring."""
    return {
        "apiVersion": f"{group}/{version}",
        "kind": kind,
        "operatorName": f"{kind.lower()}-operator",
        "phases": [
            {
                "name": "Initializing",
                "description": f"{kind} has begun initializing",
                "initial": True,
                "outputs": ["virtualservices"],
            },
            {
                "name": "Processing",
                "description": f"{kind} has begun processing",
                "inputs": ["metrics"],
                "outputs": ["virtualservices"],
            },
            {
                "name": "Finished",
                "description": f"{kind} has finished",
                "final": True,
            },
        ],
    }


def _config() -> dict[str, Any]:
    """The defaults, written out."""
    return {
        "version": "0.0.1",
        "meshProvider": "Istio",
        "controlPlaneNs": "istio-system",
        "workInterval": "5s",
        "metricsAddr": ":9091",
        "enableLeaderElection": True,
        "logLevel": 1,
    }
