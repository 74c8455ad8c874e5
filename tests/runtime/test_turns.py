"""Few think at a time, and nobody keeps the others waiting during a request."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.traffic.measurement import Measurement, NamedPod
from kubervisor.traffic.model import Fleet, Pod
from tests.builders import KEY, NOW, a_breaker, a_pod, a_policy
from tests.replay.inmemory import Runtime


class Turns:
    """In place of the semaphore: says whether the only thread has its turn."""

    def __init__(self) -> None:
        self.held = False

    def __enter__(self) -> None:
        assert not self.held
        self.held = True

    def __exit__(self, *_: object) -> None:
        self.held = False


def test_an_ejection_is_thought_of_in_a_turn_and_written_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[str, bool]] = []
    pods: list[Pod] = [a_pod(f"p{number}") for number in range(4)]
    breaker = a_breaker("oracle", count=2)
    named = Measurement(named=(NamedPod("p0"),), taken_at=NOW)
    runtime = Runtime(KEY, a_policy(breaker), pods, lambda _: named)
    turns = Turns()
    object.__setattr__(runtime._desk.shared, "turns", turns)
    judged, ejected = runtime.store.alone, runtime.store.eject

    def alone(*args: Any, **more: Any) -> Fleet:
        seen.append(("gathered", turns.held))
        return judged(*args, **more)

    def eject(*args: Any, **more: Any) -> Pod:
        seen.append(("ejected", turns.held))
        return ejected(*args, **more)

    monkeypatch.setattr(type(runtime.store), "alone", lambda _, *a, **m: alone(*a, **m))
    monkeypatch.setattr(type(runtime.store), "eject", lambda _, *a, **m: eject(*a, **m))

    assert [write[0] for write in runtime.evaluate(breaker, NOW)] == ["eject"]
    assert seen[0] == ("gathered", True)
    assert ("ejected", False) in seen
