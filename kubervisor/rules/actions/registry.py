"""All actions there are, by name, and the names that are known and not supported."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kubervisor.rules.actions.action import Action, Object
from kubervisor.rules.actions.eject import Eject
from kubervisor.rules.actions.evict import EvictPods
from kubervisor.rules.actions.job import RunJob
from kubervisor.rules.actions.move import MoveVolume
from kubervisor.rules.actions.resize import Resize
from kubervisor.rules.actions.scale import Scale
from kubervisor.rules.actions.tier import Tier
from kubervisor.rules.actions.webhook import CallWebhook, any_host

PROVIDER_COOL_DOWN: Mapping[str, float] = {"ebs.csi.aws.com": 21_600.0}
"""Seconds that a provisioner must be left alone after a change of a volume. EBS lets a volume be
modified once in 6 hours.
"""

DEFAULT_ENABLED = (Resize.name, Tier.name, Scale.name, EvictPods.name, Eject.name)
"""Those that an administrator need not name."""

_POOLS = "pools are Portworx's own, and no API of Kubernetes reaches them"
_INSTEAD = "let a rule grow the claims, with openstorage.io.action.volume/resize"

NOT_SUPPORTED: Mapping[str, str] = {
    "openstorage.io.action.storagepool/expand": (
        f"storage pools are not expanded: {_POOLS}; expand them with pxctl, or {_INSTEAD}"
    ),
    "openstorage.io.action.storagepool/rebalance": (
        f"storage pools are not rebalanced: {_POOLS}; rebalance them with pxctl, or move single "
        "volumes with openstorage.io.action.volume/move"
    ),
    "openstorage.io.action.node/rebalance": (
        "nodes are not rebalanced: the original never built it; let a rule evict pods with "
        "kubervisor.k8s.io.action.pod/evict, so that the scheduler places them anew"
    ),
}
"""Why each of these is not done, and what to do instead; a sentence without its subject."""


def make_actions(
    *,
    provider_cool_down: Mapping[str, float] = PROVIDER_COOL_DOWN,
    webhook_refusal: Callable[[str], str | None] = any_host,
    job_templates: Mapping[str, Object] | None = None,
    job_namespace: str = "default",
) -> dict[str, Action]:
    """Every action by its name, as the administrator's settings have it. Seconds of
    `provider_cool_down` are by provisioner; `webhook_refusal` says why a URL may not be called;
    `job_templates` are Jobs by the template's name.
    """
    actions: tuple[Action, ...] = (
        Resize(provider_cool_down),
        Tier(provider_cool_down),
        Scale(),
        EvictPods(),
        Eject(),
        MoveVolume(),
        CallWebhook(webhook_refusal),
        RunJob(job_templates, job_namespace),
    )
    return {action.name: action for action in actions}


ACTIONS: Mapping[str, Action] = make_actions()
"""For the check of parameters, which no setting changes."""
