"""`make demo STORY=data`: a good version of data is promoted and a bad one taken back, while the
program that reads it goes on serving.

The data comes from a real git repository; what is applied are the manifests of examples/data/,
under the rights that the chart grants. The pods' addresses are on loopback, with real deployers in
each; everything else is as on a cluster, but faster.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import yaml

from playground.data_git import GitRepository
from playground.data_pods import DataPods
from playground.data_processes import RepositoryProcess, RolloutProcess
from playground.data_stage import (
    GROUP,
    NAMESPACE,
    THERE,
    Clients,
    Rollouts,
    grant,
    release_of,
    workload,
)
from playground.data_workload import FILE, prices
from playground.fleet_api import Api, Json
from playground.fleet_watch import Watch
from playground.local import LocalCluster
from playground.story import Story, telling
from playground.watchdog_process import WatchdogProcess

SOURCE, APP = "prices", "catalog"
PROBATION = 5
SWIFT = (f"--namespace={NAMESPACE}", "--period=1", f"--probation={PROBATION}")
WITHIN = 90.0


def tell(story: Story) -> None:
    """Play. Raises what keeps it from its end: KubectlFailed, ProcessFailed, TimeoutError."""
    story.say("starting a control plane, a repository of data and 4 pods …")
    with ExitStack() as stack:
        cluster = stack.enter_context(LocalCluster.start())
        kubeconfig = grant(cluster)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kubervisor-data-")))
        git = GitRepository(folder / "prices")
        git.commit({FILE: prices("1.0", tea=3.0)}, "release 1.0")
        sources = {SOURCE: f"git:{git.url}#branch=main"}
        repository = stack.enter_context(
            RepositoryProcess(grant(cluster, "datarepo"), sources, "--period=1", "--in-use")
        )
        at = f"--repository={repository.url}"
        stack.enter_context(RolloutProcess(kubeconfig, *SWIFT, "--no-register-crds", at))
        flags = ("--probe-period=1", "--no-evict")
        watchdogs = stack.enter_context(WatchdogProcess(cluster.kubeconfig, *flags))
        pods = stack.enter_context(DataPods(cluster, NAMESPACE, {THERE: repository.url}))
        shop = Shop(story, cluster, pods, stack)
        stack.enter_context(telling(story, watchdogs))  # it is silent before the pods end
        _first(shop)
        clients = stack.enter_context(closing(Clients(pods, SOURCE)))
        _promoted(shop, git)
        _taken_back(shop, git, clients)
        _repaired(shop, git, clients)
        if not os.environ.get("ONCE"):
            _stay(cluster, folder / "prices")


class Shop:
    """The pods of the example, and what is told of the rollout of their data."""

    def __init__(
        self, story: Story, cluster: LocalCluster, pods: DataPods, stack: ExitStack
    ) -> None:
        self.story, self._cluster, self._pods = story, cluster, pods
        self._api = stack.enter_context(closing(Api(cluster.kubeconfig)))
        self.rollouts = Rollouts(self._api)
        self._told: set[tuple[str, str]] = set()
        path = f"{GROUP}/namespaces/{NAMESPACE}/datarollouts"
        stack.enter_context(Watch(self._api, path, lambda one: one, changed=self._tell))

    def apply(self) -> None:
        """Apply the example."""
        text = yaml.safe_dump_all(workload())
        self._cluster.kubectl("apply", "--filename=-", stdin=text)

    def releases(self) -> list[str]:
        """What the pods read now, by name of pod."""
        running = sorted(self._pods.running.values(), key=lambda pod: pod.name)
        return [release_of(pod, SOURCE) for pod in running]

    def wait(self, so: Callable[[], bool], what: str) -> None:
        """Return once it is so. Raises TimeoutError, naming `what` was awaited."""
        deadline = time.monotonic() + WITHIN
        while not so():
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"not within {WITHIN:g} s: {what}; {self.rollouts.status(SOURCE)}"
                )
            time.sleep(0.05)

    def wait_settled(self, release: str) -> None:
        """Return once all pods read a release and the rollout has settled on it."""

        def is_so() -> bool:
            status = self.rollouts.status(SOURCE)
            settled = status.get("phase") == "Settled" and "candidate" not in status
            return settled and self.releases() == [release] * 4

        self.wait(is_so, f"all pods read {release}, for good")

    def show(self) -> None:
        """Say what `kubectl get datarollouts` and `kubervisor data status` print."""
        shown = self._cluster.kubectl("get", "datarollouts", f"--namespace={NAMESPACE}")
        self.story.say(f"kubectl get datarollouts:\n{shown}")

    def show_status(self) -> None:
        """Say what `kubervisor data status` prints."""
        command = ("data", "status", f"--namespace={NAMESPACE}")
        program = [sys.executable, "-m", "kubervisor", *command]
        whole = [*program, f"--kubeconfig={self._cluster.kubeconfig}"]
        shown = subprocess.run(whole, stdout=subprocess.PIPE, text=True, check=True).stdout
        self.story.say(f"kubervisor {' '.join(command)}:\n{shown}")

    def _tell(self, _: str, rollout: Json | None, __: float) -> None:
        for line in (rollout or {}).get("status", {}).get("history", ()):
            key = (line["at"] + line["reason"], line.get("path", ""))
            if key not in self._told:
                self._told.add(key)
                self.story.say(f"rollout     {line['reason']}: {line['message']}")


def _first(shop: Shop) -> None:
    shop.apply()
    shop.wait_settled("1.0")
    shop.story.say("kubectl apply -f workload.yaml: 4 pods read 1.0, brought before they started")


def _promoted(shop: Shop, git: GitRepository) -> None:
    git.commit({FILE: prices("1.1", tea=3.2)}, "release 1.1")
    shop.story.say("you         git push 1.1: tea costs 3.2")
    shop.wait(lambda: "1.1" in shop.releases(), "a pod reads 1.1")
    shop.story.say(f"pods        read {', '.join(shop.releases())}: a quarter tries it")
    shop.show()
    shop.wait_settled("1.1")
    shop.story.say("pods        all read 1.1, without a restart")


def _taken_back(shop: Shop, git: GitRepository, clients: Clients) -> None:
    sent = clients.sent
    git.commit({FILE: prices("1.2", tea=0)}, "release 1.2")
    shop.story.say("you         git push 1.2: tea costs nothing, as after a broken export")
    shop.wait(lambda: "1.2" in shop.releases(), "a pod reads 1.2")
    shop.story.say(f"pods        read {', '.join(shop.releases())}")
    shop.wait(lambda: "1.2" not in shop.releases(), "no pod reads 1.2 any more")
    shop.wait_settled("1.1")
    shop.story.say("pods        all read 1.1 again; 1.2 is in quarantine")
    shop.show_status()
    wrong = {pod: count for pod, count in clients.wrong.items() if count}
    if len(wrong) > 1 or clients.failed:
        raise TimeoutError(f"more than one pod answered wrongly: {wrong}, {clients.failed} failed")
    shop.story.say(
        f"clients     {clients.failed} of {clients.sent - sent} requests failed; "
        f"{sum(wrong.values())} answers were wrong, all from {', '.join(wrong)}"
    )


def _repaired(shop: Shop, git: GitRepository, clients: Clients) -> None:
    git.commit({FILE: prices("1.3", tea=3.3)}, "release 1.3")
    shop.story.say("you         git push 1.3: tea costs 3.3")
    shop.wait_settled("1.3")
    shop.story.say("pods        all read 1.3")
    shop.story.say(f"clients     {clients.failed} of {clients.sent} requests failed in all")


def _stay(cluster: LocalCluster, folder: Path) -> None:
    print(
        f"""
It stays up until Ctrl-C. In another terminal, at the root of the repository:
  export KUBECONFIG={cluster.kubeconfig} PATH=$PWD/build/bin:{cluster.binaries}:$PATH
  make plugin BINDIR=build/bin
  kubectl get datarollouts -n {NAMESPACE} --watch
Push another version, good or bad (a price of 0), and see where it goes:
  cd {folder}
  echo '{{"release": "1.4", "tea": 3.4}}' > {FILE} && git commit -qam 'release 1.4'
Who has what, and why?
  kubectl kubervisor data status -n {NAMESPACE}
  kubectl kubervisor data pods {SOURCE} -n {NAMESPACE}
""",
        flush=True,
    )
    signal.pause()
