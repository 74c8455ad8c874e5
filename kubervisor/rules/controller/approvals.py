"""ActionApprovals: people's answers, and asking for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kubervisor import instants
from kubervisor.api.autopilot_approval import (
    ActionApprovalStatus,
    ActionPreview,
    ExpectedResult,
    InvolvedObject,
    PreviewedAction,
    RuleReference,
)
from kubervisor.errors import ApiUnavailable, Conflict
from kubervisor.kube.fresh import Fresh
from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_records import RuleObjectRecord
from kubervisor.kube.rule_writer import RuleWriter
from kubervisor.rules.controller.naming import approval_name
from kubervisor.rules.decision.facts import Answer, ApprovalView, ApprovalWish, WishKind
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, RulePolicy

API_VERSIONS = {
    ObjectKind.CLAIM: "v1",
    ObjectKind.POD: "v1",
    ObjectKind.DEPLOYMENT: "apps/v1",
    ObjectKind.STATEFUL_SET: "apps/v1",
}


class Approvals:
    """Asks, and knows what was answered. Thread-safe but for `take_in`."""

    def __init__(self, writer: RuleWriter, fresh: Fresh[SpecRecord]) -> None:
        self._writer, self._fresh = writer, fresh
        self._stored: Mapping[tuple[str, str], SpecRecord] = {}

    def take_in(self, records: Iterable[SpecRecord]) -> None:
        """Have these for all that there are."""
        self._stored = {(one.namespace, one.name): one for one in records if not one.deleting}

    def view(self, policy: RulePolicy, ref: ObjectRef) -> ApprovalView | None:
        """The answer for a rule and an object; None where nothing is asked."""
        record = self._find(policy, ref)
        if record is None:
            return None
        status, word = record.status, record.spec.get("approvalState")
        expires_at, digest = status.get("expiresAt"), status.get("actionsDigest")
        return ApprovalView(
            answer=next((one for one in Answer if one.value == word), Answer.PENDING),
            digest=digest if isinstance(digest, str) else "",
            expires_at=(instants.parse(expires_at) if isinstance(expires_at, str) else 0.0) or 0.0,
        )

    def is_doubtful(self, policy: RulePolicy, ref: ObjectRef) -> bool:
        """Whether nobody knows how it is stored."""
        record = self._find(policy, ref)
        return record is not None and self._fresh.is_doubtful(record.uid)

    def grant(
        self,
        wish: ApprovalWish,
        policy: RulePolicy,
        ref: ObjectRef,
        owner: RuleObjectRecord,
        now: float,
    ) -> None:
        """Have it as it is wished. Raises ApiError."""
        record = self._find(policy, ref)
        if wish.kind is WishKind.CANCEL:
            if record is not None:
                self._set(record, Answer.CANCELED)
            return
        if record is None:
            record = self._make(policy, ref, owner)
        else:
            # First of all the old answer goes: it must never stand beside the new question.
            record = self._set(record, Answer.PENDING, policy)
        self._write(record, lambda: self._writer.show(record, _status(wish, policy, ref, now)))

    def _find(self, policy: RulePolicy, ref: ObjectRef) -> SpecRecord | None:
        return self._stored.get((ref.namespace, approval_name(policy.name, ref.name)))

    def _make(self, policy: RulePolicy, ref: ObjectRef, owner: RuleObjectRecord) -> SpecRecord:
        name = approval_name(policy.name, ref.name)
        try:
            made = self._writer.ask(owner, name, _spec(policy))
        except Conflict:
            # It is there, and the watch has not shown it yet.
            self._fresh.note(self._writer.find_approval(ref.namespace, name))
            raise
        self._fresh.note(made)
        return made

    def _set(
        self, record: SpecRecord, answer: Answer, policy: RulePolicy | None = None
    ) -> SpecRecord:
        spec = _spec(policy) if policy else {**record.spec, "approvalState": answer.value}
        if spec == record.spec:
            return record
        return self._write(record, lambda: self._writer.settle(record, spec))

    def _write(self, record: SpecRecord, write: Callable[[], SpecRecord]) -> SpecRecord:
        try:
            stored = write()
        except (Conflict, ApiUnavailable):
            self._fresh.doubt(record)
            raise
        self._fresh.note(stored)
        return stored


def _spec(policy: RulePolicy) -> dict[str, Any]:
    actions = [_action(call.name, call.params) for call in policy.actions]
    return {"approvalState": Answer.PENDING.value, "actions": actions}


def _action(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, **({"params": dict(params)} if params else {})}


def _status(wish: ApprovalWish, policy: RulePolicy, ref: ObjectRef, now: float) -> dict[str, Any]:
    params = {call.name: dict(call.params) for call in policy.actions}
    involved = InvolvedObject(
        api_version=API_VERSIONS[ObjectKind(ref.kind)],
        kind=ref.kind,
        namespace=ref.namespace,
        name=ref.name,
        uid=ref.uid,
    )
    return ActionApprovalStatus(
        rule=RuleReference(namespace="", name=policy.name),
        last_process_timestamp=instants.render(now, "seconds"),
        action_previews=[
            ActionPreview(
                action=PreviewedAction(
                    name=intent.action, params=params.get(intent.action) or None
                ),
                expected_result=ExpectedResult(message=intent.summary),
                involved_objects=[involved],
            )
            for intent in wish.intents
        ],
        actions_digest=wish.digest,
        expires_at=instants.render(wish.expires_at, "seconds"),
    ).wire()
