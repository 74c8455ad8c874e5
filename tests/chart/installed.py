"""The chart, installed by helm, whose pods really run: as processes, under what was rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote
from urllib.request import urlopen

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.pods_that_run import REAL, PodsThatRun
from tests.integration.guard import until
from tests.security.chart import CHART, helm

NAME = "kubervisor"
REQUESTS = "kubervisor_api_requests_total"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"

_REFUSED = re.compile(r'code="40[13]"')


class Installed:
    """A release in `namespace`, whose controllers are Ready on return from the constructor.

    It ends with the context without being uninstalled: the tests do that.
    """

    def __init__(self, cluster: LocalCluster, namespace: str, values: Mapping[str, Any]) -> None:
        self.namespace = namespace
        self._cluster, self._api = cluster, Api(cluster.kubeconfig)
        self.pods = PodsThatRun(cluster)
        try:
            values = {"podLabels": REAL, **values}
            self._helm("install", NAME, str(CHART), "--wait", "--timeout=60s", values=values)
        except BaseException:
            self.close()
            raise

    def upgrade(self, values: Mapping[str, Any]) -> None:
        """`helm upgrade`, and wait for the controllers that take over."""
        flags = ("--wait", "--timeout=60s", "--reset-then-reuse-values")
        self._helm("upgrade", NAME, str(CHART), *flags, values=values)

    def test(self, *flags: str) -> str:
        """`helm test`; what `kubervisor check` printed. Raises AssertionError where it fails."""
        try:
            self._helm("test", NAME, "--timeout=60s", *flags)
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{self.said('check')}") from None
        return self.said("check")

    def uninstall(self) -> None:
        """`helm uninstall`, hooks and all; on return no pod is left but that of `helm test`."""
        self._helm("uninstall", NAME, "--timeout=90s")
        others = quote("app.kubernetes.io/component!=check")
        pods = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector={others}"
        until(lambda: not self._api.get(pods)["items"], "all its pods are gone")

    def said(self, words: str) -> str:
        """What the pods with these words in their names have printed so far."""
        return "".join(pod.log.read_text() for pod in self.pods.of(words))

    def refusals(self, of: str = "traffic") -> set[str]:
        """What the API server refused to the controllers of a capability so far, by their own
        count.
        """
        pages = [_page(pod.address[8086]) for pod in self.pods.of(of) if not pod.gone.is_set()]
        lines = {line for page in pages for line in page.splitlines()}
        return {line for line in lines if line.startswith(REQUESTS) and _REFUSED.search(line)}

    def leases(self) -> list[Json]:
        """The Leases of its controllers."""
        found: list[Json] = self._api.get(LEASES.format(self.namespace))["items"]
        return found

    def close(self) -> None:
        """End the processes of its pods."""
        self.pods.close()
        self._api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _helm(self, *args: str, values: Mapping[str, Any] | None = None) -> str:
        return helm(self._cluster, *args, f"--namespace={self.namespace}", values=values)


def _page(address: str) -> str:
    with urlopen(f"http://{address}/metrics", timeout=5) as answer:
        body: bytes = answer.read()
        return body.decode()
