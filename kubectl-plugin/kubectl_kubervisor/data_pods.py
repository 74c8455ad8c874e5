"""`data pods [SOURCE]`: who uses which data, what each was asked to have, and what it has."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any, NoReturn

from kubectl_kubervisor import instants, table
from kubectl_kubervisor.data_notes import Use, failing, uses
from kubectl_kubervisor.data_objects import Version
from kubectl_kubervisor.errors import DONE, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.following import Lines, follow
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.objects import Json, pod
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import printable, printable_document, wants_colour

HEADERS = ("POD", "SOURCE", "NAME", "REQUEST", "DEPLOYED", "STATE", "SINCE", "FAILING")
WIDE = ("NODE", "MESSAGE")
FORMS = ("table", "wide", "json")


def run(line: Line) -> int:
    """Print a line for each pod and each name that it has the source under."""
    source, form = (line.words[1] if len(line.words) > 1 else ""), line.flag("output") or "table"
    if form not in FORMS:
        raise UsageError(f'unknown output "{form}": one of {", ".join(FORMS)}')
    if line.has("watch") and form == "json":
        raise UsageError("--watch prints tables: leave -o out, or write -o wide")
    kubectl, everywhere = Kubectl(line), line.has("all-namespaces")
    if line.has("watch"):
        _follow(line, kubectl, source)
    found = [
        use
        for body in kubectl.items("pods", *kubectl.selected, everywhere=everywhere)
        for use in _of(body, source)
        if use.pod.phase not in ("Succeeded", "Failed")
    ]
    now = time.time()
    if form == "json":
        document = {"pods": [document_of(use, now) for use in found]}
        say(printable_document(json.dumps(document, indent=2, ensure_ascii=False)))
    elif found:
        wide = form == "wide"
        rows = [row(use, now, wide=wide, with_namespace=everywhere) for use in found]
        headings = headers(wide=wide, with_namespace=everywhere)
        shown = not line.has("no-headers")
        say(table.render(headings, sorted(rows), show_headers=shown, colour=wants_colour()))
    else:
        warn(f"No pods found that use {'source ' + printable(source) if source else 'data'}.")
    return DONE


def headers(*, wide: bool, with_namespace: bool) -> list[str]:
    """The headers of `row`."""
    names = [*HEADERS, *(WIDE if wide else ())]
    return ["NAMESPACE", *names] if with_namespace else names


def row(use: Use, now: float, *, wide: bool, with_namespace: bool) -> list[str]:
    """One line of the table; SINCE is how long the deployer says what it says."""
    request, deployed = use.request, use.deployed
    since = deployed.at if deployed else None
    cells = [
        use.pod.name,
        use.source,
        use.name,
        _named(request.version if request else None, wide=wide),
        _named(deployed.version if deployed else None, wide=wide),
        deployed.state if deployed else "-",
        "-" if since is None else instants.age(now - since),
        failing(use.pod, now) or "-",
    ]
    if wide:
        cells += [use.pod.node or "-", (deployed.message if deployed else "") or "-"]
    return [use.pod.namespace, *cells] if with_namespace else cells


def document_of(use: Use, now: float) -> dict[str, Any]:
    """The same as a JSON value."""
    request, deployed = use.request, use.deployed
    return {
        "namespace": use.pod.namespace,
        "pod": use.pod.name,
        "source": use.source,
        "name": use.name,
        "request": request and {**_document(request.version), "at": _instant(request.at)},
        "deployed": deployed
        and {
            **_document(deployed.version),
            "state": deployed.state,
            "at": _instant(deployed.at),
            "message": deployed.message,
        },
        "failing": failing(use.pod, now) or None,
    }


def _follow(line: Line, kubectl: Kubectl, source: str) -> NoReturn:
    """Print a line for each change, until interrupted. Raises Refused."""
    wide, everywhere = line.flag("output") == "wide", line.has("all-namespaces")
    lines = Lines(
        headers(wide=wide, with_namespace=everywhere),
        partial(row, wide=wide, with_namespace=everywhere),
        show_headers=not line.has("no-headers"),
    )

    def told(what: str, body: Json) -> None:
        if body.get("kind") == "Pod":
            for use in _of(body, source):
                lines.told(what, (use.pod.namespace, f"{use.pod.name}/{use.name}"), use)

    follow(kubectl, [("pods", *kubectl.selected)], told, everywhere=everywhere)


def _of(body: Json, source: str) -> list[Use]:
    return [use for use in uses(pod(body)) if source in ("", use.source)]


def _named(version: Version | None, *, wide: bool) -> str:
    if version is None:
        return "-"
    return version.name if wide else version.short


def _document(version: Version) -> dict[str, str]:
    return {"path": version.path, "sha256": version.sha256}


def _instant(at: float | None) -> str | None:
    return None if at is None else instants.render(at)
