"""A canary's project, and looks at a resource of it, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kubervisor.workflow.project.model import Parameter, Phase, Project
from kubervisor.workflow.scheduler.decision import finalizer, plan, settle
from kubervisor.workflow.scheduler.facts import (
    Event,
    Failure,
    MoveOn,
    Plan,
    Reason,
    ResourceState,
    Rest,
    RunWorker,
    Settled,
)
from kubervisor.workflow.worker import Outcome

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
INTERVAL = 5.0

DEPLOYMENTS = Parameter("deployments", "Deployment", "apps", "v1")
SERVICES = Parameter("services", "Service", "", "v1")
CLASSES = Parameter("gatewayclasses", "GatewayClass", "gateway.networking.k8s.io", "v1", False)

INITIALIZING = Phase("Initializing", initial=True, outputs=("deployments", "services"))
WAITING = Phase("Waiting", inputs=("deployments",), outputs=("services",))
EVALUATING = Phase(
    "Evaluating",
    inputs=("metrics",),
    outputs=("services",),
    next=("Promoting", "RollBack"),
    work_interval=2.0,
    timeout=600.0,
    on_timeout="RollBack",
    retries=3,
    on_failure="RollBack",
)
PROMOTING = Phase("Promoting", outputs=("deployments",))
ROLL_BACK = Phase("RollBack")
FINISHED = Phase("Finished", final=True)

CANARY = Project(
    kind="CanaryDeployment",
    group="autopilot.examples.io",
    version="v1",
    operator_name="canary-operator",
    phases=(INITIALIZING, WAITING, EVALUATING, PROMOTING, ROLL_BACK, FINISHED),
    parameters=(DEPLOYMENTS, SERVICES, CLASSES),
)
FINALIZED = replace(CANARY, enable_finalizer=True)
OURS = finalizer(CANARY)

BROKEN = Failure(Reason.WORKER_FAILED, "ValueError: no pods")


def project_with(phase: Phase, base: Project = CANARY) -> Project:
    """The canary's project with `phase` in place of the one of its name."""
    phases = tuple(phase if one.name == phase.name else one for one in base.phases)
    return replace(base, phases=phases)


def state(
    status: Mapping[str, Any] | None = None,
    *,
    generation: int = 1,
    deleting: bool = False,
    finalizers: tuple[str, ...] = (),
) -> ResourceState:
    return ResourceState("uid-1", generation, deleting, finalizers, status or {})


def status_in(phase: Phase, *, since: datetime = NOW, **more: Any) -> dict[str, Any]:
    """What is stored of a resource that a sync has left in `phase`."""
    text = f"{since.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    return {
        "phase": phase.name,
        "observedGeneration": 1,
        "phaseSince": text,
        "phaseHistory": [{"phase": phase.name, "since": text}],
        "conditions": [],
        **more,
    }


def condition(status: Mapping[str, Any], type: str) -> dict[str, Any]:
    return next((one for one in status["conditions"] if one["type"] == type), {})


@dataclass
class Story:
    """A resource that is synced again and again: each status is stored as it was settled."""

    project: Project = CANARY
    now: datetime = NOW
    generation: int = 1
    status: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    writes: int = 0

    @property
    def state(self) -> ResourceState:
        return state(self.status, generation=self.generation)

    @property
    def phase(self) -> Phase | None:
        return self.project.find(self.status.get("phase", ""))

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def plan(self) -> Plan:
        """What is due; what is to be stored without a worker is stored."""
        due = plan(self.project, self.state, self.now)
        if isinstance(due, MoveOn | Rest) and due.status is not None:
            self._store(due.status)
        if isinstance(due, MoveOn):
            self.events += due.events
        return due

    def sync(
        self, result: Outcome[Any] | Failure, user_status: Mapping[str, Any] | None = None
    ) -> Settled:
        due = plan(self.project, self.state, self.now)
        assert isinstance(due, RunWorker)
        settled = settle(
            self.project,
            self.state,
            due.phase,
            result,
            user_status,
            self.now,
            work_interval=INTERVAL,
        )
        if settled.status is not None:
            self._store(settled.status)
        self.events += settled.events
        return settled

    def _store(self, status: dict[str, Any]) -> None:
        self.status = status
        self.writes += 1
