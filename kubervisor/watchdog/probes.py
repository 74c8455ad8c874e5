"""What a pod asks to have probed: each annotation read as a probe, or as what is wrong with it.

Pure. The grammar is AutoCrane's, whole: `[http://|https://]POD_IP:PORT[/PATH][?QUERY]`. POD_IP must
stand there as it is, and what is called is the pod's own address, whatever else is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from kubervisor.api.fields import seconds_of
from kubervisor.text import printable

MOST_PROBES = 16
"""Watchdogs of one pod that are probed: nobody may use up the prober by annotations. Of more, the
first ones by name."""

LONGEST_URL = 2048
"""Characters, and of a probe's settings too."""
READ_ONCE = 8192
"""Annotations whose meaning is remembered: the pods of a workload have the same ones."""

TIMEOUTS, LONGEST_PERIOD = (0.1, 10.0), 3600.0
MOST_IN_A_ROW = 10
"""Bounds of a probe's own settings, in seconds and in probes."""
SHORTEST_PERIOD = 1 / 3
"""Of the administrator's: no pod is probed more than three times as often as others."""

_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?POD_IP:(?P<port>[0-9]{1,5})"
    r"(?P<target>(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?)"
)
_FORM = "write [http://]POD_IP:PORT/PATH, such as POD_IP:8080/watchdog"
_SETTINGS_FORM = "write timeout=2s,failures=3,successes=2,period=10s, or some of these"


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a watchdog is probed: seconds between probes and for an answer; how many in a row must
    fail or succeed before it is believed.
    """

    period: float = 30.0
    timeout: float = 5.0
    failures: int = 1
    successes: int = 1


@dataclass(frozen=True, slots=True)
class Probe:
    """A request to a pod's own address. `target` is path and query as they are sent."""

    port: int
    target: str
    tuning: Tuning
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """A probe that is never made, and why, for whoever wrote the annotation."""

    why: str


@lru_cache(maxsize=READ_ONCE)
def read_probe(url: str, settings: str | None, defaults: Tuning, ports: range) -> Probe | Unusable:
    """The probe that the annotation `url` asks for, tuned by the annotation `settings`.

    >>> read_probe("POD_IP:8080/watchdog?deep=1", None, Tuning(), range(1024, 65536)).target
    '/watchdog?deep=1'
    >>> read_probe("POD_IP:8080/watchdog", "period=0s", Tuning(), range(1024, 65536)).why
    'its settings: period must be from 10 s to 3600 s'
    """
    try:
        tuning = _read_tuning(settings, defaults)
    except ValueError as error:
        return Unusable(f"its settings: {error}")
    try:
        return _read_url(url, tuning, ports)
    except ValueError as error:
        return Unusable(str(error))


def read_probes(
    urls: Mapping[str, str], settings: Mapping[str, str], defaults: Tuning, ports: range
) -> dict[str, Probe | Unusable]:
    """The probes of a pod with these annotations, by the watchdogs' names."""
    return {
        name: read_probe(urls[name], settings.get(name), defaults, ports)
        for name in sorted(urls)[:MOST_PROBES]
    }


def _read_url(text: str, tuning: Tuning, ports: range) -> Probe:
    if len(text) > LONGEST_URL:
        raise ValueError(f"its URL has more than {LONGEST_URL} characters")
    found = _URL.fullmatch(text.strip(" \t\r\n"))
    if not found:
        raise ValueError(f"its URL {_quoted(text)} cannot be read: {_FORM}")
    scheme, port = (found["scheme"] or "http").lower(), int(found["port"])
    if scheme not in ("http", "https"):
        raise ValueError(f"its URL {_quoted(text)} is neither http nor https: {_FORM}")
    if port not in ports:
        raise ValueError(f"port {port} may not be probed: only {ports[0]} to {ports[-1]} may")
    target = found["target"]
    return Probe(
        port, target if target.startswith("/") else f"/{target}", tuning, scheme == "https"
    )


def _read_tuning(text: str | None, defaults: Tuning) -> Tuning:
    if not text:
        return defaults
    if len(text) > LONGEST_URL:
        raise ValueError(f"more than {LONGEST_URL} characters: {_SETTINGS_FORM}")
    tuning, seen = defaults, set[str]()
    shortest = max(1.0, defaults.period * SHORTEST_PERIOD)
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name in seen:
            raise ValueError(f"{name} twice")
        seen.add(name)
        tuning = _tuned(tuning, name, value, shortest)
    return tuning


def _tuned(tuning: Tuning, name: str, value: str, shortest: float) -> Tuning:
    match name:
        case "timeout":
            return replace(tuning, timeout=_seconds(name, value, *TIMEOUTS))
        case "period":
            return replace(tuning, period=_seconds(name, value, shortest, LONGEST_PERIOD))
        case "failures":
            return replace(tuning, failures=_count(name, value))
        case "successes":
            return replace(tuning, successes=_count(name, value))
    raise ValueError(f"{_quoted(name)} is none of them: {_SETTINGS_FORM}")


def _seconds(name: str, value: str, least: float, most: float) -> float:
    try:
        seconds = seconds_of(value)
    except ValueError:
        raise ValueError(f"{name} must be a duration such as 2s, is {_quoted(value)}") from None
    if not least <= seconds <= most:
        raise ValueError(f"{name} must be from {least:g} s to {most:g} s")
    return seconds


def _count(name: str, value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", value) or not 1 <= int(value) <= MOST_IN_A_ROW:
        raise ValueError(f"{name} must be from 1 to {MOST_IN_A_ROW}, is {_quoted(value)}")
    return int(value)


def _quoted(text: str) -> str:
    """The beginning of what somebody wrote, fit to be printed."""
    return f"{printable(text[:80])!r}"
