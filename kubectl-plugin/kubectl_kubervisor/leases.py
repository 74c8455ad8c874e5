"""What the Leases of controllers tell: who acts, and who was told to stop; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from kubectl_kubervisor import instants, words
from kubectl_kubervisor.objects import Json, mapping, text, texts

QUIET = 60.0
"""Seconds without a renewal after which a controller does not act. Renewals are 2 s apart; the rest
is for clocks that differ.
"""


def controllers(leases: Sequence[Json], prefix: str = words.LEASE_PREFIX) -> list[Json]:
    """The Leases of controllers among these; `prefix` says of which capability."""
    named = [(text(mapping(lease.get("metadata")).get("name")), lease) for lease in leases]
    return [one for name, one in named if name == prefix or name.startswith(f"{prefix}-")]


def name_of(lease: Json) -> str:
    """A Lease in a sentence."""
    meta = mapping(lease.get("metadata"))
    return f"lease {text(meta.get('namespace'))}/{text(meta.get('name'))}"


def stopped_for(lease: Json) -> frozenset[str]:
    """The namespaces that its controllers leave alone since somebody stopped them, `*` for all.

    What cannot be read stops everything, as it does for controllers.
    """
    said = texts(mapping(lease.get("metadata")).get("annotations")).get(words.STOPPED)
    if said is None:
        return frozenset()
    try:
        named = json.loads(said)
    except ValueError:
        return frozenset({"*"})
    readable = isinstance(named, list) and all(isinstance(one, str) for one in named)
    return frozenset(named) if readable else frozenset({"*"})


def idle(leases: Sequence[Json], namespace: str, now: float) -> str:
    """Why none of the controllers with these Leases acts in `namespace`, "" where one does.

    Without any Lease a controller may run that has none (`--no-leader-elect`).
    """
    found = [_idle(lease, namespace, now) for lease in leases]
    return found[0] if found and all(found) else ""


def _idle(lease: Json, namespace: str, now: float) -> str:
    if stopped_for(lease) & {"*", namespace}:
        return f"{name_of(lease)} stops them; `kubectl kubervisor start --all` lets them go on"
    return unled(lease, now)


def leader(lease: Json) -> str:
    """The host of whoever holds the Lease, which is the name of its pod where it runs in one."""
    holder = text(mapping(lease.get("spec")).get("holderIdentity"))
    return holder.rpartition("_")[0] or holder


def unled(lease: Json, now: float) -> str:
    """Why no controller leads by this Lease, "" where one does."""
    spec = mapping(lease.get("spec"))
    renewed = instants.parse(spec.get("renewTime"))
    if not text(spec.get("holderIdentity")) or renewed is None:
        return f"{name_of(lease)} is held by nobody"
    if now - renewed > QUIET:
        return f"{name_of(lease)} was last renewed {instants.age(now - renewed)} ago"
    return ""
