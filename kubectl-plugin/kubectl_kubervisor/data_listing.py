"""Finds the DataRollouts that a command is about."""

from __future__ import annotations

from kubectl_kubervisor.data_objects import Rollout, rollout
from kubectl_kubervisor.errors import Stop
from kubectl_kubervisor.kubectl import ROLLOUTS, Kubectl


def all_of(kubectl: Kubectl, *words: str, everywhere: bool = False) -> list[Rollout]:
    """The DataRollouts, by namespace and source. Raises Refused."""
    found = [rollout(body) for body in kubectl.items(ROLLOUTS, *words, everywhere=everywhere)]
    return sorted(found, key=lambda one: (one.namespace, one.source, one.created))


def one_of(kubectl: Kubectl, source: str) -> Rollout:
    """The DataRollout of a source; of two, the older, whose word counts.

    Raises Stop where there is none, Refused.
    """
    found = [one for one in all_of(kubectl) if one.source == source]
    if not found:
        raise Stop(
            f'no DataRollout of a source "{source}" here: the controller makes one when a pod '
            f"names the source, by the annotation data.autocrane.io/{source} for instance; "
            "`kubectl kubervisor data -A` lists those there are"
        )
    return min(found, key=lambda one: (one.created, one.uid))
