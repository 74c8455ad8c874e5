"""DataRollouts for those who look: LISTed when somebody asks, and only what people are shown.

The controller has a cache of its own. Here nothing is watched, so nothing is spent while nobody
looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kubervisor.kube import paths, wire
from kubervisor.kube.client import Api
from kubervisor.kube.conditions import Condition
from kubervisor.kube.failures import UNREADABLE
from kubervisor.kube.listing import list_all


class _Struct(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """Part of an object as stored; what else is in it is not decoded."""


class Version(_Struct):
    """A version; `users` are the pods that run it, None where nobody counted them."""

    path: str = ""
    sha256: str = ""
    at: str | None = None
    users: int | None = None


class Stage(_Struct):
    """The stage that the candidate is in: its place from 0, its share, when it began."""

    index: int = 0
    percent: int = 0
    since: str | None = None


class Quarantined(_Struct):
    """A version that was taken back at `at`, and why."""

    path: str = ""
    sha256: str = ""
    reason: str = ""
    at: str | None = None


class Happening(_Struct):
    """One thing that happened, about the version at `path`."""

    at: str | None = None
    reason: str = ""
    path: str = ""
    message: str = ""


class Rules(_Struct):
    """By which rules versions go out; None where it is not said."""

    stages: list[int] | None = None
    probation: str | None = None
    failure_percent: int | None = None
    progress_deadline: str | None = None


class Spec(Rules):
    """What is asked for."""

    source: str | None = None
    paused: bool = False
    pin: str = ""


class Status(_Struct):
    """What the controller said last; `policy` is what it goes by where the spec says nothing."""

    observed_generation: int = 0
    phase: str = ""
    reason: str = ""
    message: str = ""
    last_known_good: Version | None = None
    candidate: Version | None = None
    newest: Version | None = None
    stage: Stage | None = None
    users: int | None = None
    on_last_known_good: int | None = None
    on_candidate: int | None = None
    proven: int | None = None
    failing: int | None = None
    dependants: int | None = None
    failing_dependants: int | None = None
    versions: list[Version] = []
    quarantine: list[Quarantined] = []
    failures: int = 0
    not_before: str | None = None
    history: list[Happening] = []
    conditions: list[Condition] = []
    policy: Rules | None = None

    def stage_now(self) -> Stage | None:
        """The stage of a candidate that goes out; one that goes back had one too."""
        return self.stage if self.phase == "RollingOut" else None

    def needed(self) -> int | None:
        """Pods that must have proven the candidate before the stage is over; None without one.

        >>> Status(phase="RollingOut", users=10, stage=Stage(0, 25)).needed()
        3
        """
        stage = self.stage_now()
        if stage is None or self.users is None:
            return None
        return self.users - (100 - stage.percent) * self.users // 100


class _Object(_Struct):
    metadata: wire.Meta
    spec: Spec | None = None
    status: Status | None = None


class _Named(_Struct):
    metadata: wire.Meta


class Rollout(_Struct):
    """A DataRollout; `readable` is False where nothing but its name could be read."""

    namespace: str
    name: str
    uid: str
    generation: int
    created_at: str | None
    spec: Spec
    status: Status
    readable: bool = True

    @property
    def source(self) -> str:
        """The source that it is about."""
        return self.spec.source or self.name

    def rule(self, name: str) -> Any:
        """A field of `Rules` as it is in force: the spec's, else the controller's, else None."""
        asked = getattr(self.spec, name)
        return getattr(self.status.policy, name, None) if asked is None else asked


_objects = msgspec.json.Decoder(_Object)
_names = msgspec.json.Decoder(_Named)


def list_rollouts(
    api: Api, namespace: str | None = None, *, timeout: float = 10.0
) -> Iterator[Rollout]:
    """Yield the DataRollouts of a namespace, or of all, by namespace and name.

    `timeout` (seconds) is that of each page. Raises ApiError: NotFound where the API server does
    not know DataRollouts, Forbidden where the account may not list them.
    """
    yield from list_all(
        api, paths.collection(paths.DATA_ROLLOUTS, namespace), _decoded, timeout=timeout
    )


def _decoded(text: bytes | msgspec.Raw) -> Rollout:
    try:
        found = _objects.decode(text)
    except UNREADABLE:
        return _rollout(_names.decode(text).metadata, Spec(), Status(), readable=False)
    return _rollout(found.metadata, found.spec or Spec(), found.status or Status(), readable=True)


def _rollout(meta: wire.Meta, spec: Spec, status: Status, *, readable: bool) -> Rollout:
    return Rollout(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        generation=meta.generation,
        created_at=meta.creation_timestamp,
        spec=spec,
        status=status,
        readable=readable,
    )
