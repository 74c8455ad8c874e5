"""Pods as data rollouts see them: what they say of data, and since when they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import msgspec

from kubervisor.kube import wire
from kubervisor.kube.records import decode_pod
from kubervisor.traffic.model import PodUid
from kubervisor.traffic.watchdogs import WatchdogStatus

LONGEST_NOTE = 4096
"""Characters of an annotation that are kept, and one more: whoever reads a longer one shall see
that it is too long.
"""

_NULL = msgspec.Raw(b"null")
_MARK = b".autocrane.io/"
"""What no pod without data has among its annotations; most have not."""

IsKept = Callable[[str], bool]
"""Whether an annotation with this key is kept."""


class _Meta(msgspec.Struct, gc=False, rename="camel"):
    name: str
    uid: str
    namespace: str = ""
    annotations: msgspec.Raw = _NULL


class _Pod(msgspec.Struct, gc=False):
    metadata: _Meta


_pods = msgspec.json.Decoder(_Pod)


@dataclass(frozen=True, slots=True)
class DataPod:
    """A pod with annotations about data, `notes` by their keys; any other has its name and nothing
    else.

    `active` is whether it exists to run: neither ended nor being deleted. `errors` are its
    watchdogs in error. `ejected_at` is when the Breaker took it out of traffic (Unix seconds; 0
    where nobody knows), None while it has not.
    """

    namespace: str
    name: str
    uid: PodUid
    version: str = ""
    active: bool = False
    notes: dict[str, str] = field(default_factory=dict, hash=False)
    errors: tuple[WatchdogStatus, ...] = ()
    ejected_at: float | None = None
    created_at: float = 0.0

    def failing_since(self, now: float) -> float | None:
        """Since when it is in error or out of traffic (Unix seconds), None while it is well."""
        since = [error.at or 0.0 for error in self.errors if error.counts(now)]
        if self.ejected_at is not None:
            since.append(self.ejected_at)
        return min(since, default=None)

    def says_the_same(self, other: DataPod) -> bool:
        """Whether nothing but the version is another."""
        return (self.uid, self.active, self.notes, self.errors, self.ejected_at) == (
            *(other.uid, other.active, other.notes, other.errors, other.ejected_at),
        )


def decoder(is_kept: IsKept) -> Callable[[bytes | msgspec.Raw], DataPod]:
    """Reads a pod in the JSON of one object; raises msgspec.DecodeError."""
    return partial(_decode, is_kept)


def _decode(is_kept: IsKept, raw: bytes | msgspec.Raw) -> DataPod:
    meta = _pods.decode(raw).metadata
    written = bytes(meta.annotations)
    texts = wire.all_notes.decode(written) if _MARK in written else {}
    notes = {key: text[: LONGEST_NOTE + 1] for key, text in texts.items() if is_kept(key)}
    if not notes:
        return DataPod(meta.namespace, meta.name, PodUid(meta.uid))
    pod = decode_pod(raw)
    return DataPod(
        namespace=pod.namespace,
        name=pod.name,
        uid=pod.uid,
        version=pod.version,
        active=not pod.deleting and pod.phase not in ("Succeeded", "Failed"),
        notes=notes,
        errors=tuple(status for status in pod.watchdogs if status.is_failure),
        ejected_at=None if pod.ejection is None else pod.ejection.at or 0.0,
        created_at=pod.created_at,
    )
