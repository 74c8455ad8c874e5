"""How a write to a pod is carried through: preconditions, conflicts, and answers that never came.

The pod's uid, and its version or what the decision saw of it, are preconditions of every write. Its
answer may get lost: then the pod is read again, and what it carries tells whether the write
happened. Until the watch shows a write, the overlay knows of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from kubervisor.errors import ApiError, ApiUnavailable, Conflict, LeadershipLost, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import JSON_PATCH, decoded
from kubervisor.kube.overlay import Kind, Overlay
from kubervisor.kube.records import decode_pod
from kubervisor.traffic.keys import EVICTION
from kubervisor.traffic.model import Pod, PodUid

MERGE_PATCH = "application/merge-patch+json"
ATTEMPTS = 3  # the first and two repetitions
WRITE_SECONDS = 5.0

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What a patch sets (None removes a key), and how to see on a pod that it has happened.

    `kind` is None for changes that no budget counts. Such a one, if it sets labels alone, may say
    which it was decided on (`expected`, None where there was none): they are its precondition then
    in place of the version, which a pod that starts changes several times a second.
    """

    kind: Kind | None
    labels: Values
    annotations: Values
    has_happened: Callable[[Pod], bool]
    ejection_id: str = ""
    expected: Values | None = None

    def patch_for(self, pod: Pod) -> tuple[str, object]:
        """Return content type and body of the patch with `pod`'s uid and version as its
        preconditions.
        """
        changes = {"labels": self.labels, "annotations": self.annotations}
        metadata = {"uid": pod.uid, "resourceVersion": pod.version, **changes}
        return MERGE_PATCH, {"metadata": metadata}

    def first_patch_for(self, pod: Pod) -> tuple[str, object]:
        """The same for the first attempt, which what was `expected` may let pass."""
        if self.expected is None:
            return self.patch_for(pod)
        # A test for null passes where the label is not there.
        asked = [("test", key, value) for key, value in self.expected.items()]
        asked += [("add", key, value) for key, value in self.labels.items()]
        steps = [{"op": op, "path": _label_path(key), "value": value} for op, key, value in asked]
        return JSON_PATCH, [{"op": "test", "path": "/metadata/uid", "value": pod.uid}, *steps]


class PodWrites:
    """Carries writes through; `may_write` raises LeadershipLost and is asked before each.

    Pods are ended by way of `ending`, which may have another account than `api`.
    """

    def __init__(
        self,
        api: Api,
        ending: Api,
        may_write: Callable[[], None],
        overlay: Overlay,
        field_manager: str,
    ) -> None:
        self._api = api
        self._ending = ending
        self._may_write = may_write
        self._overlay = overlay
        self._query = {"fieldManager": field_manager}

    def patch(self, pod: Pod, change: Change) -> Pod:
        """Apply `change`, again on a newer version as long as the pod is what the intent assumed.

        Returns the pod as stored. Raises: Conflict where it is another state by now, NotFound where
        it is gone, ApiUnavailable where nobody knows, and what else the API server refuses.
        """
        pod = replace(pod)  # at one version, whatever the watch shows meanwhile
        with _Record(self._overlay, pod, change.kind, change.ejection_id) as record:
            current, patch = pod, change.first_patch_for(pod)
            for _ in range(ATTEMPTS):
                self._may_write()
                record.begin(current)
                try:
                    return record.stored(self._send(current, *patch))
                except Conflict as error:
                    # After a lost answer this may be our own write: only reading the pod tells.
                    last: Conflict | ApiUnavailable = error
                except ApiUnavailable as error:
                    record.in_doubt = record.in_doubt or error.sent
                    last = error
                    if not error.sent:
                        raise
                fresh = self.read(pod)
                if change.has_happened(fresh):
                    return record.stored(fresh)
                if fresh.version != current.version:
                    record.in_doubt = False  # its precondition cannot hold any more
                if not _is_as_assumed(pod, fresh, change.kind):
                    raise Conflict(
                        f"Pod {pod.namespace}/{pod.name} changed since the decision",
                        status=409,
                    ) from last
                current, patch = fresh, change.patch_for(fresh)
            raise last

    def terminate(self, pod: Pod, method: str, path: str, body: object) -> None:
        """Send a request that ends `pod`. Raises: as `patch`; Throttled where a budget refuses."""
        with _Record(self._overlay, pod, Kind.TERMINATING) as record:
            self._may_write()
            record.begin(pod)
            try:
                self._ending.request(method, path, body=body, timeout=WRITE_SECONDS)
            except ApiUnavailable as error:
                record.in_doubt = error.sent
                if not error.sent or not is_going(self._api, pod):
                    raise
            record.accepted()

    def read(self, pod: Pod) -> Pod:
        """Return `pod` as stored now. Raises: NotFound where it is gone or was replaced."""
        return read_pod(self._api, pod.namespace, pod.name, pod.uid)

    def _send(self, pod: Pod, content_type: str, body: object) -> Pod:
        answer = self._api.request(
            "PATCH",
            path_of(pod),
            query=self._query,
            body=body,
            content_type=content_type,
            timeout=WRITE_SECONDS,
        )
        return decoded(path_of(pod), decode_pod, answer)


