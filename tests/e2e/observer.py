"""Watches a namespace on the API server itself and holds every change against the invariants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_pod import Pod
from playground.fleet_watch import Watch
from tests.e2e import invariants as rules
from tests.e2e.grace import Grace
from tests.e2e.judging import Judging
from tests.e2e.naming import are_named
from tests.e2e.passages import Passage, passage

GUARDS = "/apis/kubervisor.k8s.io/v1alpha1/namespaces/{}/kubervisorservices"
EVENTS = "/apis/events.k8s.io/v1/namespaces/{}/events"
NAMING = 2.0
"""Seconds after which pods without a name are taken for those that get none."""
KINDS = ("pods", "services", "kubervisorservices", "events")


@dataclass(frozen=True, slots=True)
class Write:
    """One change that the API server told: by monotonic instant, kind, name and what changed.

    `ours` is True where keys of Kubervisor's on a pod changed.
    """

    at: float
    kind: str
    name: str
    what: str
    ours: bool


class Observer:
    """Of one namespace, until closed; leaving its context fails when an invariant was broken.

    What others did to other pods within `grace` seconds before an ejection does not count against
    it: where they act all the time, nobody can know of an act that is under way.
    """

    def __init__(self, api: Api, namespace: str, *, grace: float = 0.0) -> None:
        self._grace = Grace(grace)
        self._judging = Judging()
        self._breaches: list[str] = []
        self.passages: list[Passage] = []
        self._writes: list[Write] = []
        self._objects: dict[str, dict[str, Json]] = {kind: {} for kind in KINDS}
        self._by_hand: set[str] = set()
        self._ejections: set[str] = set()
        self._changed = threading.Condition()
        self._watches: dict[str, Watch[Json]] = {}
        paths = {
            "services": f"{namespace_path(namespace)}/services",
            "kubervisorservices": GUARDS.format(namespace),
            "events": EVENTS.format(namespace),
            "pods": f"{namespace_path(namespace)}/pods",
        }
        with ExitStack() as stack:
            for kind, path in paths.items():
                told = partial(self._told, kind)
                self._watches[kind] = stack.enter_context(Watch(api, path, dict, changed=told))
            self._stack = stack.pop_all()

    # What was seen.

    @property
    def ejections(self) -> tuple[Passage, ...]:
        """Every ejection so far, oldest first."""
        return tuple(p for p in self.passages if p.traffic == "no" and p.ejection)

    @property
    def returns(self) -> tuple[Passage, ...]:
        """Every return to traffic so far, oldest first."""
        return tuple(p for p in self.passages if p.traffic == "yes")

    def writes(self, *kinds: str) -> tuple[Write, ...]:
        """Every change so far to objects of these kinds."""
        return tuple(write for write in self._writes if write.kind in kinds)

    def events(self, reason: str) -> tuple[Json, ...]:
        """The Events with this reason."""
        events = self._objects["events"].copy().values()
        return tuple(event for event in events if event.get("reason") == reason)

    def pods(self) -> tuple[Json, ...]:
        """Every pod as it is now, in order of names."""
        return tuple(body for _, body in sorted(self._objects["pods"].copy().items()))

    def guards(self) -> frozenset[str]:
        """Names of the KubervisorServices there are."""
        return frozenset(body["metadata"]["name"] for body in self._guards())

    def wait(self, so: Callable[[Observer], object], timeout: float, what: str) -> None:
        """Return as soon as `so(observer)` holds, asked after every change from now on.

        Raises TimeoutError, showing the last changes.
        """
        self._catch_up(KINDS)
        with self._changed:
            if not self._changed.wait_for(lambda: so(self), timeout):
                last = "\n  ".join(str(write) for write in self._writes[-10:])
                raise TimeoutError(f"not so within {timeout} s that {what}; last:\n  {last}")

    @contextmanager
    def silence(self, *kinds: str, ours: bool = False) -> Iterator[None]:
        """I8, I9: nothing of these kinds is written meanwhile; with `ours`, no key of ours.

        It begins when all pods are named: they get their names beside a first ejection.
        """
        self._catch_up(KINDS)
        with self._changed:
            self._changed.wait_for(lambda: are_named(self.pods(), self._guards()), NAMING)
        self._catch_up(kinds)
        before = len(self._writes)
        yield
        self._catch_up(kinds)
        written = [write for write in self._writes[before:] if write.kind in kinds]
        told = [write for write in written if write.ours or not ours]
        assert not told, f"{len(told)} writes where none was to be: {told[:5]}"

    def check(self) -> None:
        """Raise AssertionError with every breach since the last check."""
        self._catch_up(("pods", "services", "kubervisorservices"))
        with self._changed:
            noted, self._breaches = [*self._breaches, *self._judging.breaches()], []
        assert not noted, "\n".join(noted)

    def caught_up(self) -> Self:
        """Itself, once the watch has told all that pods are now: others' watches may be ahead."""
        self._catch_up(("pods",))
        return self

    def _guards(self) -> list[Json]:
        return list(self._objects["kubervisorservices"].copy().values())

    def _catch_up(self, kinds: tuple[str, ...]) -> None:
        """Return once the watches have told all that is stored now."""
        for kind in kinds:
            self._watches[kind].catch_up()

    def wait_quiet(self, seconds: float, timeout: float) -> None:
        """Return once nothing at all has changed for `seconds`."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._changed.wait(seconds):
                assert time.monotonic() < deadline, f"never quiet: {self._writes[-5:]}"

    def expect_by_hand(self, pod: Pod) -> None:
        """From now on a person holds this pod out: it need not say why."""
        self._by_hand.add(pod.uid)

    def left_on_pods(self) -> tuple[str, ...]:
        """I5: what pods still carry of ours besides `yes`, and the pods that are out."""
        return tuple(
            f"{body['metadata']['name']}: {left}"
            for body in self.pods()
            if (left := rules.own_keys(body) - {rules.TRAFFIC}) or rules.is_out(body)
        )

    def close(self) -> None:
        """End the watches."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with closing(self):
            if kind is None:
                self.check()

    # What the watches tell, each on its own thread.

    def _told(self, kind: str, key: str, body: Json | None, at: float) -> None:
        with self._changed:
            before = self._objects[kind].get(key)
            if body is None:
                self._objects[kind].pop(key, None)
            else:
                self._objects[kind][key] = body
            self._note(kind, key, before, body, at)
            if kind == "pods" and not self._writes[-1].ours:
                self._grace.note(key, before, at)
            if kind == "pods" and body is not None:
                self._pod(key, before, body)
            elif kind == "services":
                self._judging.service(key, body)
            elif kind == "kubervisorservices" and body is not None:
                self._judging.guard(body)
            self._changed.notify_all()

    def _note(self, kind: str, key: str, before: Json | None, body: Json | None, at: float) -> None:
        what, ours = "created", False
        if body is None:
            what = "deleted"
        elif before is not None:
            changed = sorted(rules.changed_keys(before, body))
            what = f"changed {changed or 'something else'}"
            ours = kind == "pods" and any(key.startswith(rules.OURS) for key in changed)
        if kind == "events" and body is not None:
            what += f" {body.get('reason')}: {body.get('note')}"
        self._writes.append(Write(at, kind, key, what, ours))

    def _pod(self, key: str, before: Json | None, after: Json) -> None:
        uid = after["metadata"]["uid"]
        if before is not None and before["metadata"]["uid"] != uid:
            before = None
        breaches = [
            *rules.breaches_of_change(before, after),
            *rules.breaches_of_state(after, by_hand=uid in self._by_hand),
        ]
        if rules.is_new_ejection(before, after):
            pods = self._grace.as_known(self._objects["pods"], key, time.monotonic())
            self._judging.ejection(key, before, after, pods)
            ejection = rules.notes(after)[rules.EJECTION_ID]
            if ejection in self._ejections:
                breaches.append(f"ejection {ejection} was written twice")
            self._ejections.add(ejection)
            if before is not None and rules.is_out(before):
                breaches.append("it was ejected while it was out")
        if before is not None and rules.traffic(before) != rules.traffic(after):
            self.passages.append(passage(after))
        self._breaches += [f"pod {key}: {breach}" for breach in breaches]
