"""A sync that does not end is told of, and fails /livez in the end."""

from __future__ import annotations

from typing import Any

import pytest

from kubervisor.workflow.engine.hands import LONG_SECONDS, STUCK_SECONDS, Hands, Lookout
from kubervisor.workflow.engine.kinds import Key

KEY = Key("shop", "one")


class _Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class _Log:
    def __init__(self) -> None:
        self.told: list[str] = []

    def warning(self, event: str, **values: Any) -> None:
        self.told.append(f"{event} {values['resource']}")


def test_a_sync_that_takes_far_too_long_is_stuck() -> None:
    time = _Time()
    hands = Hands(time)
    with hands.on(KEY):
        time.now += STUCK_SECONDS
        assert hands.stuck() == ""
        time.now += 1
        assert hands.stuck() == "in hand for more than 120 s: shop/one"
    assert hands.stuck() == ""


def test_a_sync_that_takes_long_is_told_of_once() -> None:
    time, log = _Time(), _Log()
    hands = Hands(time)
    lookout = Lookout(hands, log)  # type: ignore[arg-type]  # as much of a log as it needs
    with hands.on(KEY):
        lookout.step()
        assert log.told == []
        time.now += LONG_SECONDS + 1
        lookout.step()
        lookout.step()
    assert log.told == ["Sync takes long shop/one"]


def test_the_end_waits_for_syncs_in_hand() -> None:
    hands = Hands(_Time())
    with hands.on(KEY):
        assert not hands.await_none(0.0)
    assert hands.await_none(0.0)


def test_a_sync_that_raises_is_not_in_hand() -> None:
    hands = Hands(_Time())
    with pytest.raises(RuntimeError), hands.on(KEY):
        raise RuntimeError
    assert hands.taking() == {}