def read_pod(api: Api, namespace: str, name: str, uid: PodUid) -> Pod:
    """Return the pod as stored now. Raises: NotFound where it is gone or was replaced by another of
    its name, else the ApiError tree.
    """
    path = paths.single(paths.PODS, namespace, name)
    pod = decoded(path, decode_pod, api.request("GET", path, timeout=WRITE_SECONDS))
    if pod.uid != uid:
        raise NotFound(f"Pod {namespace}/{name} was replaced by another of its name", status=404)
    return pod


def is_going(api: Api, pod: Pod) -> bool:
    """Whether `pod` is being deleted, or gone: what came of a request that nobody answered. Raises
    ApiError where that cannot be read.
    """
    try:
        return read_pod(api, pod.namespace, pod.name, pod.uid).deleting
    except NotFound:
        return True


def eviction_of(pod: Pod, **options: object) -> dict[str, object]:
    """Return the Eviction of `pod` with these delete options, marked as ours."""
    return {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {
            "namespace": pod.namespace,
            "name": pod.name,
            "labels": {EVICTION: "true"},
        },
        "deleteOptions": options,
    }


def path_of(pod: Pod, subresource: str = "") -> str:
    """Return the URL path of `pod` or of its subresource."""
    return paths.single(paths.PODS, pod.namespace, pod.name, subresource)


def _label_path(key: str) -> str:
    return f"/metadata/labels/{key.replace('/', '~1')}"


def _is_as_assumed(intended: Pod, fresh: Pod, kind: Kind | None) -> bool:
    """True where what the decision was made of still holds; only a serving pod may be ejected."""
    return (
        fresh.traffic is intended.traffic
        and fresh.claimed_by == intended.claimed_by
        and fresh.deleting == intended.deleting
        and fresh.epoch_mark == intended.epoch_mark  # else it was fenced: another leads
        and ejection_id(fresh) == ejection_id(intended)
        and (fresh.ready or kind is not Kind.EJECTING)
    )


def ejection_id(pod: Pod) -> str:
    """Return the id of the pod's current ejection, empty where it has none."""
    return pod.ejection.id if pod.ejection else ""


class _Record:
    """One write's entry in the overlay; an exception that leaves the block settles it."""

    def __init__(
        self, overlay: Overlay, pod: Pod, kind: Kind | None, ejection_id: str = ""
    ) -> None:
        self._overlay = overlay
        self._pod = pod
        self._kind = kind
        self._ejection_id = ejection_id
        self.in_doubt = False

    def begin(self, current: Pod) -> None:
        if self._kind is not None:
            self._overlay.begin(
                current.uid,
                self._kind,
                current.version,
                self._ejection_id,
                namespace=current.namespace,
            )

    def stored(self, pod: Pod) -> Pod:
        if self._kind is not None:
            self._overlay.written(pod.uid, pod.version)
        return pod

    def accepted(self) -> None:
        """The answer to a termination does not tell the version it made."""
        self._overlay.written(self._pod.uid, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if error is None or self._kind is None:
            return
        in_doubt = self.in_doubt or not isinstance(error, (ApiError, LeadershipLost))
        if in_doubt and not isinstance(error, NotFound):
            self._overlay.unknown(self._pod.uid)
        else:
            self._overlay.failed(self._pod.uid)
