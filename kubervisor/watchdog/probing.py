"""What the answers to a watchdog's probes lead to: how many in a row make a level, and when to ask
again.

Pure. A graver level is taken over once the last `failures` answers were all as grave or graver, a
milder one once the last `successes` were all as mild or milder. Until the first is judged none
holds, neither what a pod has written on it nor what was known to another process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus

from kubervisor.traffic.watchdogs import Level
from kubervisor.watchdog.probes import Tuning

LONGEST_REST = 120.0
"""Seconds between two probes of a pod that does not answer, at most: so late, and a period, is it
seen that it answers again.
"""
JITTER = 0.1
"""By so much of it a wait is longer or shorter: pods that were started together drift apart."""

_GRAVITY = {Level.INFO: 1.0, None: 1.5, Level.WARNING: 2.0, Level.ERROR: 3.0}


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer. `answered` is False where none came back, or what no HTTP server says."""

    level: Level
    message: str
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of a watchdog: its level, None before the first is judged, what was said when
    it was, and the `recent` answers, as many as may be needed for the next.

    `silent` counts the probes in a row without any answer.
    """

    level: Level | None = None
    message: str = ""
    recent: tuple[Heard, ...] = ()
    silent: int = 0


def hear(status: int, level: str, message: str) -> Heard:
    """What an HTTP answer says: 2xx is well, or a warning where its header `X-Watchdog-Level` says
    `warning`; anything else is an error. The header `X-Watchdog-Message` says why.

    >>> hear(503, "", "").message
    'it answered 503 Service Unavailable'
    """
    if not 200 <= status < 300:
        where = ": redirects are not followed" if 300 <= status < 400 else ""
        return Heard(Level.ERROR, message or f"it answered {_phrase(status)}{where}")
    if level.strip().lower() == Level.WARNING:
        return Heard(Level.WARNING, message or "it answered with a warning")
    return Heard(Level.INFO, message)


def judge(known: Judgement, heard: Heard, tuning: Tuning, *, ready: bool) -> Judgement:
    """What is known after `heard`; `ready` is whether all containers of the pod were.

    Silence of a pod that is not ready says nothing: it starts, or starts again. But where it
    answers, its word counts: a canary that its own watchdog holds unready must be heard.
    """
    silent = 0 if heard.answered else known.silent + 1
    if not (ready or heard.answered):
        return replace(known, silent=silent)
    recent = (*known.recent, heard)[-max(tuning.failures, tuning.successes) :]
    held = _GRAVITY[known.level]
    mildest = min(recent[-tuning.failures :], key=_gravity)
    if len(recent) >= tuning.failures and _gravity(mildest) > held:
        return Judgement(mildest.level, mildest.message, recent, silent)
    gravest = max(recent[-tuning.successes :], key=_gravity)
    if len(recent) >= tuning.successes and _gravity(gravest) < held:
        return Judgement(gravest.level, gravest.message, recent, silent)
    return replace(known, recent=recent, silent=silent)


def rest(known: Judgement, tuning: Tuning, *, draw: float) -> float:
    """Seconds until the next probe; `draw` is random, from 0 to 1.

    Longer each time while a pod that is known to be in error does not answer.
    """
    period = tuning.period
    if known.level is Level.ERROR and known.silent > 1:
        longest = max(period, LONGEST_REST)
        period = min(longest, period * 2.0 ** min(known.silent - 1, 16))
    return period * (1 + JITTER * (2 * draw - 1))


def _gravity(heard: Heard) -> float:
    return _GRAVITY[heard.level]


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
