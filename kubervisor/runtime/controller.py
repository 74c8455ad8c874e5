"""What happens to a KubervisorService: from its spec and its Service to an assignment for its
worker.

Level-driven: `reconcile` looks at what is, never at what changed, and may run at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from kubervisor.api.policy import to_policy
from kubervisor.errors import ApiError, CapacityExceeded, Conflict, NotFound, SpecError
from kubervisor.kube.client import Api
from kubervisor.kube.events import EventType
from kubervisor.kube.objects import add_finalizer, are_claimed, remove_finalizer
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.watches import Caches
from kubervisor.runtime.assignment import JUDGING, Assignment, Stance
from kubervisor.runtime.desk import Shared
from kubervisor.runtime.ground import ground_of
from kubervisor.runtime.standing import Facts, compose, compose_refused, facts_of
from kubervisor.runtime.status_writer import StatusWriter
from kubervisor.runtime.supervisor import Supervisor
from kubervisor.runtime.workqueue import WorkQueue
from kubervisor.traffic import keys
from kubervisor.traffic.bounds import bounded, describe_bounds
from kubervisor.traffic.model import ServiceKey
from kubervisor.traffic.policy import ServicePolicy
from kubervisor.traffic.reasons import Reason

REFUSALS = frozenset(
    {
        Reason.SPEC_INVALID,
        Reason.OVERLAPPING_FLEET,
        Reason.SERVICE_NOT_FOUND,
        Reason.SERVICE_UNSUPPORTED,
        Reason.SERVICE_WITHOUT_SELECTOR,
    }
)
"""Why a KubervisorService guards nothing: a person must change something."""

FIRST_STATUS = 2.0
"""Seconds for which the first status of ours waits for an evaluation, which has it written: until
then that of the leader before us stands, and one that says nothing yet would be written twice.
"""


class Controller:
    """Reconciles KubervisorServices and writes their statuses; both are called by queue workers."""

    def __init__(
        self,
        *,
        caches: Caches,
        api: Api,
        supervisor: Supervisor,
        statuses: StatusWriter,
        shared: Shared,
        is_stopped: Callable[[str], bool],
        dry_run: bool,
        queue: WorkQueue[ServiceKey],
        settling: WorkQueue[ServiceKey],
    ) -> None:
        """`queue` holds what is to be reconciled, `settling` whose status is to be written."""
        self._caches, self._api = caches, api
        self._supervisor, self._statuses, self._shared = supervisor, statuses, shared
        self._is_stopped, self._dry_run = is_stopped, dry_run
        self._queue, self._settling, self._log = queue, settling, shared.log
        self._valid: dict[str, ServicePolicy] = {}
        self._refused: dict[ServiceKey, tuple[Reason, str]] = {}
        self._left: set[ServiceKey] = set()

    def reconcile(self, key: ServiceKey) -> None:
        """Bring the worker of `key` in line with what is. Raises ApiError to be tried again."""
        record = self._caches.specs.get(key.namespace, key.name)
        if record is None:
            self._forget(key)
            return
        if self._statuses.is_anothers(record):
            self._leave(key)
            return
        if record.deleting:
            self._finalize(key, record)
            return
        stopped = self._is_stopped(key.namespace)
        if not stopped and keys.FINALIZER not in record.finalizers:
            # Before the first side effect, so that no deletion can leave a pod out of traffic.
            self._shared.check()
            try:
                record = add_finalizer(self._api, record)
            except (Conflict, NotFound):
                self._queue.add(key, after=0.1)
                return
        self._run(key, self._assign(key, record, stopped=stopped), record)

    def write_status(self, key: ServiceKey) -> None:
        """Write the status of `key` if it says something new. Raises ApiError to be tried again."""
        record = self._caches.specs.get(key.namespace, key.name)
        if record is None or self._is_stopped(key.namespace):
            return
        worker = self._supervisor.get(key)
        facts = facts_of(worker.desk.assignment, worker.desk) if worker else self._refused.get(key)
        if facts is None or self._statuses.has_told(record, facts):
            return
        previous, now = self._statuses.last_written(record), self._shared.clock.wall()
        if isinstance(facts, Facts):
            status = compose(facts, previous, now=now)
        else:
            status = compose_refused(record.generation, *facts, previous, now=now)
        if wait := self._statuses.write(record, status, facts):
            self._settling.add(key, after=wait)

    def _assign(self, key: ServiceKey, record: SpecRecord, *, stopped: bool) -> Assignment:
        problem = ""
        bounds, notes = self._shared.bounds, ""
        try:
            asked = to_policy(record.spec, name=record.name)
            policy = self._valid[record.uid] = bounded(asked, bounds)
            notes = describe_bounds(asked, bounds)
        except SpecError as error:
            problem = str(error)
            policy = self._valid.get(record.uid) or _returning_only(record)
        ground = ground_of(record, policy, self._caches, dry_run=self._dry_run)
        if notes and ground.reason not in REFUSALS:
            ground = replace(ground, message=f"{ground.message}. {notes}")
        if problem:
            ground = replace(
                ground,
                stance=Stance.RETURN if ground.selector else Stance.RELEASE,
                reason=Reason.SPEC_INVALID,
                message=problem,
            )
        if stopped:
            note = "`kubervisor release` or stop is at work in this namespace"
            ground = replace(ground, stance=Stance.STOPPED, reason=Reason.RELEASED, message=note)
        if ground.reason in REFUSALS:
            self._tell_refused(record, ground.reason, ground.message)
        return Assignment(
            key=key,
            uid=record.uid,
            generation=record.generation,
            policy=policy,
            stance=ground.stance,
            reason=ground.reason,
            message=ground.message,
            selector=ground.selector,
            active=ground.active,
        )

    def _run(self, key: ServiceKey, assignment: Assignment, record: SpecRecord) -> None:
        is_new, recorded = self._supervisor.get(key) is None, record.status
        if is_new and assignment.stance is not Stance.STOPPED and self._statuses.declares(record):
            # Where nothing is declared, the first status claims the object, or the first ejection.
            self._statuses.claim(record)
        try:
            self._supervisor.ensure(assignment, recorded)
        except CapacityExceeded as error:
            self._tell_refused(record, Reason.CAPACITY_EXCEEDED, str(error))
            self._refused[key] = (Reason.CAPACITY_EXCEEDED, str(error))
            self._queue.add(key, after=30.0)
        else:
            self._refused.pop(key, None)
        if is_new and (recorded or assignment.stance in JUDGING):
            self._settling.add(key, after=FIRST_STATUS)
        else:
            self._shared.changed(key)

    def _leave(self, key: ServiceKey) -> None:
        """Two Leases cover its namespace, and the other's holder came later: the object is its."""
        if key in self._left:
            return
        self._left.add(key)
        self._log.warning("Another controller guards it", namespace=key.namespace, service=key.name)
        self._supervisor.drop(key)
        self._refused.pop(key, None)

    def _finalize(self, key: ServiceKey, record: SpecRecord) -> None:
        """Give every pod back, then let the object go. Events and statuses cannot hold this up."""
        if keys.FINALIZER not in record.finalizers:
            self._forget(key)
            return
        if self._is_stopped(key.namespace):
            self._queue.add(key, after=1.0)
            return
        self._release_all(key, record)
        if self._shared.gatherer.claimed(key):
            self._queue.add(key, after=0.1)
            return
        if are_claimed(self._api, key.namespace, key.name):
            self._queue.add(key, after=0.5)
            return
        self._shared.check()
        try:
            remove_finalizer(self._api, record)
        except NotFound:
            pass
        except Conflict:
            self._queue.add(key, after=0.1)
            return
        self._forget(key)

    def _release_all(self, key: ServiceKey, record: SpecRecord) -> None:
        worker = self._supervisor.get(key)
        assignment = Assignment(
            key=key,
            uid=record.uid,
            generation=record.generation,
            policy=self._valid.get(record.uid) or _returning_only(record),
            stance=Stance.RELEASE,
            reason=Reason.RELEASED,
            message="The KubervisorService is being deleted",
        )
        if worker is None and self._statuses.declares(record):
            # What the fences leave on pods is then released with the rest. Where this fails, the
            # name that they put there leads the sweep of orphans to it.
            with suppress(ApiError):
                self._statuses.claim(record)
        if worker is None and not self._shared.gatherer.claimed(key):
            return
        self._supervisor.ensure(assignment, record.status)

    def _forget(self, key: ServiceKey) -> None:
        worker = self._supervisor.get(key)
        if worker is not None:
            self._valid.pop(worker.desk.assignment.uid, None)
            self._statuses.forget(worker.desk.assignment.uid)
        self._supervisor.drop(key)
        self._refused.pop(key, None)
        self._left.discard(key)

    def _tell_refused(self, record: SpecRecord, reason: Reason, message: str) -> None:
        """Log and announce, once for each message, why nothing is guarded."""
        key = ServiceKey(record.namespace, record.name)
        worker = self._supervisor.get(key)
        known = worker.desk.assignment.message if worker else self._refused.get(key, ("", ""))[1]
        if known == message:
            return
        self._log.warning(
            "Cannot guard",
            namespace=key.namespace,
            service=key.name,
            reason=reason.value,
            error=message,
        )
        self._shared.events.record(
            record, type=EventType.WARNING, reason=reason, action="Reconcile", note=message
        )


def _returning_only(record: SpecRecord) -> ServicePolicy:
    """What is left of a spec that was never valid: pods that are out still return, by the
    defaults.
    """
    service = record.spec.get("service")
    return ServicePolicy(service=service if isinstance(service, str) else "", breakers=())
