"""Whether what the watch on pods has shown is still what there is.

A write's precondition protects its own pod. It tells nothing of the others, which the budget counts
as serving: behind a watch that broke, or has fallen silent, they may have crashed long ago. So a
watch that has said nothing for a while is not believed before a LIST of the Service's own pods has
said the same. Where events keep coming nothing is asked.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from kubervisor.errors import ApiUnavailable
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.listing import list_all
from kubervisor.kube.records import decode_pod
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.unreadable import Unreadable, or_unreadable
from kubervisor.traffic.membership import is_member
from kubervisor.traffic.model import Pod, PodUid

BELIEVED_SECONDS = 5.0
"""How old the last sign of life of a watch may be; bookmarks alone come once a minute."""
LIST_SECONDS = 5.0

_Fleet = tuple[str, frozenset[tuple[str, str]]]
"""Namespace and selector."""


class Freshness:
    """Safe to ask from any thread; `watches` are the reflectors of the process."""

    def __init__(
        self,
        api: Api,
        watches: Iterable[Reflector[Any]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._clock = api, clock
        self._watches = {
            watch.name.partition("/")[2]: watch
            for watch in watches
            if watch.name.partition("/")[0] == "pods"
        }
        self._lock = threading.Lock()
        self._confirmed: dict[_Fleet, float] = {}
        self._doubted: set[_Fleet] = set()

    def catch_up(self, namespace: str) -> None:
        """Have the cache show what the watch on the namespace's pods has brought by now."""
        self._watch(namespace).catch_up()

    def doubt(self, namespace: str, selector: Mapping[str, str]) -> None:
        """A write met a pod that is not as the watch has shown it: perhaps an event was missed."""
        with self._lock:
            self._doubted.add((namespace, frozenset(selector.items())))

    def confirm(
        self,
        namespace: str,
        selector: Mapping[str, str],
        members: Iterable[Pod],
        *,
        changing: Collection[PodUid],
    ) -> None:
        """Return where `members` are what `selector` matches now, as of a few seconds ago.

        The versions of pods that we are `changing` may differ. Raises ApiUnavailable where others
        do, and has the watch begin anew, and where nobody can read what became of a member;
        ApiError where the API server cannot be asked.
        """
        watch = self._watch(namespace)
        asked = (namespace, frozenset(selector.items()))
        began = self._clock()
        with self._lock:
            doubted = asked in self._doubted
            confirmed = max(self._confirmed.get(asked, -math.inf), watch.last_sign)
        if not doubted and began - confirmed < BELIEVED_SECONDS:
            return
        shown = {pod.uid: pod.version for pod in members}
        stored = self._stored(namespace, selector, shown)
        with self._lock:
            self._doubted.discard(asked)
        if any(stored.get(u) != shown.get(u) for u in {*stored, *shown} - {*changing}):
            watch.renew()
            raise ApiUnavailable(
                f"The watch on {watch.name} has fallen behind: pods are not as it has shown them",
                sent=False,
            )
        with self._lock:
            self._confirmed[asked] = began

    def _watch(self, namespace: str) -> Reflector[Any]:
        return self._watches.get(namespace) or self._watches[""]

    def _stored(
        self, namespace: str, selector: Mapping[str, str], shown: Collection[str]
    ) -> dict[PodUid, str]:
        """The versions of the members that there are now."""
        query = {"labelSelector": ",".join(f"{k}={v}" for k, v in sorted(selector.items()))}
        listed = list_all(
            self._api,
            paths.collection(paths.PODS, namespace),
            or_unreadable(decode_pod),
            query=query,
            timeout=LIST_SECONDS,
        )
        stored = {}
        for pod in listed:
            if not isinstance(pod, Unreadable):
                if is_member(pod):
                    stored[pod.uid] = pod.version
            elif pod.uid in shown:
                # Another LIST would not read it either.
                raise ApiUnavailable(
                    f"Pod {pod.namespace}/{pod.name} cannot be read any more: {pod.why}", sent=False
                )
        return stored
