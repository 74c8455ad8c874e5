"""What the product's own code says when the API server refuses it; "" where it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kubervisor.errors import ApiError, Forbidden
from kubervisor.kube.caches import Record
from kubervisor.kube.client import Api as Door
from kubervisor.kube.events import PATCH_SECONDS, EventRecorder, EventType
from kubervisor.kube.lease import Lease
from kubervisor.kube.reflector import Reflector
from tests.integration.guard import until
from tests.security.lacking import Ground


def refusal(act: Callable[[], object]) -> str:
    """What an action that is refused says; "" where it is not."""
    try:
        act()
    except Forbidden as error:
        return str(error)
    return ""


def runs(reflector: Reflector[Any], stop: threading.Event) -> str:
    """What keeps a reflector from working; "" once it lists and watches."""
    thread = threading.Thread(target=reflector.run)
    thread.start()
    try:
        until(lambda: reflector.problem or reflector.healthy_since, "it works or says why not")
        return reflector.problem or ""
    finally:
        stop.set()
        reflector.interrupt()
        thread.join()


def records(kind: type[EventRecorder], regarding: Record, door: Door, component: str) -> str:
    """What is said to an Event that is created, and to the same again, some seconds later, which is
    counted on it.
    """
    now = [0.0]
    said: list[str] = []

    class Listening(Door):
        def __init__(self) -> None:
            """Nothing of its own."""

        def request(self, method: str, path: str, **more: Any) -> bytes:
            try:
                return door.request(method, path, **more)
            except ApiError as error:
                said.append(str(error))
                raise

    stopped = threading.Event()
    stopped.set()
    recorder = kind(Listening(), component, "x", clock=lambda: now[0])
    for at in (1.0, 2.0 + PATCH_SECONDS):
        now[0] = at
        recorder.record(regarding, type=EventType.NORMAL, reason="Probe", action="A", note="n")
        recorder.run(stopped)
    return " ".join(said)


def leads(ground: Ground, door: Door, lease_name: str) -> str:
    """What is said to whoever reads the Lease, creates it where it is missing, and renews it."""
    name = f"{lease_name}-{threading.get_ident()}"
    ground.forget_lease(name)
    lease = Lease(door, ground.namespace, name, "me", stop=threading.Event())
    for _ in range(2):
        lease._attempt()
        lease._holding = lease.is_held()
    return lease.problem or ""
