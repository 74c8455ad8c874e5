"""The watchdogs of a pod, as lines, as a table, as JSON and as YAML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from kubervisor import instants
from kubervisor.cli.tables import table_of
from kubervisor.kube.noted_pods import NotedPod
from kubervisor.kube.watchdog_notes import read_statuses
from kubervisor.text import printable
from kubervisor.traffic.watchdogs import PROBE, STATUS, WatchdogStatus

FORMATS = ("lines", "wide", "json", "yaml")
_COLUMNS = ("NAME", "LEVEL", "SAID", "EXPIRES", "PROBE", "MESSAGE")
_GAP = "  "


def show(pod: NotedPod, form: str, now: float) -> str:
    """The watchdogs of `pod` in one of `FORMATS`, at `now` (Unix seconds)."""
    if form == "json":
        return json.dumps(document(pod, now), indent=2, ensure_ascii=False) + "\n"
    if form == "yaml":
        return yaml.safe_dump(document(pod, now), sort_keys=False, allow_unicode=True)
    if form == "wide":
        rows = [_COLUMNS, *(_row(one) for one in document(pod, now)["watchdogs"])]
        return f"{table_of(rows, gap=_GAP)}\n"
    return "".join(f"{_line(pod, status)}\n" for status in read_statuses(pod.annotations))


def document(pod: NotedPod, now: float) -> dict[str, Any]:
    """The same as a JSON value. A watchdog that is probed and has said nothing has no level."""
    statuses = {status.name: status for status in read_statuses(pod.annotations)}
    probes = {
        key.removeprefix(PROBE): printable(url)
        for key, url in pod.annotations.items()
        if key.startswith(PROBE)
    }
    return {
        "namespace": pod.namespace,
        "pod": pod.name,
        "health": pod.health,
        "watchdogs": [
            _one(name, statuses.get(name), probes.get(name), now)
            for name in sorted({*statuses, *probes})
        ],
    }


def _one(name: str, status: WatchdogStatus | None, probe: str | None, now: float) -> dict[str, Any]:
    said = status or WatchdogStatus(name, "")
    return {
        "name": name,
        "level": said.level or None,
        "at": _instant(said.at),
        "message": said.message,
        "expires": _instant(said.expires),
        "expired": not said.counts(now),
        "probe": probe,
    }


def _line(pod: NotedPod, status: WatchdogStatus) -> str:
    """As AutoCrane prints it: with the timestamp as it was written."""
    said = pod.annotations[f"{STATUS}{status.name}"].partition("/")[2]
    return f"{status.name},{status.level},{printable(said)}"


def _row(one: dict[str, Any]) -> Sequence[str]:
    expires = "expired" if one["expired"] else one["expires"]
    cells = (one["name"], one["level"], one["at"], expires, one["probe"], one["message"])
    return [cell or "-" for cell in cells]


def _instant(at: float | None) -> str | None:
    return None if at is None else instants.render(at, "seconds")
