"""Writes outputs: what is as it was applied stays unwritten, what is another's untouched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from kubervisor.errors import ApiError, Conflict, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.failures import decoded
from kubervisor.telemetry import workflow_metrics
from kubervisor.workflow.engine.field_sets import digest_of_fields
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.watching import Kind, World
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL, OWNER_LABEL, Ref
from kubervisor.workflow.scheduler.outputs import Output

APPLY = "application/apply-patch+yaml"
WRITE_SECONDS = 10.0
"""Admission webhooks may take their time."""

ABSENT = "1"
"""A version that no object has: what is applied with it is created, never changed."""


class Refused(Exception):
    """An output that may not be written; the message says whose the object is."""


@dataclass(frozen=True, slots=True)
class _Applied:
    """What was applied, and what the object was then."""

    digest: bytes
    version: int
    substance: int

    def holds(self, digest: bytes, live: Seen) -> bool:
        """Whether that is what was applied, and nothing but its status has changed since."""
        is_as_applied = live.version <= self.version or live.substance == self.substance
        return digest == self.digest and is_as_applied and not live.deleting


class Applying:
    """Applies the outputs of resources. Used by many threads, for each resource by one at a time.

    `may_write` raises LeadershipLost and is asked before each write.
    """

    def __init__(
        self,
        api: Api,
        may_write: Callable[[], None],
        project: Project,
        world: World,
        written: Written[Ref],
    ) -> None:
        self._api, self._may_write, self._written = api, may_write, written
        self._project, self._world = project, world
        self._applied: defaultdict[str, dict[Ref, _Applied]] = defaultdict(dict)

    def apply(self, resource: Seen, outputs: Iterable[Output]) -> Failure | None:
        """Write them in their order; why the first one that could not be written was not.

        Raises LeadershipLost.
        """
        for output in outputs:
            kind = output.ref.kind
            try:
                is_written = self._apply(resource, output)
            except Refused as refusal:
                workflow_metrics.OUTPUTS.labels(kind, "refused").inc()
                return Failure(Reason.OUTPUT_REFUSED, str(refusal))
            except ApiError as error:
                workflow_metrics.OUTPUTS.labels(kind, "failed").inc()
                return Failure(Reason.OUTPUT_FAILED, f"{output.ref}: {error}")
            workflow_metrics.OUTPUTS.labels(kind, "applied" if is_written else "unchanged").inc()
        return None

    def versions(self, uid: str) -> Iterator[tuple[Ref, int]]:
        """Which versions of objects are those that we wrote for that resource."""
        return ((ref, one.version) for ref, one in self._applied.get(uid, {}).items())

    def keep(self, uid: str, said: Collection[str], refs: Collection[Ref]) -> None:
        """Remember nothing of outputs of the kinds `said` that are not among `refs` any more."""
        known = self._applied[uid]
        for ref in [ref for ref in known if ref.kind in said and ref not in refs]:
            del known[ref]

    def forget(self, uid: str) -> None:
        """Remember nothing of a resource: it is gone."""
        self._applied.pop(uid, None)

    def _apply(self, resource: Seen, output: Output) -> bool:
        """Whether it took a write."""
        ref, kind = output.ref, self._world.kinds[output.ref.kind]
        live = self._written.newest(ref, kind.cache.get(ref.namespace, ref.name))
        body, manager = self._body(resource, output)
        digest = _digest(body)
        known = self._applied[resource.uid].get(ref)
        if live is not None and known is not None and known.holds(digest, live):
            return False
        try:
            stored = self._write(resource, output, live, body, manager)
        except (Conflict, NotFound):
            # It is not what the watch has shown: once more, on what it is.
            stored = self._write(resource, output, self._read(kind, ref), body, manager)
        self._applied[resource.uid][ref] = _Applied(digest, stored.version, stored.substance)
        self._written.note(ref, stored)
        return True

    def _body(self, resource: Seen, output: Output) -> tuple[Json, str]:
        """What is applied, and as whose fields."""
        operator = self._project.operator_name
        if output.only_fields:
            # To apply with less fields than before lets go of those that are left out, and the API
            # server takes them away. Each set of fields has a holder of its own: none is let go of.
            return output.body, f"{operator}.{digest_of_fields(output.body)}"
        meta = output.body["metadata"]
        ours = {OWNER_LABEL: resource.uid, OPERATOR_LABEL: operator}
        meta = {**meta, "labels": {**(meta.get("labels") or {}), **ours}}
        if output.ref.namespace == resource.namespace:
            meta["ownerReferences"] = [_owner(self._world.resources, resource)]
        return {**output.body, "metadata": meta}, operator

    def _write(
        self, resource: Seen, output: Output, live: Seen | None, body: Json, manager: str
    ) -> Seen:
        ref, kind = output.ref, self._world.kinds[output.ref.kind]
        if output.only_fields:
            live = live or self._read(kind, ref)
            if live is None:
                raise NotFound(f"there is no {ref}, of which only fields are said", status=404)
        elif live is not None:
            _refuse_others(resource, live)
            if live.deleting:
                raise Conflict("it is being deleted, and made anew once it is gone", status=409)
        who = {"resourceVersion": ABSENT} if live is None else {"uid": live.uid}
        path = paths.single(kind.path, ref.namespace or None, ref.name)
        self._may_write()
        answer = self._api.request(
            "PATCH",
            path,
            query={"fieldManager": manager, "force": "true", "fieldValidation": "Strict"},
            body={**body, "metadata": {**body["metadata"], **who}},
            content_type=APPLY,
            timeout=WRITE_SECONDS,
        )
        return decoded(path, kind.decode, answer)

    def _read(self, kind: Kind, ref: Ref) -> Seen | None:
        path = paths.single(kind.path, ref.namespace or None, ref.name)
        try:
            return decoded(path, kind.decode, self._api.request("GET", path))
        except NotFound:
            return None


def _refuse_others(resource: Seen, live: Seen) -> None:
    """Raises Refused where the object is not that resource's."""
    if live.owner == resource.uid:
        return
    whose = f"belongs to another resource (uid {live.owner})" if live.owner else "is not ours"
    raise Refused(
        f"{live.ref} exists and {whose}: it has no label {OWNER_LABEL}={resource.uid}. Delete it, "
        "or give the output another name"
    )


def _owner(resources: Kind, resource: Seen) -> Json:
    return {
        "apiVersion": resources.parameter.api_version,
        "kind": resources.parameter.kind,
        "name": resource.name,
        "uid": resource.uid,
        "controller": True,
    }


def _digest(body: Json) -> bytes:
    return blake2b(msgspec.json.encode(body, order="sorted"), digest_size=16).digest()
