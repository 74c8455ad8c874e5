"""Watches who uses which volume: claims, volumes, attachments and pods."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from kubervisor.kube import paths
from kubervisor.kube.access_records import (
    UsableClaim,
    UsableVolume,
    UsingPod,
    VolumeAttachment,
    decode_attachment,
    decode_claim,
    decode_pod,
    decode_volume,
)
from kubervisor.kube.caches import ObjectCache
from kubervisor.kube.client import Api
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.watch_cache import watch_cache
from kubervisor.kube.watches import Count, LeftOut


@dataclass(frozen=True, slots=True)
class AccessCaches:
    """What the watches keep."""

    claims: ObjectCache[UsableClaim] = field(default_factory=ObjectCache)
    volumes: ObjectCache[UsableVolume] = field(default_factory=ObjectCache)
    attachments: ObjectCache[VolumeAttachment] = field(default_factory=ObjectCache)
    pods: ObjectCache[UsingPod] = field(default_factory=ObjectCache)


def watch_access(
    api: Api,
    namespaces: Iterable[str],
    caches: AccessCaches,
    *,
    stop: threading.Event,
    count: Count,
    left_out: LeftOut,
) -> tuple[Reflector[Any], ...]:
    """Reflectors that fill `caches`. With some namespaces named, volumes of claims in others are
    left out: nothing would be known of their users.
    """
    named = tuple(namespaces)

    def is_ours(volume: UsableVolume) -> bool:
        return not named or volume.claim is None or volume.claim[0] in named

    def uses_something(pod: UsingPod) -> bool:
        return not pod.has_ended and bool(pod.claims or pod.storages or pod.paths)

    path = paths.BY_KIND
    watch = partial(watch_cache, api, stop=stop, count=count, left_out=left_out)
    return (
        *watch(
            path["PersistentVolumeClaim"],
            named,
            caches.claims,
            name="claims of volumeAccess",
            decode=decode_claim,
        ),
        *watch(
            path["PersistentVolume"],
            (),
            caches.volumes,
            name="volumes",
            decode=decode_volume,
            is_kept=is_ours,
        ),
        *watch(
            path["VolumeAttachment"],
            (),
            caches.attachments,
            name="attachments",
            decode=decode_attachment,
            is_kept=lambda one: one.holds,
        ),
        *watch(
            path["Pod"],
            named,
            caches.pods,
            name="pods of volumeAccess",
            decode=decode_pod,
            is_kept=uses_something,
        ),
    )
