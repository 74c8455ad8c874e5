"""Where the story of watchdogs plays: kubectl on a cluster, and programs that are well or not."""

from __future__ import annotations

import subprocess
import sys

import yaml

from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.http_page import is_well
from playground.local import LocalCluster
from playground.loopback_pods import PORT, free_address
from playground.processes import Processes
from playground.story import Story

NAMESPACE = "shop"
HEALTH = (
    *("get", "pods", "--label-columns=status.autocrane.io/health"),
    "--sort-by=.metadata.creationTimestamp",
)


class Stage:
    """A cluster on which the examples run, and kubectl on it."""

    def __init__(self, story: Story, cluster: LocalCluster, api: Api, processes: Processes) -> None:
        self.story, self.api, self._cluster, self._processes = story, api, cluster, processes

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        """What kubectl prints. Raises KubectlFailed."""
        return self._cluster.kubectl(f"--namespace={NAMESPACE}", *args, stdin=stdin)

    def apply(self, manifests: list[Json]) -> None:
        """Apply them in this order."""
        self.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(manifests))

    def show_pods(self, app: str) -> None:
        """Say what `kubectl get pods -L status.autocrane.io/health` prints of a workload."""
        shown = self.kubectl(*HEALTH, f"--selector=app={app}")
        self.story.say(f"kubectl get pods -L status.autocrane.io/health:\n{shown}")

    def show_watchdogs(self, pod: str) -> None:
        """Say what `kubervisor watchdog get` prints of a pod."""
        command = ("watchdog", "get", f"--namespace={NAMESPACE}", f"--pod={pod}", "--output=wide")
        program = [sys.executable, "-m", "kubervisor", *command]
        whole = [*program, f"--kubeconfig={self._cluster.kubeconfig}"]
        shown = subprocess.run(whole, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.story.say(f"kubervisor {' '.join(command)}:\n{shown}")

    def pods(self, app: str) -> list[Json]:
        """Its pods that are not going, the oldest first."""
        path = f"/api/v1/namespaces/{NAMESPACE}/pods"
        found = [
            pod
            for pod in self.api.get(path, labelSelector=f"app={app}")["items"]
            if "deletionTimestamp" not in pod["metadata"]
        ]
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))

    def serve(self, version: str) -> str:
        """The address of a workload that plays all pods of a version of the canary."""
        address = free_address()
        command = [sys.executable, "-m", "kubervisor", "testworkload"]
        self._processes.start(version, [*command, f"--listen={address}:{PORT}"])
        self._processes.wait_ready(version, lambda: is_well(f"http://{address}:{PORT}/ping"))
        return address


class ReadyCount:
    """Counts the pods of `catalog` that are Ready and not going, after each change."""

    def __init__(self, stage: Stage) -> None:
        self._ready: dict[str, bool] = {}
        self._fewest = len(stage.pods("catalog"))
        self._has_all = False  # the watch tells of those that are there one by one
        path = f"/api/v1/namespaces/{NAMESPACE}/pods"
        self._watch = Watch(stage.api, path, _is_ready, selector="app=catalog", changed=self._count)
        self._has_all = True

    def close(self) -> int:
        """End it; the fewest that there were."""
        self._watch.close()
        return self._fewest

    def _count(self, pod: str, is_ready: bool | None, _: float) -> None:
        self._ready[pod] = bool(is_ready)
        if self._has_all:
            self._fewest = min(self._fewest, sum(self._ready.values()))


def _is_ready(pod: Json) -> bool:
    conditions = pod["status"].get("conditions", ())
    is_ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    return is_ready and "deletionTimestamp" not in pod["metadata"]
