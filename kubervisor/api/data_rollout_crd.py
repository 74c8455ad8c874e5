"""The CustomResourceDefinition of DataRollout, generated from its models."""

from __future__ import annotations

from kubervisor.api.data_rollout import KIND, PLURAL, SHORT_NAMES, SINGULAR, DataRollout
from kubervisor.api.definition import Definition, column, of_condition

DEFINITION = Definition(
    model=DataRollout,
    kind=KIND,
    plural=PLURAL,
    singular=SINGULAR,
    short_names=SHORT_NAMES,
    schema_version=1,
    columns=(
        column("Phase", ".status.phase"),
        column("Stage", ".status.stage.percent", kind="integer"),
        column("Users", ".status.users", kind="integer"),
        column("LastKnownGood", ".status.lastKnownGood.path"),
        column("Candidate", ".status.candidate.path"),
        column("Age", ".metadata.creationTimestamp", kind="date"),
        column("Ready", of_condition("Ready", "status"), priority=1),
        column("Source", ".spec.source", priority=1),
        column("Reason", ".status.reason", priority=1),
        column("Paused", ".spec.paused", kind="boolean", priority=1),
        column("Pin", ".spec.pin", priority=1),
    ),
)
