"""`make demo STORY=canary`: a good version is promoted and a bad one rolled back, by an operator
that was made of five phases.

What is applied and deployed is the project of examples/workflows/canary/, under the rights that it
is deployed with, but faster. The API server, its controllers, Prometheus and every request are
real; pods and the mesh are played.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

from playground import granted, mesh_kinds
from playground.faults import Fault
from playground.fleet_api import Json
from playground.fleet_watch import Watch
from playground.local import LocalCluster
from playground.mesh_splits import Split
from playground.story import Story
from playground.workflow_process import OperatorProcess, Project
from playground.workflow_stage import NAME, CanaryStage

NAMESPACE = "shop"
EVENTS = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"
SWIFT = {"measurementInterval": "5s", "analysisPeriod": "8s", "stepInterval": "2s", "step": 20}
HALF_FAILS = Fault(errors=0.5, code=500)
_PLUGIN = granted.ROOT / "kubectl-plugin"


def tell(story: Story) -> None:
    """Play. Raises what keeps it from its end: KubectlFailed, ProcessFailed, TimeoutError."""
    story.say("starting a control plane, a shop with its clients, a mesh and Prometheus …")
    project = Project("canary")
    with ExitStack() as stack:
        cluster = stack.enter_context(LocalCluster.start())
        mesh_kinds.teach(cluster)
        cluster.kubectl("apply", "--server-side", f"--filename={granted.ROOT / 'crds'}")
        _deploy(story, project, cluster)
        cluster.kubectl("create", "namespace", NAMESPACE)
        teller = Teller(story)
        stage = stack.enter_context(CanaryStage(cluster, NAMESPACE, told=teller.tell_split))
        stack.enter_context(Watch(stage.api, EVENTS, lambda one: one, changed=teller.tell_event))
        stack.enter_context(
            OperatorProcess(
                project,
                project.account(cluster, project.operator),
                namespace=project.operator,
                prometheus=stage.prometheus.url,
            )
        )
        play = Play(story, cluster, stage)
        play.set_up()
        play.promoted()
        play.rolled_back()
        if os.environ.get("ONCE"):
            play.end()
        else:
            _stay(play)


class Teller:
    """Tells what the operator says of its phases, and how the mesh splits requests."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._told: set[str] = set()

    def tell_event(self, _: str, event: Json | None, __: float) -> None:
        """Say a transition, once."""
        if event is None or event.get("reason") != "PhaseChanged":
            return
        uid = event["metadata"]["uid"]
        if uid not in self._told:
            self._told.add(uid)
            self._story.say(f"phase       {event['note']}")

    def tell_split(self, split: Split) -> None:
        """Say the weights."""
        total = sum(split.values())
        shares = (f"{100 * weight // total} % to {name}" for name, weight in split.items())
        self._story.say(f"mesh        {', '.join(shares)}")


