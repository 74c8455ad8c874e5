"""examples/watchdog/canary.yaml on a real cluster, whose gates run as processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import yaml
from click.testing import CliRunner

from kubervisor.cli import main
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_watch import await_object
from playground.http_page import read_page
from playground.pods_that_run import REAL, PodsThatRun
from tests.integration.guard import until

EXAMPLE = Path(__file__).parents[2] / "examples" / "watchdog" / "canary.yaml"
NAME = "catalog-canary"
WITHIN = 90.0
NO_NOTES: Mapping[str, str] = MappingProxyType({})


class Canary:
    """The example in a namespace of the test's own, in less time: its gates want `clear` seconds
    without errors, and its Deployment `ready` seconds of a Ready pod, and both within `deadline`.
    """

    def __init__(
        self,
        cluster: LocalCluster,
        api: Api,
        namespace: str,
        pods: PodsThatRun,
        *,
        clear: int = 1,
        ready: int = 0,
        deadline: int = 5,
        annotations: Mapping[str, str] = NO_NOTES,
    ) -> None:
        self.api, self._cluster, self._namespace, self._pods = api, cluster, namespace, pods
        self._pods_path = f"/api/v1/namespaces/{namespace}/pods"
        self._collection = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self.documents = list(yaml.safe_load_all(EXAMPLE.read_text()))
        self._adapt(clear, ready, deadline, annotations)
        for one in reversed(self.documents):  # the account before the pods
            cluster.kubectl("apply", f"--namespace={namespace}", "-f", "-", stdin=yaml.dump(one))

    def roll_out(self, **annotations: str) -> None:
        """A new version, whose pods have these annotations from the beginning."""
        template = {"metadata": {"annotations": annotations}}
        self.api.merge(f"{self._collection}/{NAME}", {"spec": {"template": template}})

    def wait(self, status: str, reason: str) -> Json:
        """The Deployment as soon as its newest version progresses so."""

        def accepted(body: Json) -> bool:
            found = body.get("status", {})
            ours = [c for c in found.get("conditions", ()) if c["type"] == "Progressing"]
            seen = found.get("observedGeneration", 0) >= body["metadata"]["generation"]
            return seen and [(c["status"], c["reason"]) for c in ours] == [(status, reason)]

        return await_object(self.api, self._collection, NAME, accepted, WITHIN)

    def pods(self, **annotations: str) -> list[Json]:
        """Its pods that are not going; those alone that have these annotations."""
        return [
            pod
            for pod in self.api.get(self._pods_path)["items"]
            if "deletionTimestamp" not in pod["metadata"]
            and annotations.items() <= pod["metadata"]["annotations"].items()
        ]

    def gate(self, pod: Json) -> tuple[int, str]:
        """What the gate of a pod answers its kubelet."""
        (played,) = self._pods.of(pod["metadata"]["name"])
        return read_page(f"http://{played.address[8081]}/healthz")

    def post(self, pod: Json, level: str) -> None:
        """`kubervisor watchdog post`, as a person would."""
        words = ["--name=data", f"--level={level}", "--message=x"]
        where = [f"--namespace={self._namespace}", f"--pod={pod['metadata']['name']}"]
        command = ["watchdog", "post", f"--kubeconfig={self._cluster.kubeconfig}"]
        done = CliRunner().invoke(main, [*command, *where, *words])
        assert done.exit_code == 0, done.output

    def close(self) -> None:
        """Delete it and wait for its pods: whoever plays pods later must not meet them."""
        self.api.delete(f"{self._collection}/{NAME}")
        until(lambda: not self.api.get(self._pods_path)["items"], "its pods are gone")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _adapt(self, clear: int, ready: int, deadline: int, annotations: Mapping[str, str]) -> None:
        for one in self.documents:
            one["metadata"]["namespace"] = self._namespace
            for subject in one.get("subjects", ()):
                subject["namespace"] = self._namespace
        spec: dict[str, Any] = self.documents[0]["spec"]
        spec |= {"minReadySeconds": ready, "progressDeadlineSeconds": deadline}
        spec["template"]["metadata"]["labels"] |= REAL
        spec["template"]["metadata"]["annotations"] |= annotations
        gate = spec["template"]["spec"]["containers"][1]
        others = [one for one in gate["args"] if not one.startswith("--min-ready-seconds=")]
        gate["args"] = [*others, f"--min-ready-seconds={clear}"]


def is_ready(pod: Json) -> bool:
    found = [one["status"] for one in pod["status"].get("conditions", ()) if one["type"] == "Ready"]
    return found == ["True"]
