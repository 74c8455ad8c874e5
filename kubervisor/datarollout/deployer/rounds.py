"""Rounds over all that a pod uses: each name is brought to what is asked for, and the pod's
annotations say how far it is.

Decides what is due; `Site` does it. A name that fails is tried again by itself, ever more seldom,
and the others go on. What needs no download comes first: the way back must not wait for a download.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from kubervisor.datarollout.deployer.problems import (
    DeploymentFailed,
    FolderBusy,
    RepositoryUnavailable,
    Superseded,
)
from kubervisor.datarollout.deployer.site import Site
from kubervisor.datarollout.deployer.standing import Standing
from kubervisor.datarollout.deployer.statuses import Statuses
from kubervisor.datarollout.needs import REQUEST, DataNeeds
from kubervisor.datarollout.versions import Deployed, Progress, Version, read_request
from kubervisor.kube.own_pod import OwnPod
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.deployer_metrics import DeployerMetrics
from kubervisor.telemetry.logs import Log

CHECK_SECONDS = 300.0
"""How often all is looked at anew: whether links and versions are still what they were."""
FORBEARANCE = 120.0
"""For so long (seconds) a repository that gives no byte is not yet a failure: it may just be
restarting, and what fails at many pods at once takes a version back.
"""
NOT_ASKED = (
    "nobody has asked for a version of it yet: is it published, and does the controller run?"
)
UNREADABLE = "its request cannot be read: nothing changes until there is another"


class Rounds:
    """All rounds are one thread's; the rest may be asked by any.

    `newest` gives the pod as it was last seen: a download ends where something else is asked for.
    """

    def __init__(
        self,
        site: Site,
        statuses: Statuses,
        newest: Callable[[], OwnPod | None],
        *,
        clock: Clock,
        metrics: DeployerMetrics,
        log: Log,
    ) -> None:
        self._site, self._statuses, self._newest = site, statuses, newest
        self._clock, self._metrics, self._log = clock, metrics, log
        self._standings: Mapping[str, Standing] = {}
        self._unasked: Mapping[str, str] = {}
        self._check_due = -math.inf

    def run(self, pod: OwnPod, needs: DataNeeds) -> float:
        """One round over what `needs`, which has a location, says; the seconds until the next one
        is due, if nothing happens before.
        """
        if self._clock.monotonic() >= self._check_due:
            self._look_at_all_anew()
        wanted = self._read_requests(pod, needs)
        due = [n for n in wanted if self._standings[n].due <= self._clock.monotonic()]
        for name in sorted(due, key=lambda one: not self._site.has(needs, wanted[one])):
            self._deploy(pod, name, needs, wanted[name])
        if due:
            self._tidy(needs, {version.sha256 for version in wanted.values()})
            self._site.close()
        told_by = self._statuses.write(pod, self._said())
        self._measure(needs)
        next_try = min((one.due for one in self._standings.values()), default=math.inf)
        return min(next_try, told_by, self._check_due) - self._clock.monotonic()

    def give_up(self, pod: OwnPod) -> None:
        """Say of all that is not there that it failed: nobody tries again, for now."""
        for standing in self._standings.values():
            if not standing.is_ready and standing.version is not None:
                at, why = self._clock.wall(), standing.problem
                standing.say(standing.version, Progress.FAILED, at, why)
        self._statuses.write(pod, self._said())

    @property
    def is_complete(self) -> bool:
        """Whether the pod has all that it uses, as it was asked for."""
        return not self._unasked and all(one.is_ready for one in self._standings.values())

    @property
    def is_told(self) -> bool:
        """Whether the pod's annotations say so."""
        return self._statuses.problem == ""

    def problems(self) -> dict[str, str]:
        """By name, why the pod does not have what it uses, those that only wait among them."""
        missing = {n: one.problem for n, one in self._standings.items() if not one.is_ready}
        return dict(sorted({**self._unasked, **missing}.items()))

    def failures(self) -> dict[str, str]:
        """The same without those that wait for a request, or for bytes."""
        unreadable = {n: why for n, why in self._unasked.items() if why == UNREADABLE}
        failed = {n: one.problem for n, one in self._standings.items() if one.has_failed}
        return dict(sorted({**unreadable, **failed}.items()))

    def _look_at_all_anew(self) -> None:
        self._check_due = self._clock.monotonic() + CHECK_SECONDS
        self._statuses.forget()
        for standing in self._standings.values():
            if standing.is_ready:
                standing.due = -math.inf

    def _read_requests(self, pod: OwnPod, needs: DataNeeds) -> dict[str, Version]:
        wanted, unasked, standings = {}, {}, {}
        for name in needs.sources:
            text = pod.annotations.get(f"{REQUEST}{name}")
            request = read_request(text)
            if request is None:
                unasked[name] = UNREADABLE if text else NOT_ASKED
                continue
            known = self._standings.get(name)
            standings[name] = known or self._statuses.remembered(pod, name)
            standings[name].begin(request.version)
            wanted[name] = request.version
        for name, why in unasked.items():
            if why == UNREADABLE and self._unasked.get(name) != why:
                self._log.warning("Cannot read the request", data=name)
        self._standings, self._unasked = standings, unasked
        return wanted

    def _deploy(self, pod: OwnPod, name: str, needs: DataNeeds, version: Version) -> None:
        standing = self._standings[name]

        def fetching() -> None:
            # Who failed says so until it is ready: else each try would be two writes.
            if not standing.has_failed:
                standing.say(version, Progress.FETCHING, self._clock.wall())
                self._statuses.write(pod, self._said())

        def took(size: int) -> None:
            self._metrics.downloaded.inc(size)
            standing.troubled_since = None
            if self._is_superseded(pod, needs):
                raise Superseded

        try:
            switched = self._site.deploy(
                name, needs, standing, version, fetching=fetching, took=took
            )
        except Superseded:
            return
        except DeploymentFailed as error:
            self._failed(name, version, error)
        except Exception as error:  # noqa: BLE001 - of one name; the others go on
            self._log.error("Deployment broke", data=name, error=str(error), exc_info=True)
            self._failed(name, version, DeploymentFailed(f"unexpected {type(error).__name__}"))
        else:
            self._succeeded(name, version, switched)

    def _is_superseded(self, pod: OwnPod, needs: DataNeeds) -> bool:
        newest = self._newest()
        if newest is None or newest is pod:
            return False
        keys = [f"{REQUEST}{name}" for name in needs.sources]
        return any(newest.annotations.get(key) != pod.annotations.get(key) for key in keys)

    def _succeeded(self, name: str, version: Version, switched: bool) -> None:
        standing = self._standings[name]
        standing.problem, standing.troubled_since, standing.due = "", None, math.inf
        standing.backoff.reset()
        standing.say(version, Progress.READY, self._clock.wall())
        if switched:
            self._metrics.deployments.labels(name).inc()
            self._log.info("Deployed", data=name, path=version.path, sha256=version.sha256)

    def _failed(self, name: str, version: Version, error: DeploymentFailed) -> None:
        standing, now = self._standings[name], self._clock.monotonic()
        self._metrics.failures.labels(name, error.reason).inc()
        why = str(error)
        if standing.problem != why:
            reason = error.reason
            self._log.warning("Cannot deploy", data=name, path=version.path, reason=reason, why=why)
        standing.problem, standing.due = why, now + standing.backoff.next()
        if standing.troubled_since is None:
            standing.troubled_since = now
        passing = isinstance(error, RepositoryUnavailable | FolderBusy)
        may_pass = passing and not standing.has_failed
        if not may_pass or now - standing.troubled_since >= FORBEARANCE:
            standing.say(version, Progress.FAILED, self._clock.wall(), why)

    def _tidy(self, needs: DataNeeds, wanted: set[str]) -> None:
        try:
            self._site.tidy(needs, wanted)
        except DeploymentFailed as error:
            self._log.warning("Cannot remove old versions", why=str(error))

    def _said(self) -> dict[str, Deployed]:
        return {name: one.said for name, one in self._standings.items() if one.said is not None}

    def _measure(self, needs: DataNeeds) -> None:
        for name in needs.sources:
            standing = self._standings.get(name)
            self._metrics.ready.labels(name).set(standing is not None and standing.is_ready)
        if self.is_complete:
            self._metrics.last_success.set(self._clock.wall())
