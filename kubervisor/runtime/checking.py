"""`kubervisor check`: whether what a controller needs is there, as its account sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kubervisor.errors import ApiError, KubervisorError, NotFound
from kubervisor.kube import access, failures, paths, wire
from kubervisor.kube.client import Api
from kubervisor.kube.stopping import read_stopped
from kubervisor.source_settings import NamedSource
from kubervisor.sources import Sources
from kubervisor.traffic.detector_policy import SourceRef

TAKES_OVER = 5.0
"""Seconds after the end of a Lease in which another controller has taken it."""

LOOK_SECONDS = 0.5
SOURCE_SECONDS = 5.0
SAMPLE_SECONDS = 75.0
"""What is asked for is made for the answer, so it is younger than that."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is as it should be, and what to read."""

    well: bool
    text: str


def find_definition(
    api: Api,
    namespaces: Sequence[str],
    kind: str = paths.KUBERVISOR_SERVICES,
    title: str = "KubervisorServices",
) -> Iterator[Finding]:
    """Whether the API server serves that kind, a constant of `paths`."""
    path = paths.collection(kind, next(iter(namespaces), None))
    try:
        api.request("GET", path, query={"limit": 1})
    except NotFound:
        yield Finding(
            False,
            f"the API server serves no {title}: apply crds/, or use crds.enabled of the chart",
        )
    except ApiError as error:
        yield Finding(False, f"{title} cannot be read: {error}")
    else:
        yield Finding(True, f"the API server serves {title}")


def find_rights(
    api: Api, rights: tuple[access.Right, ...], namespaces: Sequence[str], who: str
) -> Iterator[Finding]:
    """Whether `who`, the account of `api`, has `rights` in each of `namespaces`, or in all."""
    for namespace in namespaces or ("",):
        where = f"in {namespace}" if namespace else "in all namespaces"
        try:
            lacking = ", ".join(str(right) for right in access.missing(api, rights, namespace))
        except ApiError as error:
            yield Finding(False, f"the rights of {who} {where} cannot be read: {error}")
            continue
        if lacking:
            yield Finding(False, f"{who} may not, {where}: {lacking}")
        else:
            yield Finding(True, f"{who} has its {len(rights)} rights {where}")


def find_leader(
    api: Api, namespace: str, name: str, duration: float, wait: Callable[[float], Any]
) -> Iterator[Finding]:
    """Whether a controller holds the Lease, which is valid for `duration` seconds, and acts.

    It does when it renews it while we look: the clocks of two machines are never compared.
    """
    within = duration + TAKES_OVER
    title = f"the Lease {namespace}/{name}"
    seen: set[str] = set()
    lease = wire.Lease(wire.LeaseMeta())
    for _ in range(round(within / LOOK_SECONDS)):
        try:
            lease = _read_lease(api, namespace, name)
        except NotFound:
            pass  # a controller that has just been started will make it
        except ApiError as error:
            yield Finding(False, f"{title} cannot be read: {error}")
            return
        if lease.spec.holder_identity:
            seen.add(f"{lease.spec.holder_identity} {lease.spec.renew_time}")
        if len(seen) > 1:
            break
        wait(LOOK_SECONDS)
    else:
        yield Finding(
            False,
            f"no controller renewed {title} within {within:g} s: none runs, or none "
            "is ready; see its logs",
        )
        return
    yield Finding(True, f"{lease.spec.holder_identity} holds {title}")
    stopped = read_stopped(lease.metadata.annotations or {})
    if stopped:
        which = "all namespaces" if "*" in stopped else ", ".join(sorted(stopped))
        yield Finding(
            False,
            f"controllers were told to write nothing in {which}: "
            "`kubervisor release … --end` lets them act",
        )


def find_sources(named: Sequence[NamedSource]) -> Iterator[Finding]:
    """Whether each source of the administrator answers a query."""
    sources = Sources(named=named, allow=(), max_sample_age=SAMPLE_SECONDS)
    try:
        for source in named:
            yield _ask(sources, source)
    finally:
        sources.close()


def _ask(sources: Sources, source: NamedSource) -> Finding:
    ref, namespace = SourceRef(name=source.name), next(iter(source.namespaces), "")
    try:
        sources.query(ref, "vector(1)", deadline=SOURCE_SECONDS, namespace=namespace)
    except KubervisorError as error:
        return Finding(False, str(error))
    return Finding(True, f"source {source.name} answers")


def _read_lease(api: Api, namespace: str, name: str) -> wire.Lease:
    path = paths.single(paths.LEASES, namespace, name)
    return failures.decoded(path, wire.leases.decode, api.request("GET", path))
