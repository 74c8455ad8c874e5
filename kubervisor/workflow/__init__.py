"""Phase workflows: describe the phases of an operator, write a worker for each, run it.

What is imported from here is what a worker needs; what reads project files, decides, and talks to a
cluster is in the packages below.
"""

from kubervisor.workflow.objects import Json, Object, OnlyFields
from kubervisor.workflow.operator import Finalizer, Operator, Worker
from kubervisor.workflow.project.model import Parameter, Phase, Project, Query
from kubervisor.workflow.worker import (
    Finalized,
    Inputs,
    Metrics,
    Objects,
    Outcome,
    Outputs,
    QueryResult,
    Resource,
    Sample,
)

__all__ = [
    "Finalized",
    "Finalizer",
    "Inputs",
    "Json",
    "Metrics",
    "Object",
    "Objects",
    "OnlyFields",
    "Operator",
    "Outcome",
    "Outputs",
    "Parameter",
    "Phase",
    "Project",
    "Query",
    "QueryResult",
    "Resource",
    "Sample",
    "Worker",
]
