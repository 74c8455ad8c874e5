"""The forms of an answer: our tables, or kubectl's own documents."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_kubervisor.errors import UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import printable_document

FORMS = ("table", "wide", "json", "yaml", "name")


def wanted(line: Line) -> str:
    """The form that `-o` asks for. Raises UsageError."""
    form = line.flag("output") or "table"
    if form not in FORMS:
        raise UsageError(f'unknown output "{form}": one of {", ".join(FORMS)}')
    return form


def passed_through(
    kubectl: Kubectl, words: Sequence[str], form: str, *, everywhere: bool = False
) -> None:
    """Print the objects themselves, as kubectl does. Raises Refused."""
    scope = ["--all-namespaces"] if everywhere else kubectl.scope
    document = kubectl.run("get", *words, *scope, f"--output={form}")
    if document:
        say(printable_document(document).rstrip("\n"))


def dry_run_of(line: Line) -> tuple[str, str]:
    """The value of --dry-run for kubectl, and what to add to a sentence. Raises UsageError."""
    value = line.flag("dry-run")
    if value not in ("", "none", "client", "server"):
        raise UsageError(f'invalid --dry-run "{value}": server, client or none')
    if value in ("", "none"):
        return "", ""
    return value, f" ({value} dry run)"
