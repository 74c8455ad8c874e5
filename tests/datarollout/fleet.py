"""A fleet whose data comes from git: every part of data deployments as a process of its own.

The deployers are forks of one process that has loaded the program (`playground.forking`): each has
its own arguments, environment, log, connections and a token that is bound to its pod, and only did
not import `kubervisor` again, which would take a hundred times half a second of a processor. The
programs that read the data are one server with an address for each pod.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

import yaml

from kubervisor.datarollout.needs import REQUEST, STATUS
from kubervisor.datarollout.versions import Progress, read_deployed, read_request
from playground.cluster import LocalCluster
from playground.data_git import GitRepository
from playground.data_pods import DataPods
from playground.data_processes import RepositoryProcess, RolloutProcess
from playground.data_stage import THERE, Clients, Rollouts, grant, release_of, workload
from playground.data_workload import FILE, prices
from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.watchdog_process import WatchdogProcess
from tests.integration.guard import until

WITHIN = 300.0
LEASE = {f"KUBERVISOR_{of}_LEASE_DURATION": "60" for of in ("DATA", "WATCHDOG")}
"""Nobody starts a controller again here that lost its Lease on a busy machine."""


class DataFleet:
    """`size` pods that use all of `sources`, each of which is a folder of one git repository.

    Attributes:
        asked: the versions that each pod was asked to have, by pod and source, as they came.
    """

    def __init__(
        self,
        cluster: LocalCluster,
        namespace: str,
        folder: Path,
        size: int,
        sources: tuple[str, ...],
    ) -> None:
        self.size, self.sources = size, sources
        self.asked: dict[tuple[str, str], list[str]] = {}
        self.most: dict[str, int] = {}
        self._now: dict[tuple[str, str], str] = {}
        self._git = GitRepository(folder / "git")
        self._git.commit({f"{one}/{FILE}": prices("1.0", tea=3) for one in sources}, "1.0")
        with ExitStack() as stack:
            self._start(stack, cluster, namespace)
            self._stack = stack.pop_all()

    def _start(self, stack: ExitStack, cluster: LocalCluster, namespace: str) -> None:
        kubeconfig = grant(cluster, namespace=namespace)
        self.api = stack.enter_context(closing(Api(cluster.kubeconfig)))
        self.rollouts = Rollouts(self.api, namespace)
        specs = {one: f"git:{self._git.url}#branch=main&path={one}" for one in self.sources}
        where = f"--namespace={namespace}"
        repository = stack.enter_context(
            RepositoryProcess(grant(cluster, "datarepo", namespace), specs, "--period=1", where)
        )
        flags = (where, "--period=1", "--probation=3", "--no-register-crds")
        at = f"--repository={repository.url}"
        self.controller = stack.enter_context(RolloutProcess(kubeconfig, *flags, at, env=LEASE))
        own = (where, f"--lease-namespace={namespace}", "--no-evict", "--probe-period=1")
        stack.enter_context(WatchdogProcess(cluster.kubeconfig, *own, env=LEASE))
        self.pods = stack.enter_context(DataPods(cluster, namespace, {THERE: repository.url}))
        path = f"/api/v1/namespaces/{namespace}/pods"
        self._watch = stack.enter_context(Watch(self.api, path, dict, changed=self._noted))
        text = yaml.safe_dump_all(self._manifests(namespace))
        cluster.kubectl("apply", "--filename=-", stdin=text)

    def _manifests(self, namespace: str) -> list[Json]:
        """Those of the example, with all sources and one watchdog."""
        manifests = workload()
        for one in manifests:
            one["metadata"]["namespace"] = namespace
        deployment = manifests[-1]
        deployment["spec"]["replicas"] = self.size
        annotations = deployment["spec"]["template"]["metadata"]["annotations"]
        annotations["store.autocrane.io/data"] = ",".join(self.sources)
        annotations["store.autocrane.io/deps"] = self.sources[0]
        del annotations["probe.autocrane.io/deployer"]
        return manifests

    def close(self) -> None:
        """End all processes."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def clients(self, source: str) -> Clients:
        """Somebody who asks the pods for a source's prices."""
        return Clients(self.pods, source, pause=0.02)

    def publish(self, source: str, release: str, tea: float) -> None:
        """Commit a release, in which tea costs so much."""
        self._git.commit({f"{source}/{FILE}": prices(release, tea)}, f"{source} {release}")

    def releases(self, source: str) -> set[str]:
        """What the programs of the pods read now."""
        return {release_of(pod, source) for pod in list(self.pods.running.values())}

    def versions(self, source: str) -> set[str]:
        """The versions that deployers say are ready; "" for a pod whose deployer says none."""
        notes = [pod["metadata"].get("annotations", {}) for pod in self._watch.objects.values()]
        said = [read_deployed(note.get(f"{STATUS}{source}")) for note in notes]
        return {one.version.path if one and one.progress is Progress.READY else "" for one in said}

    def wait(self, so: Callable[[], bool], what: str) -> None:
        """Return once it is so. Raises AssertionError, naming `what` was awaited."""
        until(so, what, within=WITHIN)

    def wait_settled(self, source: str, release: str) -> str:
        """Return once all pods have a release and the rollout is settled on it; its version."""

        def is_so() -> bool:
            status = self.rollouts.status(source)
            good: Mapping[str, Any] = status.get("lastKnownGood") or {}
            return (
                status.get("phase") == "Settled"
                and status.get("users") == len(self.pods.running) == self.size
                and self.versions(source) == {good.get("path", "")}
                and self.releases(source) == {release}
            )

        self.wait(is_so, f"all pods have {source} {release}: {self.rollouts.status(source)}")
        path: str = self.rollouts.status(source)["lastKnownGood"]["path"]
        return path

    def _noted(self, _: str, pod: Json | None, __: float) -> None:
        if pod is None:
            return
        for source in self.sources:
            request = read_request(pod["metadata"]["annotations"].get(f"{REQUEST}{source}"))
            key = (pod["metadata"]["name"], source)
            if request and self._now.get(key) != request.version.path:
                self._now[key] = request.version.path
                self.asked.setdefault(key, []).append(request.version.path)
                self._count(source, request.version.path)

    def _count(self, source: str, path: str) -> None:
        now = sum(one == path for (_, of), one in self._now.items() if of == source)
        self.most[path] = max(self.most.get(path, 0), now)
