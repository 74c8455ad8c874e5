"""`kubervisor release`: gives every pod back by its labels, with or without KubervisorServices.

The order matters: controllers are told to write nothing, then Services stop selecting on our label,
then the pods get traffic, then the objects say so and may be deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import msgspec

from kubervisor.errors import ApiError, Conflict, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.listing import list_all
from kubervisor.kube.objects import remove_finalizer, stop_selecting, write_status
from kubervisor.kube.overlay import Overlay
from kubervisor.kube.records import SpecRecord, decode_pod, decode_service, decode_spec
from kubervisor.kube.stopping import announce_stop, withdraw_stop
from kubervisor.kube.writers import TrafficWriter
from kubervisor.runtime.standing import compose_refused
from kubervisor.settings import Settings
from kubervisor.traffic import keys
from kubervisor.traffic.membership import is_member
from kubervisor.traffic.model import Pod
from kubervisor.traffic.reasons import Reason

OURS = (f"{keys.NAME}", f"{keys.TRAFFIC} in (no,pause)")
"""Label selectors of pods to release: those of a KubervisorService, and any that is out."""

SEEN_WITHIN = 8.0
"""Seconds until every controller has seen an announcement (renewals are 2 s apart) and has finished
the write it had in hand (5 s at most)."""

RELEASED = "`kubervisor release` ran: nothing is ejected until a controller acts again"
_OF_A_GUARD = ("fleet", "podCount", "outliers")
"""Parts of a status that nobody keeps true any more. Its epoch, by which a frozen leader knows that
it was followed, its declared ejections and its record stay."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scope:
    """What to release: these namespaces, or all where there are none; and where the Leases are."""

    namespaces: tuple[str, ...]
    lease_namespace: str

    @property
    def announced(self) -> tuple[str, ...]:
        """The scope in an announcement."""
        return self.namespaces or ("*",)

    def collections(self, kind: str) -> list[str]:
        """The paths under which objects of `kind`, a constant of `kube.paths`, are in scope."""
        return [paths.collection(kind, namespace) for namespace in self.namespaces or (None,)]


class _Holder(msgspec.Struct, gc=False, rename="camel"):
    holder_identity: str | None = None


class _Meta(msgspec.Struct, gc=False):
    name: str


class _Lease(msgspec.Struct, gc=False):
    metadata: _Meta
    spec: _Holder = msgspec.field(default_factory=_Holder)


_leases = msgspec.json.Decoder(_Lease)


def release(
    api: Api,
    scope: Scope,
    *,
    disable: bool,
    now: Callable[[], float],
    wait: Callable[[float], Any],
    say: Say,
) -> int:
    """Release everything in `scope`; with `disable`, first remove our key from Service selectors.

    Returns how many pods could not be released: 0 where none is left out of traffic. Raises
    ApiError.
    """
    _announce(api, scope, wait, say)
    if disable:
        _stop_selecting(api, scope, say)
    writer = TrafficWriter(api, lambda: None, Overlay())
    for pod in _pods(api, scope):
        _release_pod(writer, pod, say)
    for record in _specs(api, scope):
        _let_go(api, _tell(api, record, disable=disable, now=now(), say=say), say)
    left = [pod for pod in _pods(api, scope) if pod.is_out]
    for pod in left:
        say(f"pod {pod.namespace}/{pod.name} is still out of traffic")
    return len(left)


def end_stop(api: Api, scope: Scope) -> None:
    """Let controllers act in `scope` again. Raises ApiError."""
    for name, _ in _lease_names(api, scope):
        withdraw_stop(api, scope.lease_namespace, name, scope.announced)


def _announce(api: Api, scope: Scope, wait: Callable[[float], Any], say: Say) -> None:
    held = False
    for name, holder in _lease_names(api, scope):
        announce_stop(api, scope.lease_namespace, name, scope.announced)
        held = held or bool(holder)
    if held:
        say(f"told controllers to write nothing; waiting {SEEN_WITHIN:g} s until all have seen it")
        wait(SEEN_WITHIN)


def _lease_names(api: Api, scope: Scope) -> list[tuple[str, str]]:
    """Name and holder of every Lease of a traffic controller; the usual one even if it is
    missing.
    """
    path = paths.collection(paths.LEASES, scope.lease_namespace)
    found = {
        lease.metadata.name: lease.spec.holder_identity or ""
        for lease in list_all(api, path, _leases.decode)
        if lease.metadata.name.startswith(Settings.lease_prefix)
    }
    found.setdefault(Settings.lease_prefix, "")
    return sorted(found.items())


def _stop_selecting(api: Api, scope: Scope, say: Say) -> None:
    for path in scope.collections(paths.SERVICES):
        for service in list_all(api, path, decode_service):
            if keys.TRAFFIC in service.selector:
                stop_selecting(api, service)
                say(
                    f"service {service.namespace}/{service.name} no longer selects on "
                    f"{keys.TRAFFIC}"
                )


def _pods(api: Api, scope: Scope) -> Iterator[Pod]:
    seen = set()
    for path, selector in product(scope.collections(paths.PODS), OURS):
        for pod in list_all(api, path, decode_pod, query={"labelSelector": selector}):
            if pod.uid not in seen and is_member(pod):
                seen.add(pod.uid)
                yield pod


def _release_pod(writer: TrafficWriter, pod: Pod, say: Say) -> None:
    try:
        writer.release(pod)
    except (NotFound, Conflict):
        return  # gone or changed: the last look at all pods tells
    if pod.is_out:
        say(f"pod {pod.namespace}/{pod.name} is back in traffic")


def _specs(api: Api, scope: Scope) -> Iterator[SpecRecord]:
    for path in scope.collections(paths.KUBERVISOR_SERVICES):
        try:
            yield from list_all(api, path, decode_spec)
        except NotFound:
            return  # the CRD is not there


def _tell(api: Api, record: SpecRecord, *, disable: bool, now: float, say: Say) -> SpecRecord:
    """Have the object say that it guards nothing; what is stored then.

    A status that cannot be written is said, and keeps no pod and no object waiting.
    """
    if record.deleting:
        return record
    try:
        return write_status(api, record, released_status(record, disable=disable, now=now))
    except ApiError as error:
        say(f"kubervisorservice {record.namespace}/{record.name} keeps its last status: {error}")
        return record


def released_status(record: SpecRecord, *, disable: bool, now: float) -> dict[str, Any]:
    """The status of an object that nothing guards any more, until a controller writes it anew."""
    before = record.status
    said = compose_refused(record.generation, Reason.RELEASED, RELEASED, before, now=now).wire()
    if not disable:
        # Its Service selects on our label, or not, as before.
        active = [one for one in before.get("conditions") or () if one.get("type") == "Active"]
        others = [one for one in said["conditions"] if one["type"] != "Active"]
        said["conditions"] = [*others, *active]
    return {name: part for name, part in before.items() if name not in _OF_A_GUARD} | said


def _let_go(api: Api, record: SpecRecord, say: Say) -> None:
    if keys.FINALIZER not in record.finalizers:
        return
    try:
        remove_finalizer(api, record)
    except (NotFound, Conflict):
        say(f"kubervisorservice {record.namespace}/{record.name} changed; run this again")
