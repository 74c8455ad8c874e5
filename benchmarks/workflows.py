"""1,000 resources of an operator on a real cluster, each synced every 5 s, each with an output and
an input that does not change.

Measured is a time of rest. The floor is what the same process costs before there is any resource.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import DEFINITIONS, Ground, ground, say
from benchmarks.process import cpu_seconds, imported, peak_mb
from benchmarks.workflow_operator import OPERATOR, PHASE
from kubervisor.workflow.deploying.crd import definition
from playground.controller import Controller
from playground.fleet_api import ApiRefused

MANY, FEW = 1000, 200
INTERVAL = 5.0
IDLE_SECONDS, REST_SECONDS = 15.0, 60.0
PATIENCE = 180.0
MAPS = "/api/v1/namespaces/default/configmaps"
PLOTS = "/apis/garden.example.io/v1/namespaces/default/plots"


def run(*, quick: bool) -> list[Figure]:
    """Processor, requests and memory of a process that looks after them all."""
    count = FEW if quick else MANY
    with ground() as here:
        _teach(here)
        here.api.create(MAPS, _config_map("weather", water="a lot"))
        made = _resting(here, count)
    of = f"{count} resources of a workflow, every {INTERVAL:.0f} s"
    return [
        Figure(f"{of}: {f.name}", f.measured, f.unit, f.floor, f.target, f.samples) for f in made
    ]


class _Operator(Controller):
    """The operator until closed; ready (objects listed) on return from the constructor."""

    def __init__(self, kubeconfig: Path) -> None:
        super().__init__(kubeconfig, env={"PYTHONPATH": str(Path(__file__).parents[1])})

    def _command(self) -> list[str]:
        config = self._processes.folder / "autopilot-operator.yaml"
        said = {"metricsAddr": self.address, "workInterval": f"{INTERVAL:.0f}s"}
        config.write_text(json.dumps({**said, "leaderElectionNamespace": "default"}))
        return [
            *(sys.executable, "-m", "benchmarks.workflow_operator"),
            f"--config={config}",
            f"--kubeconfig={self._kubeconfig}",
        ]


def _teach(here: Ground) -> None:
    here.api.create(DEFINITIONS, definition(OPERATOR.project, OPERATOR.spec, OPERATOR.status))
    until = time.monotonic() + PATIENCE
    while True:
        try:
            here.api.get(PLOTS)
        except ApiRefused:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _config_map(name: str, **data: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _resting(here: Ground, count: int) -> list[Figure]:
    imports_mb = imported("kubervisor.workflow_app")[1]
    with _Operator(here.cluster.kubeconfig) as operator:
        floor = _processor(operator, IDLE_SECONDS)
        say(f"creating {count} resources")
        for number in range(count):
            here.api.create(
                PLOTS,
                {
                    "apiVersion": "garden.example.io/v1",
                    "kind": "Plot",
                    "metadata": {"name": f"plot-{number:04}"},
                    "spec": {"seeds": "carrots", "beds": number},
                },
            )
        say("awaiting the first sync of each")
        _await(here, count)
        time.sleep(INTERVAL)
        say(f"measuring for {REST_SECONDS:.0f} s")
        synced, written, began = _syncs(operator), _writes(operator), time.monotonic()
        processor = _processor(operator, REST_SECONDS)
        synced, took = _syncs(operator) - synced, time.monotonic() - began
        written = _writes(operator) - written
        memory, peak = operator.resident_mb(), peak_mb(operator.pid)
    due = count * took / INTERVAL
    return [
        Figure("processor, of one core", processor, "%", floor, target=25 * count / MANY),
        Figure("seconds between two syncs of one", INTERVAL * due / synced, "s", INTERVAL, 5.5),
        Figure("writes while nothing happens", written, "", target=0),
        Figure("memory", memory, "MB", imports_mb),
        Figure("the most it was since the start", peak, "MB", imports_mb),
    ]


def _processor(operator: Controller, seconds: float) -> float:
    """Percent of a core that it uses."""
    used, began = cpu_seconds(operator.pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_seconds(operator.pid) - used) / (time.monotonic() - began)


def _syncs(operator: Controller) -> float:
    return operator.metric(f'kubervisor_workflow_syncs_total{{outcome="Synced",phase="{PHASE}"}}')


def _writes(operator: Controller) -> float:
    """Requests that write, but for the Lease's and Events'."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in operator.page("/metrics").splitlines()
        if line.startswith("kubervisor_api_requests_total{")
        and any(f'verb="{verb}"' in line for verb in ("create", "patch", "update", "delete"))
        and 'resource="leases"' not in line
        and 'resource="events"' not in line
    )


def _await(here: Ground, count: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        found = here.api.get(PLOTS)["items"]
        if sum("watered" in one.get("status", {}) for one in found) >= count:
            return
        if time.monotonic() > until:
            raise TimeoutError(f"not within {PATIENCE:.0f} s: {count} resources synced")
        time.sleep(0.5)