class Play:
    """What happens, act by act."""

    def __init__(self, story: Story, cluster: LocalCluster, stage: CanaryStage) -> None:
        self.story, self.cluster, self.stage = story, cluster, stage
        self._counted: Counter[tuple[str, str]] = Counter()

    def set_up(self) -> None:
        """The canary takes over a shop that serves."""
        self.story.say("kubectl apply -f shop.yaml: 3 pods of 1.0 serve 100 requests a second")
        self.stage.try_versions(SWIFT)
        self.stage.wait_phase("Waiting")
        moved = "--for=jsonpath={.spec.replicas}=0"
        self.stage.kubectl("wait", f"deployment/{NAME}", moved, "--timeout=60s")
        self.show("get", "canarydeployments,deployments")
        self._clients("since the start")

    def promoted(self) -> None:
        """All requests of a good version are answered."""
        self.story.say("you         kubectl set image deployment/shop shop=…:1.1")
        self.stage.release("1.1")
        self.stage.wait_phase("Waiting", trials=1)
        self._expect("1.1")
        self._clients("meanwhile")

    def rolled_back(self) -> None:
        """Half of the requests of a bad version fail."""
        self.stage.misbehave("1.2", HALF_FAILS)
        self.story.say("you         kubectl set image deployment/shop shop=…:1.2, which is broken")
        self.stage.release("1.2")
        self.stage.wait_phase("Waiting", trials=2)
        self._expect("1.1")
        self._clients("meanwhile")
        self.show("kubervisor", "workflows", "canarydeployment/shop")

    def end(self) -> None:
        """The Deployment serves again, and nothing of the canary is left."""
        self.stage.kubectl("rollout", "undo", f"deployment/{NAME}")
        self.story.say("you         kubectl rollout undo deployment/shop: that is 1.1 again")
        self.stage.kubectl("delete", "canarydeployment", NAME, "--timeout=60s")
        gone = ("deployment/shop-primary", "deployment/shop-canary", "virtualservice/shop")
        self.stage.kubectl("wait", *gone, "--for=delete", "--timeout=60s")
        shown = self.stage.kubectl("get", f"deployment/{NAME}", "--no-headers").split()[1]
        self.story.say(
            f"kubectl delete canarydeployment shop: {shown} pods of deployment/shop serve"
        )
        self._clients("meanwhile")

    def show(self, *command: str) -> None:
        """Say what kubectl prints, or the plugin, and under which command."""
        self.story.say(f"kubectl {' '.join(command)}:\n{self._printed(*command).rstrip()}")

    def _printed(self, *command: str) -> str:
        if command[0] != "kubervisor":
            return self.stage.kubectl(*command)
        program = [sys.executable, "-m", "kubectl_kubervisor", *command[1:], "-n", NAMESPACE]
        variables = {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "PATH": f"{self.cluster.binaries}:{os.environ['PATH']}",
            "PYTHONPATH": str(_PLUGIN),
        }
        done = subprocess.run(
            program, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | variables
        )
        return done.stdout

    def _expect(self, version: str) -> None:
        serving = self.stage.serving()
        if serving != version:
            raise TimeoutError(f"the primary was to serve {version} and serves {serving}")
        self.story.say(f"primary     serves {version}")

    def _clients(self, when: str) -> None:
        """Say how clients fared since this was said last."""
        now = self.stage.mesh.counts()
        since, self._counted = now - self._counted, now
        failed = Counter[str]()
        for (workload, code), count in since.items():
            failed[workload] += count if code != "200" else 0
        whose = ", ".join(workload for workload, count in failed.items() if count)
        told = f", all of {whose}" if whose else ""
        self.story.say(
            f"clients     {failed.total()} of {since.total()} requests failed {when}{told}"
        )


def _deploy(story: Story, project: Project, cluster: LocalCluster) -> None:
    said = project.run(cluster, "deploy").rstrip()
    story.say(f"kubervisor workflow deploy (in examples/workflows/canary):\n{said}")


def _stay(play: Play) -> None:
    cluster = play.cluster
    print(
        f"""
It stays up until Ctrl-C. In another terminal, at the root of the repository:
  export KUBECONFIG={cluster.kubeconfig} PATH=$PWD/build/bin:{cluster.binaries}:$PATH
  make plugin BINDIR=build/bin
  kubectl get canarydeployments -n {NAMESPACE} --watch
Release another version, and see how its share of the requests grows:
  kubectl set image deployment/{NAME} {NAME}=registry.example/shop:1.3 -n {NAMESPACE}
  kubectl get virtualservice {NAME} -n {NAMESPACE} -o yaml
What has it been through, and why?
  kubectl kubervisor workflows canarydeployment/{NAME} -n {NAMESPACE}
Have the mesh of the Gateway API split the requests:
  kubectl patch canarydeployment {NAME} -n {NAMESPACE} --type merge \\
    -p '{{"spec": {{"router": "HTTPRoute"}}}}'
""",
        flush=True,
    )
    signal.pause()
