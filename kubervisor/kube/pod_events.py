"""Events about pods themselves: `kubectl describe pod` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from kubervisor import instants
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.events import EventRecorder
from kubervisor.kube.listing import list_all

LIST_SECONDS = 10.0


class PodEvents(EventRecorder):
    """Records Events that regard pods; the same thing about a pod is one Event with a count."""

    regards = ("v1", "Pod")


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An Event about a pod: its uid, that of the related object (its own where there is none) and
    when it happened (Unix seconds).
    """

    namespace: str
    pod_uid: str
    related_uid: str
    at: float


def past_events(
    api: Api, namespaces: Iterable[str], *, reason: str, component: str
) -> Iterator[PastEvent]:
    """The stored Events of `component` about pods, everywhere or in `namespaces`: the API server
    keeps them for an hour, as a rule.

    Raises: ApiError; Forbidden where the right to list them is missing.
    """
    query = {"fieldSelector": f"reason={reason},reportingController={component}"}
    for namespace in tuple(namespaces) or (None,):
        path = paths.collection(paths.EVENTS, namespace)
        for event in list_all(api, path, _events.decode, query=query, timeout=LIST_SECONDS):
            at = instants.parse(event.event_time)
            if at is not None and event.regarding.kind == "Pod":
                related = event.related or event.regarding
                yield PastEvent(event.metadata.namespace, event.regarding.uid, related.uid, at)


class _Meta(msgspec.Struct):
    namespace: str


class _Reference(msgspec.Struct):
    kind: str = ""
    uid: str = ""


class _Event(msgspec.Struct, rename="camel"):
    metadata: _Meta
    regarding: _Reference = msgspec.field(default_factory=_Reference)
    related: _Reference | None = None
    event_time: str | None = None


_events = msgspec.json.Decoder(_Event)
