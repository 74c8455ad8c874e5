"""`status [NAME]`: how KubervisorServices stand."""

from __future__ import annotations

import time

from kubectl_kubervisor import standing, table
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.columns import table_of
from kubectl_kubervisor.errors import DONE, FAILED, Refused, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import GUARDS, Kubectl
from kubectl_kubervisor.objects import Guard, guard
from kubectl_kubervisor.output import passed_through, wanted
from kubectl_kubervisor.say import say, tell, warn
from kubectl_kubervisor.text import printable, wants_colour

NOT_INSTALLED = "the server does not know KubervisorServices; `kubectl kubervisor check` says more"


def run(line: Line) -> int:
    """Print the table, or all about one; 1 where the one that was named is not Ready."""
    name = name_of(line)
    if line.flag("timeout") and not line.has("watch"):
        raise UsageError("--timeout needs --watch")
    if line.has("watch"):
        from kubectl_kubervisor.watching import follow  # noqa: PLC0415 - only for --watch

        return follow(line, name)
    kubectl, form = Kubectl(line), wanted(line)
    try:
        if form in ("json", "yaml", "name"):
            words = [GUARDS, *([name] if name else []), *kubectl.selected]
            passed_through(kubectl, words, form, everywhere=line.has("all-namespaces"))
            return DONE
        acting = Acting(kubectl)
        try:
            return _one(line, kubectl, name) if name else _all(line, kubectl)
        finally:
            acting.warn(line.flag("namespace"))
    except Refused as error:
        if "have a resource type" in str(error):
            raise Refused(NOT_INSTALLED) from error
        raise


def name_of(line: Line) -> str:
    """The NAME, also by the original's flag. Raises UsageError where it has two, or -A and one."""
    named = [*line.words[1:], *([line.flag("ks")] if line.flag("ks") else [])]
    if len(named) > 1:
        raise UsageError("name one KubervisorService, either as NAME or with -k")
    if named and line.has("all-namespaces"):
        raise UsageError("a NAME is in one namespace: leave --all-namespaces out")
    if named and line.flag("selector"):
        raise UsageError("name one KubervisorService or select with -l, not both")
    return named[0] if named else ""


def _all(line: Line, kubectl: Kubectl) -> int:
    everywhere = line.has("all-namespaces")
    found = [guard(b) for b in kubectl.items(GUARDS, *kubectl.selected, everywhere=everywhere)]
    if not found:
        where = f" in {line.flag('namespace')} namespace" if line.flag("namespace") else ""
        warn(f"No resources found{printable(where)}.")
        return DONE
    say(table_of(found, standing, line))
    return DONE


def _one(line: Line, kubectl: Kubectl, name: str) -> int:
    found = guard(kubectl.get(GUARDS, name))
    if wanted(line) == "wide" or line.has("no-headers"):
        say(table_of([found], standing, line))
    else:
        _describe(found)
    return DONE if found.ready else FAILED


def _describe(found: Guard) -> None:
    now, colour = time.time(), wants_colour()
    tell(standing.details(found, now))
    if recent := standing.recent_rows(found, now):
        say()
        say(table.render(("AGO", "ACTION", "POD", "BREAKER", "WHY"), recent, colour=colour))
