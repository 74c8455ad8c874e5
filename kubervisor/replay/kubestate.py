"""What kube-state-metrics has recorded of the pods, where it is scraped by the same Prometheus.

Without it a pod is taken to be Ready, and to be as old as its first sample.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import numpy as np

from kubervisor.replay.members import Known
from kubervisor.replay.pages import Page, Stretch
from kubervisor.replay.past import Asked, Instants, Mask
from kubervisor.sources.history import History, Line
from kubervisor.traffic.detector_policy import Query
from kubervisor.traffic.model import Owner

PODS_A_QUERY = 100
"""Names in one query: it travels in a URL."""
READY = Query('kube_pod_status_ready{condition="true"}')


class KubeState:
    """Asks for the pods of one namespace; where nothing is known of the first, never again."""

    def __init__(self, history: History, namespace: str) -> None:
        self._history, self._namespace = history, namespace
        self._is_there = True

    def read(self, page: Page, stretch: Stretch) -> tuple[dict[str, Known], dict[str, Mask]]:
        """Of the pods that have samples in the page: what they are, and at which steps they were
        Ready. Raises SourceError.
        """
        known: dict[str, Known] = {}
        ready: dict[str, Mask] = {}
        for selector in self._selectors(page):
            if not self._is_there:
                break
            found = self._known(page, selector)
            self._is_there = bool(found)
            known |= found
            ready |= self._ready(page, stretch, selector) if found else {}
        return known, ready

    def _selectors(self, page: Page) -> Iterator[str]:
        named = sorted({pod for past in page.pasts.values() for pod in past.pods})
        for first in range(0, len(named), PODS_A_QUERY):
            pattern = "|".join(map(re.escape, named[first : first + PODS_A_QUERY]))
            yield f"namespace={json.dumps(self._namespace)},pod=~{json.dumps(pattern)}"

    def _known(self, page: Page, selector: str) -> dict[str, Known]:
        """These do not change in a pod's life, so any sample of the page will do."""
        end = float(page.times[-1])
        length = max(60, round(end - float(page.times[0])))

        def ask(metric: str, more: str = "") -> Mapping[str, Line]:
            promql = f"last_over_time({metric}{{{selector}{more}}}[{length}s])"
            lines = self._history.at(promql, end)
            return {line.labels["pod"]: line for line in lines if "pod" in line.labels}

        created = ask("kube_pod_created")
        if not created:
            return {}
        owners = ask("kube_pod_owner", ',owner_is_controller="true"')
        return {
            pod: Known(
                uid=line.labels.get("uid"),
                created=float(line.values[-1]),
                owner=_owner(owners[pod].labels) if pod in owners else None,
            )
            for pod, line in created.items()
        }

    def _ready(self, page: Page, stretch: Stretch, selector: str) -> dict[str, Mask]:
        promql = f'kube_pod_status_ready{{{selector},condition="true"}}'
        start, end = float(page.times[0]), float(page.times[-1])
        lines = self._history.over(promql, start, end, stretch.step)
        pods = tuple(line.labels.get("pod", "") for line in lines)
        past = Instants(Asked(READY, "pod"), page.times, lines, pods)
        ready: dict[str, Mask] = {}
        for column, pod in enumerate(pods):
            now: Mask = past.values[:, column] == 1
            ready[pod] = np.logical_or(ready.get(pod, False), now)
        return ready


def _owner(labels: Mapping[str, str]) -> Owner:
    kind, name = labels.get("owner_kind", ""), labels.get("owner_name", "")
    return Owner(kind, name, f"{kind}/{name}")
