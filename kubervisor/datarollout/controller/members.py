"""Who uses a source and who depends on it, read off the pods.

Pure. One pod's bad annotations are that pod's trouble: they make it no user, or one without a
request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from kubervisor.datarollout.decision.state import User
from kubervisor.datarollout.needs import REQUEST, STATUS, DataNeeds, read_needs
from kubervisor.datarollout.versions import (
    Deployed,
    Progress,
    Request,
    Version,
    read_deployed,
    read_request,
    write_request,
)
from kubervisor.kube.data_pods import LONGEST_NOTE, DataPod

# Many pods are asked for the same version in the same second: one text for all of them.
_read_request = lru_cache(maxsize=4096)(read_request)

Key = tuple[str, str]
"""A namespace and the name of a source."""


@dataclass(slots=True)
class Members:
    """The pods of one namespace that use a source, in the order of their names, and those that name
    it as one they depend on; `needs` of the users by uid.
    """

    users: list[DataPod] = field(default_factory=list)
    dependants: list[DataPod] = field(default_factory=list)
    needs: dict[str, DataNeeds] = field(default_factory=dict)


def gather(pods: Iterable[DataPod]) -> dict[Key, Members]:
    """The members by namespace and source. Pods that have ended or go are none."""
    found: defaultdict[Key, Members] = defaultdict(Members)
    for pod in sorted(pods, key=lambda one: one.name):
        if not pod.active:
            continue
        needs = read_needs(_readable(pod))
        for source in set(needs.sources.values()):
            members = found[pod.namespace, source]
            members.users.append(pod)
            members.needs[pod.uid] = needs
        for source in needs.depends:
            found[pod.namespace, source].dependants.append(pod)
    return dict(found)


def user_of(pod: DataPod, names: Iterable[str], now: float) -> User:
    """The pod as a user of the source that it has under these `names`."""
    notes = _readable(pod)
    return User(
        uid=pod.uid,
        namespace=pod.namespace,
        name=pod.name,
        request=_agreed([_read_request(notes.get(f"{REQUEST}{name}")) for name in names]),
        deployed=_worst([read_deployed(notes.get(f"{STATUS}{name}")) for name in names]),
        failing_since=pod.failing_since(now),
        created=pod.created_at,
    )


def requests_for(names: Iterable[str], version: Version, now: float) -> Mapping[str, str]:
    """The annotations that ask a pod which has the source under these `names` for `version`."""
    text = write_request(Request(version, now))
    return {f"{REQUEST}{name}": text for name in names}


def _readable(pod: DataPod) -> dict[str, str]:
    """What is kept in part is not read: it might say something else than the whole."""
    return {key: text for key, text in pod.notes.items() if len(text) <= LONGEST_NOTE}


def _agreed(requests: list[Request | None]) -> Request | None:
    """What all names are asked for, since the last of them is; None where they disagree."""
    known = [request for request in requests if request is not None]
    first = known[0] if known else None
    if first is None or len(known) < len(requests):
        return None
    if not all(request.version.is_same(first.version) for request in known):
        return None
    instants = [request.at for request in known]
    latest = None if None in instants else max(at for at in instants if at is not None)
    return Request(first.version, latest)


def _worst(said: list[Deployed | None]) -> Deployed | None:
    """One word for all names: what failed, else what is under way; ready only where all are."""
    known = [deployed for deployed in said if deployed is not None]
    for progress in (Progress.FAILED, Progress.FETCHING):
        for deployed in known:
            if deployed.progress is progress:
                return deployed
    if not known or len(known) < len(said):
        return None
    last = max(known, key=lambda deployed: deployed.at)
    return last if all(one.version.is_same(last.version) for one in known) else None
