"""Pods as watchdogs see them: the few fields that say where to probe and what was said so far."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from kubervisor.kube import wire
from kubervisor.kube.watchdog_notes import read_statuses
from kubervisor.traffic.model import Owner, PodUid
from kubervisor.traffic.watchdogs import HEALTH, PROBE, PROBE_SETTINGS, WatchdogStatus

LONGEST_NOTE = 2048
"""Characters of a probe's annotations that are kept, and one more: whoever reads a longer one shall
see that it is too long. An URL has no more.
"""

_NULL = msgspec.Raw(b"null")
_MARK = b".autocrane.io/"
"""What no pod without watchdogs has in its annotations or labels; most have not."""


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    deletion_timestamp: str | None = None
    labels: msgspec.Raw = _NULL
    annotations: msgspec.Raw = _NULL
    owner_references: msgspec.Raw = _NULL


class _ContainerStatus(msgspec.Struct, gc=False):
    ready: bool = False


class _Status(msgspec.Struct, gc=False, rename="camel"):
    phase: str = "Pending"
    host_ip: str = msgspec.field(name="hostIP", default="")
    pod_ip: str = msgspec.field(name="podIP", default="")
    container_statuses: list[_ContainerStatus] | None = None


class _Pod(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: wire.PodSpec = msgspec.field(default_factory=wire.PodSpec)
    status: _Status = msgspec.field(default_factory=_Status)


_pods = msgspec.json.Decoder(_Pod)
_texts = msgspec.json.Decoder(dict[str, str] | None)
Notes = tuple[tuple[str, str], ...]
"""Texts of annotations by the names of watchdogs, in the order of names."""


@dataclass(frozen=True, slots=True)
class WatchedPod:
    """A pod with a probe, a status or the label; any other has its name and nothing else.

    `address` is empty while it has none, and on the host's network, where the node's address is
    not the pod's own (`on_host_network`). `ready` is whether all of its containers are. `health` is
    the label, None where it has none.
    """

    namespace: str
    name: str
    uid: PodUid
    phase: str = "Pending"
    deleting: bool = False
    ready: bool = False
    address: str = ""
    node_address: str = ""
    on_host_network: bool = False
    owner: Owner | None = None
    probes: Notes = ()
    probe_settings: Notes = ()
    statuses: tuple[WatchdogStatus, ...] = ()
    health: str | None = None

    @property
    def is_watched(self) -> bool:
        """Whether it has anything to do with watchdogs."""
        return bool(self.probes or self.statuses or self.health is not None)

    @property
    def is_up(self) -> bool:
        """Whether it runs and can be expected to answer."""
        return self.phase == "Running" and not self.deleting


def decode_watched_pod(raw: bytes | msgspec.Raw) -> WatchedPod:
    """Return the pod in `raw`, the JSON of one object. Raises: msgspec.DecodeError."""
    stored = _pods.decode(raw)
    meta, status = stored.metadata, stored.status
    names = (sys.intern(meta.namespace), meta.name, PodUid(meta.uid))
    notes, health = _notes(meta.annotations), _health(meta.labels)
    if not notes and health is None:
        return WatchedPod(*names)
    on_host = bool(stored.spec.host_network) or bool(
        status.pod_ip and status.pod_ip == status.host_ip
    )
    return WatchedPod(
        *names,
        phase=sys.intern(status.phase),
        deleting=meta.deletion_timestamp is not None,
        ready=all(container.ready for container in status.container_statuses or ()),
        address="" if on_host else status.pod_ip,
        node_address=sys.intern(status.host_ip),
        on_host_network=on_host,
        owner=_owner(meta.owner_references),
        probes=_named(notes, PROBE),
        probe_settings=_named(notes, PROBE_SETTINGS),
        statuses=read_statuses(notes),
        health=health,
    )


def _notes(raw: msgspec.Raw) -> Mapping[str, str]:
    """The annotations, empty where none can be a watchdog's."""
    return (_texts.decode(raw) or {}) if _MARK in bytes(raw) else {}


def _health(raw: msgspec.Raw) -> str | None:
    return (_texts.decode(raw) or {}).get(HEALTH) if _MARK in bytes(raw) else None


def _owner(raw: msgspec.Raw) -> Owner | None:
    references = wire.owners.decode(raw) or ()
    return next((Owner(r.kind, r.name, r.uid) for r in references if r.controller), None)


def _named(notes: Mapping[str, str], prefix: str) -> Notes:
    return tuple(
        (key.removeprefix(prefix), text[: LONGEST_NOTE + 1])
        for key, text in sorted(notes.items())
        if key.startswith(prefix)
    )
