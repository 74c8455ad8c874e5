"""One source of one namespace at one look: from what is stored and what pods say to a plan, whose
state is stored before any pod hears of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from kubervisor.datarollout.controller.asker import Ask
from kubervisor.datarollout.controller.conditions import Finding
from kubervisor.datarollout.controller.members import Key, Members, requests_for, user_of
from kubervisor.datarollout.controller.objects import read_policy, read_state
from kubervisor.datarollout.controller.offers import Offer
from kubervisor.datarollout.controller.rollout_news import RolloutNews
from kubervisor.datarollout.controller.statuses import refused, status_of
from kubervisor.datarollout.decision.state import RolloutPlan, RolloutPolicy, View
from kubervisor.errors import ApiError, ApiUnavailable, Conflict, NotFound, SpecError
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord

Decide = Callable[[View, float], RolloutPlan]


@dataclass(slots=True)
class Turn:
    """What one look begins with for one source: `record` is None where the object is to be made
    under `name`. `trouble` is what went wrong with its requests at the look before.
    """

    key: Key
    name: str
    record: SpecRecord | None
    members: Members
    trouble: str = ""
    asks: list[Ask] = field(default_factory=list)


class Decider:
    """`take` may be called for several sources at once; each is known to one call at a time."""

    def __init__(
        self,
        decide: Decide,
        writer: DataWriter,
        rollouts: Fresh[SpecRecord],
        news: RolloutNews,
        *,
        default: RolloutPolicy,
        dry_run: bool,
    ) -> None:
        self._decide, self._writer, self._rollouts = decide, writer, rollouts
        self._news, self._default, self._dry_run = news, default, dry_run
        self._policies: dict[str, RolloutPolicy] = {}

    def take(self, turn: Turn, offer: Offer, now: float) -> None:
        """Decide, store the state, and leave in `turn.asks` which pods are to be asked for what.

        Raises ApiError where the state could not be stored: nobody is asked then.
        """
        record = turn.record or self._make(turn)
        view, finding = self._view(turn, record, offer, now)
        plan = self._decide(view, now)
        if self._dry_run:
            self._news.would(turn.key, plan)
            plan = _rehearsed(plan, view)
        status = status_of(
            record.status,
            record.generation,
            plan,
            view,
            repository=offer.problem,
            finding=finding,
            now=now,
        )
        self._store(record, status)
        self._news.tell(turn.key, record, view.state, plan)
        pods: dict[str, DataPod] = {pod.uid: pod for pod in turn.members.users}
        for user, version in plan.requests:
            names = turn.members.needs[user.uid].names_of(turn.key[1])
            turn.asks.append(Ask(turn.key, pods[user.uid], requests_for(names, version, now)))

    def refuse(self, record: SpecRecord, finding: Finding, now: float) -> None:
        """Say on a DataRollout why nothing is done for it. Raises ApiError."""
        self._store(record, refused(record.status, record.generation, finding, now))

    def forget_all_but(self, uids: Iterable[str]) -> None:
        """Drop what is known of DataRollouts that are gone."""
        kept = set(uids)
        self._policies = {uid: one for uid, one in self._policies.items() if uid in kept}

    def _make(self, turn: Turn) -> SpecRecord:
        namespace, source = turn.key
        spec = {} if turn.name == source else {"source": source}
        made = self._writer.make(namespace, turn.name, spec)
        self._rollouts.note(made)
        return made

    def _view(
        self, turn: Turn, record: SpecRecord, offer: Offer, now: float
    ) -> tuple[View, Finding | None]:
        source, members = turn.key[1], turn.members
        finding = Finding("RequestsFailing", turn.trouble) if turn.trouble else None
        try:
            policy = self._policies[record.uid] = read_policy(record, self._default)
        except SpecError as error:
            finding = Finding("SpecInvalid", f"{error}; the last valid spec, or none, goes on")
            # Without one nobody knows how far a version may go: no further.
            policy = self._policies.get(record.uid, replace(self._default, paused=True))
        users = (
            user_of(pod, members.needs[pod.uid].names_of(source), now) for pod in members.users
        )
        failing = sum(pod.failing_since(now) is not None for pod in members.dependants)
        view = View(
            state=read_state(record.status),
            policy=policy,
            published=offer.of(source),
            users=tuple(users),
            dependants=len(members.dependants),
            failing=failing,
        )
        return view, finding

    def _store(self, record: SpecRecord, status: dict[str, object]) -> None:
        if status == record.status:
            return
        try:
            self._rollouts.note(self._writer.report(record, status))
        except NotFound:
            self._rollouts.forget(record)
            raise
        except ApiError as error:
            if isinstance(error, Conflict) or (isinstance(error, ApiUnavailable) and error.sent):
                self._rollouts.doubt(record)
            raise


def _rehearsed(plan: RolloutPlan, view: View) -> RolloutPlan:
    """What a dry run reports of `plan`: nothing of it happens."""
    message = f"Dry run, nothing is asked of pods: {plan.message}"
    return replace(plan, state=view.state, requests=(), news=(), message=message)
