"""The Events that this process announced, kept for whoever opens the dashboard."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from kubervisor.kube.caches import Record
from kubervisor.kube.events import EventRecorder, EventType
from kubervisor.kube.text import one_line
from kubervisor.traffic.model import Owner, Pod, ServiceKey
from kubervisor.ui.documents import LONGEST_TEXT
from kubervisor.ui.lately import Lately
from kubervisor.ui.service_documents import Event

EVENTS, EVENT_BYTES = 50, 2 * 2**20
SAME_SECONDS = 600.0
"""The same thing within this time is one Event with a count, as Kubernetes counts them."""


@dataclass(slots=True)
class _Said:
    uid: str
    type: str
    reason: str
    pod: str
    note: str
    at: float
    last_at: float
    count: int = 1


class AnnouncedEvents(EventRecorder):
    """An EventRecorder whose Events can be read again: reading them from the API server would take
    a right that the controller does without.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._told: Lately[_Said] = Lately(
            lambda said: 500 + len(said.note), each=EVENTS, most_bytes=EVENT_BYTES
        )
        self._telling = threading.Lock()

    def record(
        self,
        regarding: Record,
        *,
        type: EventType,
        reason: str,
        action: str,
        note: str,
        related: Pod | Owner | None = None,
    ) -> None:
        """Queue an Event, and keep it among the last of its KubervisorService."""
        super().record(
            regarding, type=type, reason=reason, action=action, note=note, related=related
        )
        key, now = ServiceKey(regarding.namespace, regarding.name), self._wall()
        pod, line = related.name if related else "", one_line(note, LONGEST_TEXT)
        with self._telling:
            for said in reversed(self._told.of(key)):
                same = (said.uid, said.reason, said.pod, said.note)
                if same == (regarding.uid, reason, pod, line) and now - said.at < SAME_SECONDS:
                    said.count, said.last_at = said.count + 1, now
                    return
            self._told.add(key, _Said(regarding.uid, type, reason, pod, line, now, now))

    def about(self, key: ServiceKey, uid: str) -> list[Event]:
        """The last Events of a KubervisorService, newest first."""
        with self._telling:
            return [_event(said) for said in reversed(self._told.of(key)) if said.uid == uid]


def _event(said: _Said) -> Event:
    return Event(
        at=said.at,
        last_at=said.last_at,
        count=said.count,
        type=said.type,
        reason=said.reason,
        pod=said.pod,
        note=said.note,
    )
