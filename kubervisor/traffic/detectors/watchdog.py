"""`watchdog`: pods whose own watchdogs say that something is wrong.

A watchdog's last word stands until it says another. A probed one is probed all the time, and its
status is written when it changes: so what it said before a return, and says still, is evidence of
now, and silence is good news. Nobody takes back what was posted before the pod's containers started
or before its last return: that must be posted again to count.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from kubervisor.traffic.detector_policy import Trust, WatchdogPolicy
from kubervisor.traffic.detectors.question import Question
from kubervisor.traffic.evidence import last_return
from kubervisor.traffic.model import Pod
from kubervisor.traffic.verdict import AllFine, Finding, Judgement
from kubervisor.traffic.watchdogs import Level, WatchdogStatus

_FINE = {
    Level.ERROR: "no watchdog says error",
    Level.WARNING: "no watchdog says warning or error",
    Level.INFO: "no watchdog says anything",
}
MOST_QUOTED = 3
LONGEST_QUOTE = 200
"""Characters of a message; whoever may patch the pod can write a thousand."""


def judge(asked: Question) -> Sequence[Finding]:
    """One finding for each Ready member, in fleet order. Inconclusive are those whose watchdogs, of
    the names asked for, say nothing that counts, and those that have none.
    """
    policy, now = asked.breaker.detector, asked.now
    assert isinstance(policy, WatchdogPolicy)
    ready = [pod for pod in asked.fleet.pods if pod.ready]

    def findings() -> tuple[Finding, ...]:
        return tuple([_finding(pod, policy, now) for pod in ready])

    if all(_is_fine(_counting(pod, policy, now), policy) for pod in ready):
        return AllFine(asked.fleet.ready_uids, findings)
    return findings()


def _named(pod: Pod, policy: WatchdogPolicy) -> Sequence[WatchdogStatus]:
    if not policy.names:
        return pod.watchdogs
    return [one for one in pod.watchdogs if one.name in policy.names]


def _counting(pod: Pod, policy: WatchdogPolicy, now: float) -> list[WatchdogStatus]:
    return [one for one in _named(pod, policy) if not _doubt(one, pod, policy.trust, now)]


def _is_fine(words: Sequence[WatchdogStatus], policy: WatchdogPolicy) -> bool:
    return bool(words) and not any(one.reaches(policy.level) for one in words)


def _finding(pod: Pod, policy: WatchdogPolicy, now: float) -> Finding:
    words = _counting(pod, policy, now)
    if not words:
        said = _silence(pod, policy, now)
        return Finding(pod.uid, pod.name, Judgement.INCONCLUSIVE, said=said)
    if _is_fine(words, policy):
        return Finding(pod.uid, pod.name, Judgement.FINE, said=_FINE[policy.level])
    wrong = [one for one in words if one.reaches(policy.level)]
    wrong.sort(key=lambda one: not one.is_failure)
    # One that errs is worse than any number that warn.
    score = 2.0 if wrong[0].is_failure else 1.0
    return Finding(pod.uid, pod.name, Judgement.OUTLIER, score=score, said=_quoted(wrong, now))


def _silence(pod: Pod, policy: WatchdogPolicy, now: float) -> str:
    """Why none of the pod's watchdogs counts."""
    doubts = [_doubt(one, pod, policy.trust, now) for one in _named(pod, policy)]
    if doubts:
        return _listed(doubts)
    wanted = f"watchdog {' or '.join(sorted(policy.names))}" if policy.names else "watchdog"
    return f"the pod has no {wanted}"


def _doubt(word: WatchdogStatus, pod: Pod, trust: Trust, now: float) -> str:
    """Why the word does not count now; "" where it does."""
    if not word.counts(now):
        return f"what watchdog {word.name} said has expired"
    if word.is_probed:
        return ""
    if trust is Trust.PROBED:
        return f"watchdog {word.name} has no probe on the pod, and posted words are not trusted"
    if word.at is None:
        return f"what watchdog {word.name} says has no time"
    if word.at < max(last_return(pod, now) or 0.0, pod.started_at or 0.0):
        return f"watchdog {word.name} was posted before the pod's last return or its start"
    return ""


def _quoted(words: Sequence[WatchdogStatus], now: float) -> str:
    return _listed([_quote(one, now) for one in words])


def _listed(quotes: Sequence[str]) -> str:
    more = len(quotes) - MOST_QUOTED
    return "; ".join([*quotes[:MOST_QUOTED], *([f"and {more} more"] if more > 0 else [])])


def _quote(word: WatchdogStatus, now: float) -> str:
    message = word.message
    if len(message) > LONGEST_QUOTE:
        message = f"{message[: LONGEST_QUOTE - 1]}…"
    said = f"watchdog {word.name} says {word.level.lower()}" + (f": {message}" if message else "")
    return said if word.at is None else f"{said}, since {_time(word.at, now)}"


def _time(at: float, now: float) -> str:
    """The time of day in UTC, with the date where that is not today's."""
    moment = datetime.fromtimestamp(at, UTC)
    today = moment.date() == datetime.fromtimestamp(now, UTC).date()
    return f"{moment:%H:%M:%S}" if today else f"{moment:%Y-%m-%d %H:%M:%S}"
