"""Where data rolls out: what the chart grants and refuses, pods of the example, their clients."""

from __future__ import annotations

import itertools
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from playground import granted
from playground.data_pods import DATA, DataPod, DataPods
from playground.data_workload import PORT
from playground.fleet_api import Api, Json
from playground.local import LocalCluster

EXAMPLES = granted.ROOT / "examples" / "data"
NAMESPACE = "shop"
THERE = "http://kubervisor-datarepo.kubervisor"
"""The repository's address as the example has it."""
GROUP = "/apis/kubervisor.k8s.io/v1alpha1"


def grant(cluster: LocalCluster, account: str = "datarollout", namespace: str = NAMESPACE) -> Path:
    """Have the cluster know DataRollouts, and what the chart grants and refuses with the example's
    values; a kubeconfig of one of its accounts.
    """
    values = f"--values={EXAMPLES / 'values.yaml'}"
    deployers = f"--set=data.deployers[0].namespace={namespace}"
    return granted.grant(cluster, account, values, deployers, namespace=namespace)


def workload() -> list[Json]:
    """What the example has, for pods that are played here and deployers that look each second."""
    deployment, *others = yaml.safe_load_all((EXAMPLES / "workload.yaml").read_text())
    template = deployment["spec"]["template"]
    template["metadata"]["labels"] |= DATA
    template["spec"]["containers"][1]["args"].append("--period=1")
    return [*others, deployment]


class Rollouts:
    """The DataRollouts of a namespace, as they are now."""

    def __init__(self, api: Api, namespace: str = NAMESPACE) -> None:
        self._api, self._path = api, f"{GROUP}/namespaces/{namespace}/datarollouts"

    def status(self, name: str) -> Json:
        """What one has come to; nothing where it is not there or says nothing yet."""
        path = f"{self._path}/{name}"
        found: Json = self._api.get(path).get("status", {}) if self._api.exists(path) else {}
        return found


def release_of(pod: DataPod, source: str) -> str:
    """The release that a pod reads now, by the file itself."""
    found: dict[str, Any] = json.loads((pod.folder / source / "prices.json").read_text())
    release: str = found["release"]
    return release


class Clients:
    """Ask one pod after the other for a price, until closed, and count what they get.

    Attributes:
        sent, failed: requests, and those without an answer of 200.
        wrong: answers in which something costs nothing, by pod.
    """

    def __init__(self, pods: DataPods, source: str, pause: float = 0.01) -> None:
        self._pods, self._source, self._pause = pods, source, pause
        self.sent = self.failed = 0
        self.wrong: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clients")
        self._thread.start()

    def close(self) -> None:
        """End; the counts stay."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        for turn in itertools.count():
            if self._stop.wait(self._pause):
                return
            running = list(self._pods.running.values())
            if running:
                self._ask(running[turn % len(running)])

    def _ask(self, pod: DataPod) -> None:
        self.sent += 1
        try:
            with urlopen(f"http://{pod.address}:{PORT}/{self._source}", timeout=5) as answer:
                prices = json.loads(answer.read())
        except (URLError, OSError, ValueError):
            self.failed += 1
        else:
            self.wrong[pod.name] += 0 in prices.values()
