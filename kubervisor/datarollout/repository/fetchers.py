"""Makes the fetcher of a source: what it may reach, where it works, which credential it has."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kubervisor.datarollout.repository.addresses import Addresses
from kubervisor.datarollout.repository.credentials import find_credential
from kubervisor.datarollout.repository.fetching import Fetched, Fetcher
from kubervisor.datarollout.repository.git import GitFetcher
from kubervisor.datarollout.repository.http_archive import HttpArchiveFetcher
from kubervisor.datarollout.repository.limits import Limits
from kubervisor.datarollout.repository.program import Program
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import Kind, SourceSpec
from kubervisor.errors import SourceRejected

if TYPE_CHECKING:  # a repository that asks no API server does not load what that takes
    from kubervisor.datarollout.repository.kube_objects import Cluster


class Fetchers:
    """`scratch` is a folder of this process's own: what is in it is thrown away now. `local` is for
    tests. Raises OSError where the folder cannot be used.
    """

    def __init__(
        self,
        scratch: Path,
        limits: Limits,
        *,
        cluster: Cluster | None,
        stop: threading.Event,
        local: bool = False,
    ) -> None:
        self._work, self._limits, self._cluster = scratch / "work", limits, cluster
        self._local = local
        shutil.rmtree(self._work, ignore_errors=True)
        home = self._work / "home"
        home.mkdir(parents=True)
        self._program = Program(home, stop)
        api_server = os.environ.get("KUBERNETES_SERVICE_HOST", "")
        self._addresses = Addresses({api_server}, local=local)

    def make(self, spec: SourceSpec, *, annotated: bool) -> Fetcher:
        """The fetcher of `spec`, `annotated` where a pod set it up. Raises OSError."""
        if spec.kind is Kind.CONFIGMAP:
            return self._cluster.config_map(spec) if self._cluster else _Accountless()
        # By a digest: two names must not be one folder, whatever the file system makes of case.
        scratch = self._work / hashlib.sha256(spec.name.encode()).hexdigest()[:16]
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        read_secret = self._cluster.secret if self._cluster else None
        credential = partial(find_credential, spec.credential, read_secret)
        if spec.kind is Kind.ARCHIVE:
            return HttpArchiveFetcher(
                spec,
                scratch=scratch,
                limits=self._limits,
                credential=credential,
                addresses=self._addresses,
                stays=annotated,
            )
        return GitFetcher(
            spec,
            scratch=scratch,
            program=self._program,
            limits=self._limits,
            credential=credential,
            pinned=self._addresses.pinned,
            local=self._local,
        )


class _Accountless:
    """A ConfigMap, where there is nobody to ask for it."""

    def fetch(self, tree: Tree, known: str) -> Fetched | None:
        raise SourceRejected("a ConfigMap needs an account of Kubernetes")
