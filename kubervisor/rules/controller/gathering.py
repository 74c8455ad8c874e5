"""What a rule sees at one step of the loop: its objects, and a reading of each once polled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from kubervisor.kube.rule_records import SeenObject
from kubervisor.rules.actions.quantities import parse
from kubervisor.rules.controller.accessing import Accessing
from kubervisor.rules.controller.catalog import Rule
from kubervisor.rules.controller.choosing import LabelsOf, choose
from kubervisor.rules.controller.joining import Found, join
from kubervisor.rules.controller.polling import Polled, Polls
from kubervisor.rules.controller.statuses import Finding
from kubervisor.rules.controller.watches import Kind
from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, RulePolicy, RuleType
from kubervisor.rules.decision.reading import ClaimSize, read_object, unknown
from kubervisor.rules.decision.states import Reason, Sizes
from kubervisor.telemetry import rule_metrics

BeforeOf = Callable[[str], Iterable[Sizes]]
"""What an object's capacity was when actions on it began, by its uid."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An object of a rule, and what is known of it."""

    ref: ObjectRef
    reading: Reading
    involved: tuple[ObjectRef, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What came of the poll of a rule. `objects` are by uid, None where nobody knows which."""

    objects: Mapping[str, Seen] | None
    finding: Finding


class Gathering:
    """Belongs to one thread."""

    def __init__(
        self,
        polls: Polls,
        kinds: Mapping[ObjectKind, Kind],
        labels_of: LabelsOf,
        accessing: Accessing,
        *,
        most: int,
    ) -> None:
        """A rule that selects more than `most` objects is not followed."""
        self._accessing = accessing
        self._polls, self._kinds, self._labels_of, self._most = polls, kinds, labels_of, most

    def look(self, rule: Rule, policy: RulePolicy, before: BeforeOf) -> View | None:
        """What came of the poll that was due; None while none has. Raises RuntimeError where a
        thread is needed that the process may not have.
        """
        kind = self._kinds[policy.kind]
        if not kind.watches.are_synced():
            problem = kind.watches.problem()
            return View(None, Finding(False, "ObjectsUnknown", problem)) if problem else None
        if policy.type is RuleType.VOLUME_ACCESS:
            return self._look_at_access(rule, policy, kind)
        polled = self._polls.take(policy, rule.source)
        if polled is None:
            return None
        chosen = choose(policy, kind.seen(), self._labels_of)
        if len(chosen) > self._most:
            return View(None, self._too_many(len(chosen)))
        rule_metrics.POLLS.labels(policy.name, polled.outcome).inc()
        if polled.failure is not None:
            return _silent(chosen, polled)
        found = join(policy, polled.samples, chosen)
        objects = {
            uid: Seen(ref_of(one), _read(policy, one, found[uid], before(uid), polled.at))
            for uid, one in chosen.items()
        }
        return View(objects, _judge(rule, polled, found))

    def next_look(self) -> float:
        """Seconds until the use of volumes is to be looked at again."""
        return self._accessing.next_look()

    def _look_at_access(self, rule: Rule, policy: RulePolicy, kind: Kind) -> View | None:
        if not self._accessing.are_synced():
            problem = self._accessing.watches.problem()
            return View(None, Finding(False, "ObjectsUnknown", problem)) if problem else None
        chosen = choose(policy, kind.seen(), self._labels_of)
        if len(chosen) > self._most:
            return View(None, self._too_many(len(chosen)))
        refs = {uid: ref_of(one) for uid, one in chosen.items()}
        found = self._accessing.take(rule, policy, refs)
        if found is None:
            return None
        return View({uid: Seen(refs[uid], *of) for uid, of in found.items()}, rule.finding)

    def _too_many(self, count: int) -> Finding:
        why = (
            f"spec.selector and spec.namespaceSelector choose {count} objects, and one rule looks "
            f"after {self._most} at most (--max-objects): choose fewer"
        )
        return Finding(False, "TooManyObjects", why)


def _silent(chosen: Mapping[str, SeenObject], polled: Polled) -> View:
    reading = unknown(Reason.NO_DATA, str(polled.failure), polled.at)
    objects = {uid: Seen(ref_of(one), reading) for uid, one in chosen.items()}
    return View(objects, Finding(False, "SourceUnavailable", str(polled.failure)))


def _judge(rule: Rule, polled: Polled, found: Mapping[str, Found]) -> Finding:
    """An answer in which nobody is named is mostly about other labels than the rule's."""
    is_named = any(any(one.expressions) for one in found.values())
    if not found or is_named or not polled.samples:
        return rule.finding
    why = (
        f"The answer names none of the {len(found)} objects: see metricLabels, which say by which "
        "labels a sample names its object"
    )
    return Finding(rule.finding.holds, "NoObjectNamed", why)


def _read(
    policy: RulePolicy, one: SeenObject, found: Found, before: Iterable[Sizes], now: float
) -> Reading:
    size = _size(one) if policy.kind is ObjectKind.CLAIM else None
    return read_object(policy, found.expressions, found.capacity, size, before, now)


def _size(one: SeenObject) -> ClaimSize | None:
    """None where the claim has no volume yet."""
    capacity = _bytes(one.capacity)
    return ClaimSize(capacity, _bytes(one.requested) or capacity) if capacity else None


def ref_of(one: SeenObject) -> ObjectRef:
    """Which object it is."""
    return ObjectRef(one.kind, one.namespace, one.name, one.uid)


@lru_cache(maxsize=4096)
def _bytes(quantity: str) -> int:
    try:
        return parse(quantity)
    except ValueError:
        return 0
