"""What a pod's annotations say of its data: what it uses, was asked to have, and has; pure."""

from __future__ import annotations

import base64
import json
import re
from typing import Any, NamedTuple

from kubectl_kubervisor import instants, words
from kubectl_kubervisor.data_objects import Version
from kubectl_kubervisor.objects import Pod, mapping, text
from kubectl_kubervisor.watchdogs import watchdogs

LONGEST = 4096
"""Characters of an annotation that are read."""
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


class Request(NamedTuple):
    """What a pod was asked to have; `at` in Unix seconds, None where it is not said."""

    version: Version
    at: float | None


class Deployed(NamedTuple):
    """A deployer's last word: `state` is ready, fetching or failed, since `at`."""

    version: Version
    state: str
    at: float | None
    message: str


class Use(NamedTuple):
    """A pod's use of a source under a name of its own."""

    pod: Pod
    source: str
    name: str
    request: Request | None
    deployed: Deployed | None


def uses(pod: Pod) -> list[Use]:
    """The sources that a pod uses, by its own names for them."""
    listed = (one.strip() for one in pod.notes.get(words.DATA_LISTED, "").split(","))
    sources = {name: name for name in listed if _NAME.fullmatch(name)}
    for key, value in pod.notes.items():
        name, source = key.removeprefix(words.DATA), value.strip()
        if key.startswith(words.DATA) and _NAME.fullmatch(name) and _NAME.fullmatch(source):
            sources[name] = source
    return [
        Use(
            pod,
            source,
            name,
            request(pod.notes.get(words.DATA_REQUEST + name)),
            deployed(pod.notes.get(words.DATA_STATUS + name)),
        )
        for name, source in sorted(sources.items())
    ]


def request(note: str | None) -> Request | None:
    """What a request's annotation asks for; None where there is none or it cannot be read."""
    try:
        found = mapping(json.loads(base64.b64decode((note or "")[:LONGEST], validate=True)))
    except (ValueError, RecursionError):
        return None
    version = _version(found)
    return Request(version, _instant(found)) if version.path else None


def deployed(note: str | None) -> Deployed | None:
    """What a deployer said; None where it said nothing that can be read."""
    try:
        found = mapping(json.loads((note or "")[:LONGEST]))
    except (ValueError, RecursionError):
        return None
    version, state = _version(found), text(found.get("State"))
    if not version.path or not state:
        return None
    return Deployed(version, state, _instant(found), text(found.get("Message")))


def failing(pod: Pod, now: float) -> str:
    """Why the pod counts as failing, "" where it is well."""
    if pod.is_ejected:
        return "out of traffic"
    for one in watchdogs(pod):
        until = instants.parse(one.expires)
        if one.level == "error" and (until is None or until > now):
            return f"watchdog {one.name}"
    return ""


def _version(found: Any) -> Version:
    return Version(text(found.get("Path")), text(found.get("Hash")))


def _instant(found: Any) -> float | None:
    at = found.get("UnixTimestampSeconds")
    is_one = isinstance(at, int | float) and not isinstance(at, bool) and 0 <= at < 1e11
    return float(at) if is_one else None
