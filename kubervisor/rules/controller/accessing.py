"""What rules of type volumeAccess see: who uses the volumes of their claims without a right to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.kube.records import SpecRecord
from kubervisor.kube.rule_access import AccessCaches
from kubervisor.rules.controller.catalog import Rule
from kubervisor.rules.controller.watches import OnDemand
from kubervisor.rules.decision.access import Access, intruders
from kubervisor.rules.decision.access_parts import (
    Attachment,
    Claim,
    Finding,
    PodUse,
    Volume,
)
from kubervisor.rules.decision.facts import Reading
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, RulePolicy
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import rule_metrics

LOOK_SECONDS = 1.0
"""Looks of several rules at the same time are one."""

BEAT_SECONDS = 5.0
"""Between two looks, however seldom rules are due: what a grace waits for ends unseen otherwise."""

GAP_SECONDS = 60.0
"""Nobody knows what was so while nobody looked for longer: graces begin anew."""

MOST_TOLD = 10
"""Sentences of one claim that its status holds."""

Warn = Callable[[SpecRecord, Iterable[str]], None]


@dataclass(slots=True)
class _Followed:
    """A rule: when it is due (monotonic), and what was told of it."""

    due: float
    told: set[str] = field(default_factory=set)


class Accessing:
    """Belongs to one thread. `warn` hears of each finding once."""

    def __init__(self, caches: AccessCaches, watches: OnDemand, warn: Warn, clock: Clock) -> None:
        self.watches = watches
        self._caches, self._warn, self._clock = caches, warn, clock
        self._access = Access({})
        self._looked: float | None = None
        self._followed: dict[str, _Followed] = {}

    def are_synced(self) -> bool:
        """Whether all is known; the first to ask has the watches begin."""
        return self.watches.are_synced()

    def take(
        self, rule: Rule, policy: RulePolicy, claims: Mapping[str, ObjectRef]
    ) -> dict[str, tuple[Reading, tuple[ObjectRef, ...]]] | None:
        """What is so of each of the `claims` (all by their uids), and the pods that should not use
        it; None while the rule is not due, or nobody knows.
        """
        if not self.watches.are_current():
            return None  # one is behind the others: what they show together never was
        now = self._clock.monotonic()
        access = self._look(now)
        followed = self._followed.setdefault(policy.uid, _Followed(now))
        if now < followed.due:
            return None
        followed.due = now + policy.poll_interval
        found = {uid: access.findings.get(ref, ()) for uid, ref in claims.items()}
        self._tell(rule, followed, claims, found, access.unclaimed)
        rule_metrics.UNAUTHORIZED.labels(policy.name).set(sum(map(bool, found.values())))
        # The round's instant is a little earlier; a reading of after it says nothing of it.
        at = self._clock.wall() - LOOK_SECONDS
        return {uid: (_reading(of, at), _pods(of)) for uid, of in found.items()}

    def next_look(self) -> float:
        """Seconds until it is to be looked at again, infinite where no rule asks."""
        now = self._clock.monotonic()
        dues = [max(0.0, one.due - now) for one in self._followed.values()]
        return min(BEAT_SECONDS, *dues) if dues else math.inf

    def _look(self, now: float) -> Access:
        """Taken at each step of the loop, due or not: a grace is time without a break."""
        if self._looked is not None and now - self._looked < LOOK_SECONDS:
            return self._access
        is_continued = self._looked is not None and now - self._looked < GAP_SECONDS
        seen = self._access.seen if is_continued else {}
        self._looked, self._access = now, look_at(self._caches, seen, now)
        # Rules that are gone are not due any more.
        self._followed = {
            uid: one for uid, one in self._followed.items() if one.due > now - GAP_SECONDS
        }
        return self._access

    def _tell(
        self,
        rule: Rule,
        followed: _Followed,
        claims: Mapping[str, ObjectRef],
        found: Mapping[str, tuple[Finding, ...]],
        unclaimed: tuple[Finding, ...],
    ) -> None:
        all_said = {f"{claims[uid]}: {one.message}" for uid, of in found.items() for one in of}
        all_said |= {one.message for one in unclaimed}
        self._warn(rule.record, sorted(all_said - followed.told))
        followed.told = all_said


def look_at(caches: AccessCaches, seen: Mapping[str, float], now: float) -> Access:
    """What the watches show, judged."""
    claims = (
        Claim(
            ObjectRef(ObjectKind.CLAIM, one.namespace, one.name, one.uid),
            one.volume,
            one.workloads,
            one.namespaces or (),
        )
        for one in caches.claims.values()
    )
    volumes = (
        Volume(
            one.name,
            one.storage,
            None if one.claim is None else ObjectRef(ObjectKind.CLAIM, *one.claim),
            one.path,
        )
        for one in caches.volumes.values()
    )
    attachments = (
        Attachment(one.name, one.volume, one.node) for one in caches.attachments.values()
    )
    pods = (
        PodUse(
            ObjectRef(ObjectKind.POD, one.namespace, one.name, one.uid),
            one.node,
            one.workload,
            one.is_going,
            frozenset(one.claims),
            frozenset(one.storages),
            frozenset(one.paths),
        )
        for one in caches.pods.values()
    )
    return intruders(claims, volumes, attachments, pods, seen, now)


def _reading(found: tuple[Finding, ...], at: float) -> Reading:
    said = tuple(one.message for one in found[:MOST_TOLD])
    return Reading(bool(found), at, said, message="; ".join(said))


def _pods(found: tuple[Finding, ...]) -> tuple[ObjectRef, ...]:
    return tuple(dict.fromkeys(pod for one in found for pod in one.pods))
