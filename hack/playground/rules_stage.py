"""Where rules play: a Postgres whose volume fills as the story says, and people who decide."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

import yaml

from playground import granted
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import Watch, await_object
from playground.local import LocalCluster
from playground.prometheus import Prometheus
from playground.provisioner import Provisioner
from playground.rules_process import RulesProcess
from playground.storage_objects import GI
from playground.story import Story
from playground.volume_stats import VolumeStats

EXAMPLES = granted.ROOT / "examples" / "rules"
NAMESPACE, CLAIM = "db", "data-postgres-0"
AUTOPILOT = "/apis/autopilot.libopenstorage.org/v1alpha1"
EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events"
"""Rules have no namespace, so what they did is told here."""

WITHIN = 60.0

_TOLD = ("Transition", "FailedAction", "RuleConflict", "UnauthorizedVolumeAccess")
_PLUGIN = granted.ROOT / "kubectl-plugin"


class Stage:
    """A cluster with played storage, a Postgres, a Prometheus that knows how full its volume is,
    and what follows rules under the rights of the chart; until closed. Events about rules are told.
    """

    def __init__(self, story: Story, *flags: str) -> None:
        """`flags` of helm add to the values of the example."""
        self.story = story
        self._told: dict[str, str] = {}
        self._heard = threading.Condition()
        with ExitStack() as stack:
            self.cluster = stack.enter_context(LocalCluster.start())
            self.api = stack.enter_context(closing(Api(self.cluster.kubeconfig)))
            self.provisioner = stack.enter_context(Provisioner(self.cluster, rounding=GI))
            self._stats = stack.enter_context(VolumeStats(self.api))
            pages = self._stats.address
            self.prometheus = stack.enter_context(
                Prometheus(self.cluster.binaries, pages, programs=[pages])
            )
            stack.enter_context(self._process(flags))
            stack.enter_context(Watch(self.api, EVENTS, lambda one: one, changed=self._tell))
            self._stack = stack.pop_all()

    def close(self) -> None:
        """End all of it."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def apply(self, example: str) -> None:
        """Apply an example; a rule acts faster than it would."""
        manifests = list(yaml.safe_load_all((EXAMPLES / example).read_text()))
        for one in manifests:
            if one["kind"] == "AutopilotRule":
                one["spec"] |= {"pollInterval": 1, "actionsCoolDownPeriod": 3}
                one["spec"]["conditions"]["for"] = 2
        self.cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(manifests))

    def use(self, gigabytes: float) -> None:
        """From now on, Postgres has so many GiB of data."""
        self._stats.use(f"{NAMESPACE}/{CLAIM}", gigabytes * GI)

    def show(self, *command: str) -> None:
        """Say what kubectl prints of the namespace of Postgres, and under which command."""
        shown = " ".join(("kubectl", *command))
        self.story.say(f"{shown}:\n{self.kubectl(*command).rstrip()}")

    def kubectl(self, *command: str) -> str:
        """What kubectl prints, or the plugin. Raises CalledProcessError."""
        if command[0] != "kubervisor":
            return self.cluster.kubectl(*command)
        program = [sys.executable, "-m", "kubectl_kubervisor", *command[1:]]
        variables = {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "PATH": f"{self.cluster.binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(_PLUGIN),
        }
        done = subprocess.run(
            program, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | variables
        )
        return done.stdout

    def await_claim(self, so: Callable[[Json], bool]) -> Json:
        """The claim of Postgres, as soon as it is so."""
        claims = f"{namespace_path(NAMESPACE)}/persistentvolumeclaims"
        return await_object(self.api, claims, CLAIM, so, WITHIN)

    def await_state(self, rule: str, state: str) -> Json:
        """Where a rule stands about the claim, as soon as that is the state."""
        found = self.await_claim(lambda _: True)
        name = f"{rule}-pvc-{found['metadata']['uid']}"
        return await_object(
            self.api,
            f"{AUTOPILOT}/namespaces/{NAMESPACE}/autopilotruleobjects",
            name,
            lambda one: one.get("status", {}).get("state") == state,
            WITHIN,
        )

    def mount(self, name: str) -> None:
        """Run a pod of nobody's that mounts the claim of Postgres."""
        mounted = [{"name": "data", "mountPath": "/data"}]
        container = {"name": name, "image": "busybox", "volumeMounts": mounted}
        volume = {"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [container], "volumes": [volume]},
        }
        self.api.create(f"{namespace_path(NAMESPACE)}/pods", pod)

    def await_told(self, reason: str) -> None:
        """Return once an Event of that reason was told. Raises TimeoutError."""
        with self._heard:
            if not self._heard.wait_for(lambda: reason in self._told.values(), WITHIN):
                raise TimeoutError(f"no Event {reason} within {WITHIN:g} s")

    def _process(self, flags: tuple[str, ...]) -> RulesProcess:
        values = f"--values={EXAMPLES / 'values.yaml'}"
        kubeconfig: Path = granted.grant(self.cluster, "rules", values, *flags, namespace=NAMESPACE)
        return RulesProcess(
            kubeconfig,
            f"--source=default={self.prometheus.url}",
            "--actions=volume/resize",
            "--min-poll-interval=1",
            "--no-register-crds",
        )

    def _tell(self, _: str, event: Json | None, __: float) -> None:
        if event is None or event.get("reason") not in _TOLD:
            return
        uid = event["metadata"]["uid"]
        if uid not in self._told:
            self.story.say(f"event       {event['note']}")
            with self._heard:
                self._told[uid] = event["reason"]
                self._heard.notify_all()
