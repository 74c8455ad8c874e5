"""The alarm: a ring wakes one wait, the one in hand or the next."""

from __future__ import annotations

import threading

from kubervisor.runtime.alarm import Alarm

PATIENCE = 10.0


def test_it_is_silent_until_rung() -> None:
    assert not Alarm().wait(0.01)


def test_rung_several_times_it_ends_one_wait() -> None:
    alarm = Alarm()
    alarm.ring()
    alarm.ring()

    assert alarm.wait(PATIENCE)
    assert not alarm.wait(0.01)


def test_silenced_it_has_not_rung() -> None:
    alarm = Alarm()
    alarm.ring()
    alarm.silence()
    alarm.silence()

    assert not alarm.wait(0.01)


def test_it_wakes_who_waits_already() -> None:
    alarm, woken = Alarm(), threading.Event()

    def wait() -> None:
        if alarm.wait(PATIENCE):
            woken.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    alarm.ring()

    assert woken.wait(PATIENCE)
    waiter.join(PATIENCE)
