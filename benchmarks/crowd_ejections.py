"""Pods of a guarded crowd begin to fail, one each of many Services, and are ejected.

Each pod is taken out by hand before, and given back: the floor of its ejection. The controller runs
meanwhile, and leaves a pod alone that a person took out.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from benchmarks.counters import Counters
from benchmarks.ejections import Fault, after_verdict, paired, read_ejections
from benchmarks.figures import Figure
from benchmarks.floor import Floor
from benchmarks.ground import Ground, say
from playground.controller import Controller
from playground.fleet_api import Api
from playground.fleet_manifests import namespace_path
from playground.fleet_pod import Pod
from playground.load_members import Members

APART = 0.5
"""Seconds between two pods that are taken out or begin to fail: no more are ejected at once than
may be."""
UNJUDGED = 60.0 + 60.0
"""Seconds after its start for which nothing that a preset measures of a pod counts: its warm-up,
and the window after that."""
PATIENCE = 60.0
ACKNOWLEDGED = 0.05


@dataclass(frozen=True, slots=True)
class _Labels:
    """The pods of many Services, as the floor is measured with."""

    api: Api
    members: Members

    def label(self, pod: Pod, key: str, value: str | None) -> None:
        """Set a label of the pod; None removes it."""
        path = f"{namespace_path(pod.namespace)}/pods/{pod.name}"
        self.api.merge(path, {"metadata": {"labels": {key: value}}})


def one_each(pods: Iterable[Pod], old: frozenset[str], count: int) -> list[Pod]:
    """At most `count` pods that get traffic, each of another Service, by chance.

    Only those whose uids are in `old`: of one that has just replaced another nothing counts yet.
    """
    able = [p for p in pods if p.uid in old and p.ready and p.traffic == "yes" and not p.deleting]
    of_each = {pod.labels["app"]: pod for pod in random.sample(able, len(able))}
    return list(of_each.values())[:count]


def ejecting(
    here: Ground, controller: Controller, counters: Counters, chosen: Sequence[Pod], began: float
) -> list[Figure]:
    """From the verdicts to the answers and to the EndpointSlices without the `chosen` pods, which
    have all run since the monotonic instant `began`.
    """
    services = ",".join(pod.labels["app"] for pod in chosen)
    with closing(Members(here.api, "", services)) as members:
        floor = _by_hand(_Labels(here.api, members), chosen)
        wait = max(0.0, began + UNJUDGED - time.monotonic())
        say(f"{len(chosen)} pods begin to fail in {wait:.0f} s, when all that they do counts")
        time.sleep(wait)
        faults = _failing(counters, members, chosen)
    accounts = read_ejections(controller.lines(), time.time() - time.monotonic())
    return after_verdict(floor, paired(faults, accounts), acknowledged=ACKNOWLEDGED)


def _by_hand(pods: _Labels, chosen: Sequence[Pod]) -> Floor:
    """What it costs anybody; all pods get traffic again when it returns."""
    say(f"{len(chosen)} pods are taken out by hand and given back")
    floor = Floor()
    for pod in chosen:
        floor.sample(pods, pod)
        time.sleep(APART)
    return floor


def _failing(counters: Counters, members: Members, chosen: Sequence[Pod]) -> list[Fault]:
    """Let them fail, one after the other, and wait until all are out."""
    begins = []
    for pod in chosen:
        begins.append(time.monotonic())
        counters.fail(pod.name)
        time.sleep(APART)
    say("until they are ejected")
    faults = []
    for pod, began in zip(chosen, begins, strict=True):
        passage = members.wait(pod.id, entered=False, since=began, timeout=PATIENCE)
        faults.append(Fault(pod.name, began, passage.at - began))
    return faults
