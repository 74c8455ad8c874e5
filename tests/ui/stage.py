"""Services to look at, without a cluster: real caches, desks and recorder, judgements at will."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import structlog

from kubervisor import instants
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.records import ServiceRecord, SpecRecord, packed
from kubervisor.kube.watches import Caches
from kubervisor.runtime.assignment import Assignment, Stance
from kubervisor.runtime.clock import Clock
from kubervisor.runtime.desk import Desk, Shared
from kubervisor.runtime.gather import Gatherer
from kubervisor.runtime.ledger import Decision
from kubervisor.runtime.scheduler import Scheduler
from kubervisor.traffic.bounds import Bounds
from kubervisor.traffic.detector_policy import DiscretePolicy, SourceRef
from kubervisor.traffic.model import Pod, ServiceKey
from kubervisor.traffic.policy import BreakerPolicy, ServicePolicy
from kubervisor.traffic.reasons import Reason
from kubervisor.traffic.verdict import Finding, Judgement, Verdict
from kubervisor.ui.announced import AnnouncedEvents
from kubervisor.ui.documents import Controller
from kubervisor.ui.history import History
from kubervisor.ui.memory import MINUTE
from kubervisor.ui.recorder import Recorder
from kubervisor.ui.rollouts import Rollouts
from kubervisor.ui.rules import Remediation
from kubervisor.ui.view import View
from kubervisor.ui.workflows import PhaseWorkflows
from tests.builders import BREAKER, KEY, NOW, PodDraft, a_pod, a_policy

GOOD = {"Ready": "True", "Active": "True", "SourcesAvailable": "True", "Running": "True"}
BAD = ("BelowFloor", "Panicking", "BudgetExhausted", "QueryMismatch", "DryRun", "Paused")
TOLERANCE = 50.0


def a_detector() -> DiscretePolicy:
    return DiscretePolicy(
        SourceRef("main"),
        "requests",
        "code",
        "pod",
        good=frozenset({"200"}),
        tolerance_percent=TOLERANCE,
    )


def a_judging_policy(**more: Any) -> ServicePolicy:
    policy = a_policy(**more)
    judging: tuple[BreakerPolicy, ...] = tuple(
        # A period that is no less than what is sampled has its first step sampled too.
        replace(breaker, detector=a_detector(), period=float(MINUTE))
        for breaker in policy.breakers
    )
    return replace(policy, breakers=judging)


def a_status(*, wrong: Mapping[str, tuple[str, str]] | None = None, **fleet: int) -> dict[str, Any]:
    """A status in which all is well but the conditions in `wrong`: reason and message."""
    states = {**GOOD, **dict.fromkeys(BAD, "False")}
    conditions = [
        {
            "type": kind,
            "status": state,
            "reason": "Fine",
            "message": "",
            "lastTransitionTime": instants.render(NOW - 60, "seconds"),
        }
        for kind, state in states.items()
    ]
    for condition in conditions:
        if wrong and condition["type"] in wrong:
            reason, message = wrong[condition["type"]]
            condition["status"] = "False" if condition["type"] in GOOD else "True"
            condition["reason"], condition["message"] = reason, message
    counts = {"members": 10, "serving": 10, "ejected": 0, "paused": 0, "floor": 5, "mayEject": 5}
    return {"conditions": conditions, "fleet": counts | fleet, "breakers": BREAKER}


class Stage:
    """The Services of a controller at the instant `now`."""

    def __init__(self, *, history: History | None = None) -> None:
        self.now = NOW
        self.leading = True
        self.caches, self.overlay = Caches(), Overlay()
        self.recorder = Recorder(history, spread=lambda: 0.0)
        self.events = AnnouncedEvents(cast("Any", None), "kubervisor", "here")
        self.rollouts = Rollouts(cast("Any", None), ())
        self.remediation = Remediation(cast("Any", None), ())
        self.workflows = PhaseWorkflows(cast("Any", None), ())
        self.desks: dict[ServiceKey, Desk] = {}
        self.log = structlog.stdlib.get_logger()
        self._gatherer = Gatherer(self.caches.pods, self.caches.services, self.overlay)
        self._version = 0

    def view(self) -> View:
        return View(
            caches=self.caches,
            gatherer=self._gatherer,
            supervisor=cast("Any", SimpleNamespace(get=self._worker)),
            recorder=self.recorder,
            events=self.events,
            rollouts=self.rollouts,
            remediation=self.remediation,
            workflows=self.workflows,
            controller=self.controller,
            now=lambda: self.now,
        )

    def controller(self) -> Controller:
        return Controller("1.0", "here", self.leading, "here", False, True, "")

    def add(
        self,
        key: ServiceKey = KEY,
        *,
        pods: int | Iterable[Pod] = 3,
        policy: ServicePolicy | None = None,
        status: Mapping[str, Any] | None = None,
        spec: Mapping[str, Any] | None = None,
        stance: Stance = Stance.GUARD,
    ) -> Desk:
        """A guarded Service; `pods` are made where a number is given."""
        selector = {"app": key.name}
        self.put(key, status=a_status() if status is None else status, spec=spec)
        self.caches.services.upsert(
            ServiceRecord(key.namespace, key.name, "s", "1", selector, "ClusterIP", "", False)
        )
        drafts = [a_pod(f"{key.name}-{n}") for n in range(pods)] if isinstance(pods, int) else pods
        for pod in drafts:
            self.put_pod(key, pod)
        assignment = Assignment(
            key,
            f"uid-of-{key}",
            1,
            policy or a_judging_policy(),
            stance,
            Reason.GUARDING,
            "",
            tuple(selector.items()),
            active=True,
        )
        desk = self.desks[key] = Desk(assignment, self._shared())
        return desk

    def put(
        self,
        key: ServiceKey,
        *,
        status: Mapping[str, Any],
        spec: Mapping[str, Any] | None = None,
    ) -> None:
        """Store the KubervisorService with that status."""
        self._version += 1
        self.caches.specs.upsert(
            SpecRecord(
                namespace=key.namespace,
                name=key.name,
                uid=f"uid-of-{key}",
                resource_version=str(self._version),
                generation=1,
                created_at=NOW - 7200,
                deleting=False,
                finalizers=(),
                annotations={},
                spec={"service": key.name, "breakers": []} | dict(spec or {}),
                stored_status=packed(msgspec.json.encode(status)),
            )
        )

    def put_pod(self, key: ServiceKey, pod: Pod) -> None:
        """Have the watch show the pod as one of the Service's."""
        self._version += 1
        assert isinstance(pod, PodDraft)
        owned = replace(
            pod.labelled(app=key.name).claimed(key.name),
            namespace=key.namespace,
            version=str(self._version),
        )
        self.caches.pods.upsert(owned)

    def remove(self, key: ServiceKey) -> None:
        record = self.caches.specs.get(key.namespace, key.name)
        assert record is not None
        self.caches.specs.delete(record)
        self.desks.pop(key).stopped.set()

    def judge(self, shares: Mapping[str, float] | None = None, key: ServiceKey = KEY) -> None:
        """A judgement of the first breaker: all pods fine but those in `shares`, which have so
        many percent out of the list.
        """
        desk = self.desks[key]
        fleet, breaker = desk.fleet_alone(), desk.assignment.policy.breakers[0]
        found = []
        for pod in fleet.pods:
            share = (shares or {}).get(pod.name, 1.0)
            judgement = Judgement.OUTLIER if share > TOLERANCE else Judgement.FINE
            said = f"{share:g} %"
            found.append(Finding(pod.uid, pod.name, judgement, share, share, TOLERANCE, said))
        verdict = Verdict(breaker.name, self.now, 60.0, tuple(found))
        self.recorder(desk, breaker, fleet, verdict)

    def decide(self, pod: str, action: str, evidence: str = "", key: ServiceKey = KEY) -> None:
        """Put a decision on record."""
        said = Decision(self.now, action, pod, f"uid-of-{pod}", BREAKER, "Outlier", evidence)
        self.desks[key].ledger.record(said)

    def _worker(self, key: ServiceKey) -> Any:
        desk = self.desks.get(key)
        return None if desk is None else SimpleNamespace(desk=desk)

    def _shared(self) -> Shared:
        nothing: Any = SimpleNamespace()
        return Shared(
            gatherer=self._gatherer,
            sources=nothing,
            fetches=nothing,
            scraping=nothing,
            ejections=nothing,
            clock=Clock(wall=lambda: self.now, monotonic=lambda: self.now),
            log=self.log,
            events=self.events,
            check=lambda: None,
            epoch=lambda: 1,
            changed=lambda _: None,
            exists=lambda *_: True,
            bounds=Bounds(),
            breakers=Scheduler("breaker", Clock()),
            activators=Scheduler("activator", Clock()),
        )
