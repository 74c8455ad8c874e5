"""Who is told what a rollout does: Events on its DataRollout, the log, and counters."""

from __future__ import annotations

from kubervisor.datarollout.controller.members import Key
from kubervisor.datarollout.decision.state import Phase, Reason, RolloutPlan, RolloutState
from kubervisor.kube.data_rollouts import RolloutEvents
from kubervisor.kube.events import EventType
from kubervisor.kube.records import SpecRecord
from kubervisor.telemetry import data_metrics
from kubervisor.telemetry.logs import Log

ACTION = "RollOut"


class RolloutNews:
    """Tells of each look what is new, and keeps the gauges. Thread-safe: each source has its own
    entries.
    """

    def __init__(self, events: RolloutEvents, log: Log) -> None:
        self._events, self._log = events, log
        self._would: dict[Key, str] = {}

    def tell(self, key: Key, record: SpecRecord, before: RolloutState, plan: RolloutPlan) -> None:
        """The state is stored: count what it means, and tell its news."""
        namespace, source = key
        self._count(key, before, plan)
        for news in plan.news:
            self._events.record(
                record,
                type=EventType.WARNING if news.warning else EventType.NORMAL,
                reason=news.reason.value,
                action=ACTION,
                note=news.message,
            )
            self._log.info(
                "Data rollout",
                namespace=namespace,
                source=source,
                reason=news.reason.value,
                message=news.message,
            )

    def would(self, key: Key, plan: RolloutPlan) -> None:
        """Tell once what a look would do, were this no dry run."""
        asked = ", ".join(f"{user.name}: {version.path}" for user, version in plan.requests[:3])
        said = f"{plan.reason.value}: {plan.message} ({len(plan.requests)} pods; {asked})"
        if plan.requests and self._would.get(key) != said:
            self._log.info("Would ask", namespace=key[0], source=key[1], plan=said)
        self._would[key] = said

    def forget(self, key: Key) -> None:
        """The DataRollout is gone."""
        self._would.pop(key, None)
        data_metrics.forget_rollout(*key)

    def _count(self, key: Key, before: RolloutState, plan: RolloutPlan) -> None:
        after, tally = plan.state, plan.tally
        data_metrics.begin_rollout(*key)
        for phase in Phase:
            data_metrics.PHASE.labels(*key, phase.value).set(phase is after.phase)
        other = tally.users - tally.on_last_known_good - tally.on_candidate
        for version, users in (
            ("lastKnownGood", tally.on_last_known_good),
            ("candidate", tally.on_candidate),
            ("other", other),
        ):
            data_metrics.USERS.labels(*key, version).set(users)
        out = before.candidate
        if out is None or out.is_same(after.candidate):
            return
        if out.is_same(after.last_known_good):
            data_metrics.PROMOTIONS.labels(*key).inc()
            return
        entry = next((one for one in after.quarantine if one.version.is_same(out)), None)
        reason = entry.reason if entry else Reason.WITHDRAWN
        data_metrics.ROLLBACKS.labels(*key, reason.value).inc()
