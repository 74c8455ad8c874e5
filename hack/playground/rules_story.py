"""`make demo STORY=rules`: a Postgres whose volume fills gets a larger one, once somebody approves.

What is applied are the manifests of examples/rules/, but faster. The API server, its controllers,
Prometheus, and what follows rules under the chart's rights are real; storage and kubelets are
played.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from playground.fleet_api import Json
from playground.rules_stage import CLAIM, NAMESPACE, Stage
from playground.story import Story

RULE = "volume-resize"
APPROVAL = f"{RULE}-{CLAIM}"
HERE = ("-n", NAMESPACE)


def tell(story: Story) -> None:
    """Play. Raises what keeps it from its end: KubectlFailed, ProcessFailed, TimeoutError."""
    story.say("starting a control plane, storage, Prometheus and what follows rules …")
    with Stage(story, "--set=rules.volumeAccess=true") as stage:
        _quiet(stage)
        _asked(stage)
        _grown(stage)
        _declined(stage)
        _looked_into(stage)
        if not os.environ.get("ONCE"):
            _stay(stage)


def _quiet(stage: Stage) -> None:
    stage.apply("postgres.yaml")
    stage.await_claim(_has("10Gi"))
    stage.use(4)
    stage.story.say("kubectl apply -f postgres.yaml: 4 GiB of its 10Gi are used")
    stage.apply(f"{RULE}.yaml")
    stage.cluster.kubectl("wait", f"ar/{RULE}", "--for=condition=Ready", "--timeout=60s")
    stage.await_state(RULE, "Normal")
    stage.show("get", "ar")


def _asked(stage: Stage) -> None:
    stage.use(6)
    stage.story.say("postgres    writes: 6 GiB of 10Gi are used, more than 50 %")
    stage.await_state(RULE, "ActionAwaitingApproval")
    stage.show("kubervisor", "approvals", *HERE)


def _grown(stage: Stage) -> None:
    stage.show("kubervisor", "approve", APPROVAL, *HERE)
    stage.await_claim(_has("15Gi"))
    stage.show("get", "pvc", *HERE)
    stage.await_state(RULE, "Normal")
    grown = stage.provisioner.growths
    if len(grown) != 1:
        raise TimeoutError(f"the claim was to grow once: {grown}")
    stage.story.say("storage     has resized the volume once: 6 GiB of 15Gi are used, 40 %")


def _declined(stage: Stage) -> None:
    stage.use(10)
    stage.story.say("postgres    writes: 10 GiB of 15Gi are used, and the rule's maxsize is 15Gi")
    stage.await_state(RULE, "ActionsDeclined")
    stage.show("kubervisor", "rules", "explain", CLAIM, *HERE)
    stage.story.say("storage     has resized the volume once, as before")


def _looked_into(stage: Stage) -> None:
    stage.apply("volume-access.yaml")
    stage.cluster.kubectl("wait", "ar/volume-access", "--for=condition=Ready", "--timeout=60s")
    stage.mount("backup")
    stage.story.say("you         run a pod `backup` that mounts the claim of Postgres, too")
    stage.await_told("UnauthorizedVolumeAccess")


def _has(amount: str) -> Callable[[Json], bool]:
    return lambda claim: claim["status"].get("capacity", {}).get("storage") == amount


def _stay(stage: Stage) -> None:
    cluster = stage.cluster
    print(
        f"""
It stays up until Ctrl-C. In another terminal, at the root of the repository:
  export KUBECONFIG={cluster.kubeconfig} PATH=$PWD/build/bin:{cluster.binaries}:$PATH
  make plugin BINDIR=build/bin
  kubectl get aro -n {NAMESPACE} --watch
Let the claim be larger, and see it grow once you approve:
  kubectl patch ar {RULE} --type json \\
    -p '[{{"op": "replace", "path": "/spec/actions/0/params/maxsize", "value": "40Gi"}}]'
  kubectl kubervisor approvals -n {NAMESPACE}
  kubectl kubervisor approve {APPROVAL} -n {NAMESPACE}
Why does a rule do what it does?
  kubectl kubervisor rules explain {CLAIM} -n {NAMESPACE}
What would a rule do?
  .venv/bin/kubervisor rules test examples/rules/{RULE}.yaml \\
    --source {stage.prometheus.url} --kubeconfig {cluster.kubeconfig}
""",
        flush=True,
    )
    signal.pause()
