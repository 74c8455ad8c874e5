"""The rules as they are written: what each asks for, or why it is not followed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kubervisor.kube.records import SpecRecord
from kubervisor.rules.actions.action import Action
from kubervisor.rules.actions.registry import ACTIONS
from kubervisor.rules.controller.statuses import FOLLOWED, Finding
from kubervisor.rules.decision.policy import MetricLabels, ObjectKind, RulePolicy, RuleType
from kubervisor.rules.reading import Problems, read_rule
from kubervisor.rules_config import find_source
from kubervisor.source_settings import NamedSource

DRY_RUN = Finding(
    True, "DryRun", "Dry run: the rule is judged, and says what it would do; nothing is done."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """An AutopilotRule; `policy` is None where it is not followed, and `finding` says why."""

    record: SpecRecord
    policy: RulePolicy | None
    finding: Finding
    source: str = ""


class Catalog:
    """Reads rules, each once in each generation. Belongs to one thread."""

    def __init__(
        self,
        actions: Mapping[str, Action],
        enabled: Collection[str],
        sources: Sequence[NamedSource],
        *,
        dry_run: bool,
    ) -> None:
        """`actions` are all there are by name, `enabled` the ends of the names of those that an
        administrator lets rules take.
        """
        self._enabled = frozenset(enabled)
        # Of one that is not enabled nobody hears first that its templates or hosts are missing.
        self._actions = {
            name: one if end_of(name) in self._enabled else ACTIONS[name]
            for name, one in actions.items()
        }
        self._sources, self._dry_run = tuple(sources), dry_run
        self._known: dict[str, Rule] = {}

    def read(self, records: Iterable[SpecRecord]) -> list[Rule]:
        """All of them, in the order of their names."""
        rules = [self._read(record) for record in sorted(records, key=lambda one: one.name)]
        self._known = {rule.record.uid: rule for rule in rules}
        return rules

    def _read(self, record: SpecRecord) -> Rule:
        if record.deleting:
            return Rule(record, None, Finding(False, "Deleting", "The rule is being deleted."))
        known = self._known.get(record.uid)
        if known is not None and known.record.generation == record.generation:
            return replace(known, record=record)
        try:
            found = read_rule(record, self._actions)
        except Exception as error:  # noqa: BLE001 - whatever is in it, the other rules go on
            why = f"it cannot be read, {type(error).__name__}: {error}"
            return Rule(record, None, Finding(False, "Error", why))
        if isinstance(found, Problems):
            return Rule(record, None, Finding(False, found.reason, found.message))
        return self._admitted(record, found)

    def _admitted(self, record: SpecRecord, policy: RulePolicy) -> Rule:
        for call in policy.actions:
            end = end_of(call.name)
            if end not in self._enabled:
                why = (
                    f"action {call.name} is not enabled here; an administrator enables it with "
                    f"--actions={end}"
                )
                return Rule(record, None, Finding(False, "ActionNotEnabled", why))
        source = find_source(policy.source, self._sources)
        if source is None and policy.type is RuleType.METRICS:
            names = ", ".join(one.name for one in self._sources) or "none"
            why = (
                f"conditions.provider: no source is named {policy.source!r}; the administrator "
                f"configured: {names}"
            )
            return Rule(record, None, Finding(False, "SourceUnavailable", why))
        if self._dry_run:
            policy = replace(policy, dry_run=True)
        return Rule(record, policy, DRY_RUN if policy.dry_run else FOLLOWED, source or "")


def end_of(action: str) -> str:
    """The end of an action's name, by which settings name it.

    >>> end_of("openstorage.io.action.volume/resize"), end_of("kubervisor.k8s.io.action/job")
    ('volume/resize', 'job')
    """
    return action.rpartition(".action")[2].lstrip("./")


def unfollowed(name: str, uid: str) -> RulePolicy:
    """What goes for a rule that is gone or cannot be read: actions in progress end, none begins."""
    return RulePolicy(
        name=name,
        uid=uid,
        generation=0,
        created_at=0.0,
        kind=ObjectKind.CLAIM,
        labels=MetricLabels((), ()),
    )
