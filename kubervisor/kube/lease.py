"""Who may write: one holder at a time, by a Lease of the API server and our own monotonic clock.

A holder counts its time from before it asked for the renewal, and stops `margin` seconds before
others may take over. A candidate counts the holder's time from when it last *saw* the record
change. So the clocks of two machines are never compared; they need only run about equally fast.

Each time the lease is gained `leaseTransitions` goes up by one; that number is our epoch.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

from kubervisor import instants
from kubervisor.errors import ApiError, Conflict, LeadershipLost, NotFound
from kubervisor.kube import failures, paths, wire
from kubervisor.kube.client import Api
from kubervisor.kube.podwrites import MERGE_PATCH
from kubervisor.kube.stopping import read_stopped

MAX_MARGIN = 5.0
RETRY_SECONDS = 2.0
RELEASE_ATTEMPTS = 3
_NEVER = -math.inf


class Lease:
    """A candidate for the lease `namespace/name`. `run` belongs to a thread, the rest may be asked
    by any.

    `identity` must be another for every process. `duration` (seconds) is how long others wait after
    the last renewal they saw; `is_held` ends earlier. `epoch` grows each time somebody gains the
    lease and is ours while it is held. `stopped_namespaces` are those that `kubervisor release`
    asked us to leave alone, as of the last answer; `*` stands for all. `problem` says why the last
    attempt failed. `attempted` is set after the first one, and what it led to.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        identity: str,
        *,
        stop: threading.Event,
        duration: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.epoch = 0
        self.problem: str | None = None
        self.attempted = threading.Event()
        self.stopped_namespaces: frozenset[str] = frozenset()
        self._api = api
        self._path = paths.single(paths.LEASES, namespace, name)
        self._collection = paths.collection(paths.LEASES, namespace)
        self._name = name
        self._identity = identity
        self._duration = duration
        self._margin = min(MAX_MARGIN, duration / 3)
        self._period = min(RETRY_SECONDS, duration / 7.5)
        self._stop = stop
        self._clock = clock
        self._wall = wall
        self._writing = threading.Lock()
        self._held_until = _NEVER
        self._holding = False  # gained and not yet reported lost
        self._stored: wire.Lease | None = None
        self._changed_at = 0.0  # when the record of another was last seen to change

    @property
    def holder(self) -> str | None:
        """Who held the lease as of the last answer; None where nobody did or there was none."""
        return (self._stored and self._stored.spec.holder_identity) or None

    def is_held(self) -> bool:
        """True while nobody else can have taken the lease over."""
        return self._clock() < self._held_until

    def check(self) -> None:
        """Raises: LeadershipLost where the lease is not held. Ask before every write."""
        if not self.is_held():
            raise LeadershipLost(
                f"The lease {self._name} is not held by {self._identity}: nothing may be written"
            )

    def run(self, on_gained: Callable[[], None], on_lost: Callable[[], None]) -> None:
        """Compete until the stop event is set, then give the lease up so that another takes it at
        once.

        Both callbacks run on this thread and must return quickly: renewals wait for them. `on_lost`
        is not called for a stop. Set the stop event only when no write is under way any more.
        """
        while not self._stop.is_set():
            self._attempt()
            if self._holding and not self.is_held():
                self._holding = False
                on_lost()
            elif not self._holding and self.is_held():
                self._holding = True
                on_gained()
            self.attempted.set()
            self._stop.wait(self._pause())
        self._release()

    def outrank(self, epoch: int) -> None:
        """Have an epoch above `epoch`, that of some leader before us: the Lease may have been
        deleted since, and the count with it. Raises ApiError and LeadershipLost.
        """
        with self._writing:
            if self.epoch > epoch:
                return
            self.check()
            self._write_as_holder({"leaseTransitions": epoch + 1}, self._clock())
            self.epoch = epoch + 1

    def _attempt(self) -> None:
        """Renew or try to gain the lease; an API error changes nothing until the deadline."""
        with self._writing:
            self._attempt_once()

    def _attempt_once(self) -> None:
        started = self._clock()
        try:
            if self._holding:
                self._renew(started)
            else:
                self._try_to_gain(started)
            self.problem = None
        except ApiError as error:
            self.problem = str(error)

    def _renew(self, started: float) -> None:
        try:
            self._write_as_holder({"renewTime": self._now()}, started)
        except (LeadershipLost, NotFound):
            self._held_until = _NEVER

    def _write_as_holder(self, spec: Mapping[str, object], started: float) -> None:
        """Write to the record we hold. Raises: LeadershipLost where it is another's by now."""
        stored = self._stored or self._read_existing()
        try:
            self._write(stored, spec, started)
        except Conflict:
            # Somebody wrote: perhaps only an announcement, or we did and the answer got lost.
            stored = self._read_existing()
            theirs = (stored.spec.holder_identity, stored.spec.lease_transitions)
            if theirs != (self._identity, self.epoch):
                raise LeadershipLost(f"{stored.spec.holder_identity} took over the lease") from None
            self._write(stored, spec, started)

    def _try_to_gain(self, started: float) -> None:
        fresh = self._read()
        try:
            if fresh is None:
                self._create(started)
            elif self._is_free(fresh):
                self.epoch = self._write(fresh, self._claim(fresh), started)
        except Conflict:
            return  # another candidate was faster; its record is seen with the next attempt

    def _is_free(self, fresh: wire.Lease) -> bool:
        """Given up, left by an attempt of ours whose answer got lost, or expired as we saw it."""
        spec = fresh.spec
        if not spec.holder_identity or spec.holder_identity == self._identity:
            return True
        theirs = max(self._duration, spec.lease_duration_seconds or 0)
        return self._clock() - self._changed_at >= theirs

    def _claim(self, fresh: wire.Lease | None) -> dict[str, object]:
        now = self._now()
        transitions = (fresh.spec.lease_transitions or 0) if fresh else 0
        transitions = max(transitions, self.epoch)  # somebody may have deleted the Lease
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": math.ceil(self._duration),
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": transitions + 1,
        }

    def _create(self, started: float) -> None:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name},
            "spec": self._claim(None),
        }
        answer = self._api.request("POST", self._collection, body=body, timeout=self._patience())
        self.epoch = self._hold(answer, started)

    def _write(self, stored: wire.Lease, spec: Mapping[str, object], started: float) -> int:
        patch = {
            "metadata": {"resourceVersion": stored.metadata.resource_version},
            "spec": spec,
        }
        answer = self._api.request(
            "PATCH", self._path, body=patch, content_type=MERGE_PATCH, timeout=self._patience()
        )
        return self._hold(answer, started)

    def _hold(self, answer: bytes, started: float) -> int:
        """The lease is ours, counted from before we asked. Returns the epoch."""
        stored = self._learn(answer)
        self._held_until = started + self._duration - self._margin
        return stored.spec.lease_transitions or 0

    def _read(self) -> wire.Lease | None:
        try:
            return self._read_existing()
        except NotFound:
            self._stored = None
            return None

    def _read_existing(self) -> wire.Lease:
        return self._learn(self._api.request("GET", self._path, timeout=self._patience()))

    def _learn(self, answer: bytes) -> wire.Lease:
        fresh = failures.decoded(self._path, wire.leases.decode, answer)
        # Announcements change the object and its version, but only its spec tells that a holder
        # lives.
        if self._stored is None or self._stored.spec != fresh.spec:
            self._changed_at = self._clock()
        self._stored = fresh
        self.stopped_namespaces = read_stopped(fresh.metadata.annotations or {})
        return fresh

    def _release(self) -> None:
        # Even past our own deadline: as long as the record says that it is ours, nobody has it.
        if self.holder != self._identity:
            return
        self._held_until = _NEVER  # before the request: from now on another may hold it
        for _ in range(RELEASE_ATTEMPTS):
            try:
                self._write_as_holder({"holderIdentity": ""}, started=_NEVER)
            except LeadershipLost as error:
                self.problem = str(error)
            except ApiError as error:
                self.problem = str(error)  # where all attempts fail it expires by itself
                continue
            else:
                self.problem = None
            return

    def _patience(self) -> float:
        """No request lasts longer than the lease can wait for the next one."""
        left = self._held_until - self._clock()
        return min(self._duration / 3, max(left, 0.1)) if left > 0 else self._duration / 3

    def _pause(self) -> float:
        left = self._held_until - self._clock()
        return min(self._period, left) if left > 0 else self._period

    def _now(self) -> str:
        return instants.render(self._wall(), "microseconds")
