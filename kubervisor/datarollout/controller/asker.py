"""Asks pods for versions: many at a time, some of each source in turn, none of them in the way of
another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest

from kubervisor.datarollout.controller.members import Key
from kubervisor.errors import ApiError, ApiUnavailable, Conflict, NotFound
from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.data_rollouts import DataWriter
from kubervisor.kube.fresh import Fresh
from kubervisor.runtime.together import Together
from kubervisor.telemetry import data_metrics


@dataclass(frozen=True, slots=True)
class Ask:
    """One patch: annotations of one pod, for the source and namespace of `key`."""

    key: Key
    pod: DataPod
    requests: Mapping[str, str]


class Asker:
    """Writes requests on pods. Once the API server gave no answer for a pod, the others of its
    namespace wait for the next look: a webhook that hangs there holds up nobody elsewhere.
    """

    def __init__(
        self,
        writer: DataWriter,
        pods: Fresh[DataPod],
        together: Together,
        *,
        most: int,
        ends: Callable[[], bool],
    ) -> None:
        """`most` pods at one look; `ends` is whether the process is about to."""
        self._writer, self._pods, self._together = writer, pods, together
        self._most, self._ends = most, ends
        self._lock = threading.Lock()
        self._cut_off: set[str] = set()
        self._failed: dict[Key, list[tuple[str, str]]] = {}

    def ask_all(self, asks: Iterable[list[Ask]]) -> bool:
        """Ask, beginning with the first of each source; whether some are left for the next look.

        Raises LeadershipLost.
        """
        in_turn = chain.from_iterable(zip_longest(*asks))
        due = [ask for ask in in_turn if ask is not None]
        self._cut_off, self._failed = set(), {}
        self._together.do(partial(self._ask, ask) for ask in due[: self._most])
        return len(due) > self._most

    def trouble(self, key: Key) -> str:
        """What went wrong with a source's requests last, empty where nothing did."""
        failed = sorted(self._failed.get(key, ()))
        if not failed:
            return ""
        pod, why = failed[0]
        pods = "1 pod" if len(failed) == 1 else f"{len(failed)} pods"
        return f"{pods} could not be asked for a version, {pod} because: {why}"

    def _ask(self, ask: Ask) -> None:
        if self._ends() or ask.key[0] in self._cut_off:
            return
        try:
            stored = self._writer.ask(ask.pod, ask.requests)
        except NotFound:
            return  # gone, which the watch is about to tell
        except ApiError as error:
            self._note_failure(ask, error)
            return
        self._pods.note(stored)
        data_metrics.REQUESTS.labels(*ask.key).inc()

    def _note_failure(self, ask: Ask, error: ApiError) -> None:
        data_metrics.WRITE_ERRORS.labels("pod", error.reason).inc()
        if isinstance(error, Conflict):
            self._pods.doubt(ask.pod)
            return
        with self._lock:
            self._failed.setdefault(ask.key, []).append((ask.pod.name, str(error)))
            if isinstance(error, ApiUnavailable):
                self._cut_off.add(ask.key[0])
                if error.sent:
                    self._pods.doubt(ask.pod)
