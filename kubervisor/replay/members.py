"""Who was a member when, inferred from the samples: a metric's past knows no Pods.

A pod has joined with its first sample and has left when its last one is LEFT_AFTER seconds old. All
that is not known of it is assumed to be in its favour: Ready, owned by a ReplicaSet, old enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kubervisor.replay.pages import Page
from kubervisor.replay.past import Mask
from kubervisor.traffic.model import Owner, Pod

LEFT_AFTER = 120.0
"""Seconds: twice the longest usual scrape interval, so that a missed scrape is no departure."""
OLD = 86400.0
"""Seconds that a pod which is there from the start is taken to have run for."""
_OF_DEPLOYMENT = re.compile(r"(?P<workload>.+)-(?P<hash>[a-z0-9]{6,10})-[a-z0-9]{5}")


@dataclass(frozen=True, slots=True)
class Known:
    """What a kube-state-metrics has recorded of one pod; None where it has not."""

    uid: str | None = None
    created: float | None = None
    owner: Owner | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """The members at each step of a page.

    `present` and `ready` are [steps x names]; `changes` are the steps at which the members or their
    readiness differ from the step before, with the members from then on. `pods` are those that have
    been members, by name.
    """

    names: tuple[str, ...]
    pods: Mapping[str, Pod]
    present: Mask
    ready: Mask
    changes: Mapping[int, tuple[Pod, ...]]

    def columns(self, pods: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """The column of each of these pods."""
        known = {name: column for column, name in enumerate(self.names)}
        return np.array([known[pod] for pod in pods], dtype=np.intp)


class Members:
    """Follows the fleet from page to page."""

    def __init__(self, namespace: str, start: float) -> None:
        self._namespace, self._start = namespace, start
        self._last_seen: dict[str, float] = {}
        self._lives: dict[str, int] = {}
        self._pods: dict[tuple[str, int, bool], Pod] = {}
        self._since: dict[str, float] = {}
        self._latest: dict[str, Pod] = {}
        self._shown: tuple[Pod, ...] | None = None
        self._known: dict[str, Known] = {}

    @property
    def ever(self) -> tuple[str, ...]:
        """The names of all pods there have been, in order."""
        return tuple(sorted(self._lives))

    def roll(
        self,
        page: Page,
        *,
        known: Mapping[str, Known] = MappingProxyType({}),
        ready: Mapping[str, Mask] = MappingProxyType({}),
    ) -> Roll:
        """Who was a member at the steps of the page; call once for each page, in order.

        `known` is what is recorded of pods, and `ready` at which steps they were Ready.
        """
        self._known |= known
        named = {pod for past in page.pasts.values() for pod in past.pods}
        names = tuple(sorted(named | self._last_seen.keys()))
        last = self._last_sample(page, names)
        present: Mask = page.times[:, None] - last <= LEFT_AFTER
        is_ready = present.copy()
        for name, mask in ready.items():
            if name in names:
                is_ready[:, names.index(name)] &= mask
        changes = self._changes(page, names, present, is_ready)
        self._last_seen = {
            name: float(last[-1, column])
            for column, name in enumerate(names)
            if present[-1, column]
        }
        return Roll(names, dict(self._latest), present, is_ready, changes)

    def _last_sample(
        self, page: Page, names: tuple[str, ...]
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """[steps x names]: when the pod's latest sample was seen; -inf where there was none."""
        column_of = {name: column for column, name in enumerate(names)}
        last = np.full((len(page.times), len(names)), -np.inf)
        for past in page.pasts.values():
            seen = past.seen
            for line, pod in enumerate(past.pods):
                column = column_of[pod]
                here = np.where(seen[:, line], page.times, -np.inf)
                np.maximum(last[:, column], here, out=last[:, column])
        for name, at in self._last_seen.items():
            last[0, column_of[name]] = max(last[0, column_of[name]], at)
        result: np.ndarray[tuple[int, int], np.dtype[np.float64]] = np.maximum.accumulate(last)
        return result

    def _changes(
        self, page: Page, names: tuple[str, ...], present: Mask, ready: Mask
    ) -> dict[int, tuple[Pod, ...]]:
        differs = (present[1:] != present[:-1]) | (ready[1:] != ready[:-1])
        steps = [0, *(np.flatnonzero(differs.any(axis=1)) + 1).tolist()]
        changes = {}
        for step in steps:
            at = float(page.times[step])
            there = {
                names[column]: bool(ready[step, column])
                for column in np.flatnonzero(present[step]).tolist()
            }
            pods = tuple(self._pod(name, at, is_ready) for name, is_ready in there.items())
            for gone in self._since.keys() - there.keys():
                del self._since[gone]
            if pods != self._shown:
                self._shown = changes[step] = pods
        return changes

    def _pod(self, name: str, at: float, ready: bool) -> Pod:
        """The same object for the same state, so that a Guard sees at a glance what changed."""
        if name not in self._since:
            self._since[name] = at
            self._lives[name] = self._lives.get(name, 0) + 1
        life = self._lives[name]
        pod = self._pods.get((name, life, ready))
        if pod is None:
            pod = self._pods[name, life, ready] = self._new(name, life, ready)
        self._latest[name] = pod
        return pod

    def _new(self, name: str, life: int, ready: bool) -> Pod:
        known = self._known.get(name, Known())
        from_the_start = self._since[name] <= self._start
        joined = self._start - OLD if from_the_start else self._since[name]
        created = joined if known.created is None else known.created
        found = _OF_DEPLOYMENT.fullmatch(name)
        labels = {"pod-template-hash": found["hash"]} if found else {}
        workload = found["workload"] if found else name.rpartition("-")[0] or name
        return Pod.serving(
            name,
            uid=known.uid or f"{name}/{life}",
            namespace=self._namespace,
            ready=ready,
            claimed_by=None,
            created_at=created,
            started_at=None if from_the_start and known.created is None else created,
            owner=known.owner or Owner("ReplicaSet", workload, f"owner of {workload}"),
            labels=labels,
        )
