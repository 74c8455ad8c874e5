"""python -m benchmarks.scale.reference KUBECONFIG PROMETHEUS SERVICES: what a person writes first.

A thread for each Service asks Prometheus for its pods every period and takes out who fails more
than three times as often as the fleet; pods come from the official client's typed list and watch.
No lease, no budget, no overlay, no return: what is measured is how such a program grows. The first
line of its output says, once the pods are listed, after how many seconds.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import defaultdict
from typing import Any

import requests
from kubernetes import client, config, watch

PERIOD = 5.0
PAGE = 500
SERVICE = "app.kubernetes.io/name"
QUERY = 'sum by (pod, code) (increase(http_requests_total{{pod=~"{service}-.*"}}[60s]))'


# The library carries no types for these.
_watch: Any = watch.Watch
_load: Any = config.load_kube_config


class Pods:
    """All pods as the client's models, by name."""

    def __init__(self, api: client.CoreV1Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._pods: dict[str, dict[str, Any]] = defaultdict(dict)
        self._version = ""

    def read_all(self) -> None:
        """Read all pages."""
        token = None
        while True:
            page: Any = self._api.list_pod_for_all_namespaces(limit=PAGE, _continue=token)
            for pod in page.items:
                self._keep(pod)
            self._version = page.metadata.resource_version
            token = page.metadata._continue  # noqa: SLF001 - the client's name for `continue`
            if not token:
                return

    def follow(self) -> None:
        """Take in what changes, for ever."""
        while True:
            stream = _watch().stream(
                self._api.list_pod_for_all_namespaces, resource_version=self._version
            )
            for event in stream:
                self._version = event["object"].metadata.resource_version
                self._keep(event["object"], gone=event["type"] == "DELETED")

    def of(self, service: str) -> list[Any]:
        """The Ready pods of a Service."""
        with self._lock:
            pods = list(self._pods[service].values())
        return [pod for pod in pods if _is_ready(pod)]

    def _keep(self, pod: Any, *, gone: bool = False) -> None:
        mine = self._pods[pod.metadata.labels[SERVICE]]
        with self._lock:
            if gone:
                mine.pop(pod.metadata.name, None)
            else:
                mine[pod.metadata.name] = pod


def guard(api: client.CoreV1Api, pods: Pods, prometheus: str, service: str) -> None:
    """Judge one Service every period, for ever."""
    while True:
        began = time.monotonic()
        answer = requests.get(
            f"{prometheus}/api/v1/query", {"query": QUERY.format(service=service)}, timeout=PERIOD
        )
        failed: defaultdict[str, float] = defaultdict(float)
        every: defaultdict[str, float] = defaultdict(float)
        for sample in answer.json()["data"]["result"]:
            name, value = sample["metric"]["pod"], float(sample["value"][1])
            every[name] += value
            if re.fullmatch("5..", sample["metric"]["code"]):
                failed[name] += value
        usual = sum(failed.values()) / max(1.0, sum(every.values()))
        for pod in pods.of(service):
            name = pod.metadata.name
            if failed[name] > max(10.0, 3 * usual * every[name]):
                labels = {"metadata": {"labels": {"kubervisor/traffic": "no"}}}
                api.patch_namespaced_pod(name, pod.metadata.namespace, labels)
        time.sleep(max(0.0, began + PERIOD - time.monotonic()))


def _is_ready(pod: Any) -> bool:
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())


def main(kubeconfig: str, prometheus: str, services: list[str]) -> None:
    """Run for ever."""
    _load(kubeconfig)
    api = client.CoreV1Api()
    pods, began = Pods(api), time.monotonic()
    pods.read_all()
    print(time.monotonic() - began, flush=True)
    for service in services:
        threading.Thread(target=guard, args=(api, pods, prometheus, service), daemon=True).start()
    pods.follow()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3].split(","))
