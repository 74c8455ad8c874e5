"""Who uses volumes without a right to: findings about claims, from what the watches show.

A claim may be used by the pods of its own namespace: of all, or of the workloads that its
annotation `kubervisor.k8s.io/allowed-workloads` names, and by those of the namespaces that
`kubervisor.k8s.io/allowed-namespaces` names besides. Storage is more than the claim that leads to
it: another volume may name the same storage, a pod may name it itself, or mount the folder of a
volume from its node. So what counts is who uses the same storage, whichever way.

A pod uses what it names from the time it is on a node until it has ended. One that is being deleted
is on its way out: it is no finding, and what is attached for it still is. What watches show one
after another, and detaching, take time: a finding is one only when it was to be seen for `GRACE`
without a break. So a drain, a rollout, a node that was lost and a volume that is detached late are
none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kubervisor.rules.decision.access_parts import (
    Attachment,
    Claim,
    Finding,
    FindingKind,
    PodUse,
    Volume,
)
from kubervisor.rules.decision.access_view import View
from kubervisor.rules.decision.policy import ObjectRef

GRACE: Mapping[FindingKind, float] = dict.fromkeys(FindingKind, 5.0) | {
    # The cluster itself waits 6 minutes for a lost node before it detaches by force.
    FindingKind.ATTACHED_WITHOUT_POD: 600.0,
    FindingKind.ATTACHED_WITHOUT_CLAIM: 600.0,
}
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Access:
    """All findings, those of claims by their claim, in the order of their names. `seen`: since when
    each suspicion has stood, to be handed back at the next look.
    """

    findings: Mapping[ObjectRef, tuple[Finding, ...]]
    unclaimed: tuple[Finding, ...] = ()
    seen: Mapping[str, float] = field(default_factory=dict)


def intruders(
    claims: Iterable[Claim],
    volumes: Iterable[Volume],
    attachments: Iterable[Attachment],
    pods: Iterable[PodUse],
    seen: Mapping[str, float],
    now: float,
) -> Access:
    """What is to be seen now and has been for its grace. `seen` is that of the last look, empty at
    the first; instants are seconds of any clock.
    """
    view = View.of(claims, volumes, attachments, pods)
    suspicions = {
        f"{one.kind} {one.claim and one.claim.uid} {one.message}": one for one in view.suspicions()
    }
    since = {key: min(now, seen.get(key, now)) for key in suspicions}
    findings: defaultdict[ObjectRef, list[Finding]] = defaultdict(list)
    unclaimed = []
    for key, one in sorted(suspicions.items()):
        if now - since[key] < GRACE[one.kind]:
            continue
        if one.claim is None:
            unclaimed.append(one)
        else:
            findings[one.claim].append(one)
    by_name = sorted(findings.items(), key=lambda found: (found[0].namespace, found[0].name))
    return Access({ref: tuple(of) for ref, of in by_name}, tuple(unclaimed), since)
