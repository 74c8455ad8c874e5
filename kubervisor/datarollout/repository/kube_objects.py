"""What a repository reads of Kubernetes, where it is told to: small objects by name, and what pods
and DataRollouts name.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from kubervisor.datarollout.needs import read_needs
from kubervisor.datarollout.repository.fetching import Fetched, Fetcher
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import SourceSpec
from kubervisor.errors import ApiError, SourceAnswerUnusable
from kubervisor.kube import failures, paths
from kubervisor.kube.client import Api
from kubervisor.kube.listing import list_all

T = TypeVar("T")

CONFIG_MAPS = "/api/v1/configmaps"
SECRETS = "/api/v1/secrets"
SECONDS = 10.0


class _Meta(msgspec.Struct, gc=False):
    namespace: str = ""
    name: str = ""
    uid: str = ""
    annotations: dict[str, str] | None = None
    resource_version: str = msgspec.field(name="resourceVersion", default="")


class _Held(msgspec.Struct, gc=False):
    metadata: _Meta
    data: dict[str, str] | None = None
    binary: dict[str, str] | None = msgspec.field(name="binaryData", default=None)


class _Pod(msgspec.Struct, gc=False):
    metadata: _Meta


class _Named(msgspec.Struct, gc=False):
    sha256: str = ""


class _Status(msgspec.Struct, gc=False):
    good: _Named | None = msgspec.field(name="lastKnownGood", default=None)
    candidate: _Named | None = None


class _Spec(msgspec.Struct, gc=False):
    pin: str = ""


class _Rollout(msgspec.Struct, gc=False):
    status: _Status = msgspec.field(default_factory=_Status)
    spec: _Spec = msgspec.field(default_factory=_Spec)


_held = msgspec.json.Decoder(_Held)
_pods = msgspec.json.Decoder(_Pod)
_rollouts = msgspec.json.Decoder(_Rollout)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The API server, and the `namespaces` that are looked at; all where there are none."""

    api: Api
    namespaces: Sequence[str] = ()

    def config_map(self, spec: SourceSpec) -> Fetcher:
        """The fetcher of a ConfigMap."""
        return _ConfigMap(spec, self.api)

    def secret(self, name: str) -> Mapping[str, bytes]:
        """The contents of a Secret in the repository's namespace. Raises ApiError."""
        path = paths.single(SECRETS, self.api.namespace, name)
        held = failures.decoded(path, _held.decode, self.api.request("GET", path))
        return {key: _bytes(text) for key, text in (held.data or {}).items()}

    def specs(self) -> list[tuple[str, str, str]]:
        """Name and spec of the sources that pods would set up, and the pod, in the pods' order.
        Raises ApiError.
        """
        found = []
        for pod in self._list(paths.PODS, _pods):
            needs = read_needs(pod.metadata.annotations or {})
            where = f"{pod.metadata.namespace}/{pod.metadata.name}"
            found += [(name, spec, where) for name, spec in (needs.specs or {}).items()]
        return found

    def in_use(self) -> frozenset[str] | None:
        """Digests of the versions that DataRollouts name, and what they are pinned to; None where
        nobody knows.
        """
        named: set[str] = set()
        try:
            for rollout in self._list(paths.DATA_ROLLOUTS, _rollouts):
                versions = (rollout.status.good, rollout.status.candidate)
                named |= {version.sha256.upper() for version in versions if version}
                named.add(rollout.spec.pin)
        except ApiError:
            return None
        return frozenset(named - {""})

    def _list(self, kind: str, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        for namespace in self.namespaces or (None,):
            yield from list_all(
                self.api, paths.collection(kind, namespace), decoder.decode, timeout=SECONDS
            )


class _ConfigMap:
    """One ConfigMap: a file for each of its keys."""

    def __init__(self, spec: SourceSpec, api: Api) -> None:
        namespace, _, name = spec.url.partition("/")
        self._path, self._api = paths.single(CONFIG_MAPS, namespace, name), api

    def fetch(self, tree: Tree, known: str) -> Fetched | None:
        """As `Fetcher` says; a revision is the object's resource version."""
        answer = self._api.request("GET", self._path)
        held = failures.decoded(self._path, _held.decode, answer)
        revision = f"{held.metadata.uid}/{held.metadata.resource_version}"
        if revision == known:
            return None
        files = {key: text.encode() for key, text in (held.data or {}).items()}
        files |= {key: _bytes(text) for key, text in (held.binary or {}).items()}
        for key, content in files.items():
            tree.add_file(key, io.BytesIO(content))
        return Fetched(revision)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SourceAnswerUnusable("it holds what is no base64") from None
