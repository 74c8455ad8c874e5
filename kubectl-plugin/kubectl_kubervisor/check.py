"""`check`: is everything there, running, and as it should be. One section after another."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from kubectl_kubervisor import activation, checks, words
from kubectl_kubervisor.checks import MIND, WELL, WRONG, Finding
from kubectl_kubervisor.errors import DONE, FAILED, Refused, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import GUARDS, Kubectl, documents
from kubectl_kubervisor.leases import controllers
from kubectl_kubervisor.objects import Json, guard, mapping
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import coloured, printable, wants_colour

MARKS = {WELL: ("√", "green"), MIND: ("‼", "yellow"), WRONG: ("✗", "red")}

RIGHTS = {
    "see KubervisorServices": ("list", "kubervisor.k8s.io", "kubervisorservices"),
    "see pods": ("list", "", "pods"),
    "see Events": ("list", "", "events"),
    "eject and return pods (patch pods)": ("patch", "", "pods"),
    "pause and resume (patch kubervisorservices)": (
        "patch",
        "kubervisor.k8s.io",
        "kubervisorservices",
    ),
    "enable and disable Services (patch services)": ("patch", "", "services"),
}
"""What the commands need, as people say it: verb, API group, resource."""

STOPPING = "stop and start controllers (patch leases)"


def run(line: Line) -> int:
    """Print the findings; 1 where one is wrong."""
    form = line.flag("output") or "table"
    if form not in ("table", "json"):
        raise UsageError(f'unknown output "{form}": table or json')
    sections = _Check(Kubectl(line), everywhere=line.has("all-namespaces")).sections()
    if form == "json":
        say(json.dumps({title: [one._asdict() for one in found] for title, found in sections}))
    else:
        for title, found in sections:
            _print(title, found)
    wrong = sum(one.level == WRONG for _, found in sections for one in found)
    if form == "table":
        say(f"{wrong} to put right" if wrong else "Status: all is well")
    return FAILED if wrong else DONE


class _Check:
    """Gathers what the sections need; what cannot be read is a finding itself."""

    def __init__(self, kubectl: Kubectl, *, everywhere: bool) -> None:
        self._kubectl, self._everywhere = kubectl, everywhere

    def sections(self) -> list[tuple[str, list[Finding]]]:
        """Title and findings, in the order in which things need one another."""
        reached = self._server()
        if any(one.level == WRONG for one in reached):
            return [("server", reached)]
        return [
            ("server", reached),
            ("definition", self._definition()),
            ("controllers", self._controllers()),
            ("admission policies", self._policies()),
            ("services", self._services()),
            ("kubervisorservices", self._guards()),
            ("your rights", self._rights()),
        ]

    def _server(self) -> list[Finding]:
        try:
            return checks.server(json.loads(self._kubectl.run("version", "--output=json")))
        except Refused as error:
            return [Finding(WRONG, "the API server does not answer", str(error))]

    def _definition(self) -> list[Finding]:
        try:
            return checks.crd(self._kubectl.get("customresourcedefinition", words.CRD))
        except Refused as error:
            return checks.crd(None) if error.not_found else [_unreadable("the CRD", error)]

    def _controllers(self) -> list[Finding]:
        everywhere = not self._kubectl.scope
        try:
            found = self._kubectl.items("leases", everywhere=everywhere)
        except Refused as error:
            return [_unreadable("Leases", error)]
        held = controllers(found)
        if not held and not everywhere:
            return [Finding(MIND, "no controller's Lease in this namespace", "leave -n out")]
        return checks.leases(held, time.time())

    def _policies(self) -> list[Finding]:
        return checks.policies(
            self._bound("validatingadmissionpolicybindings"),
            self._bound("mutatingadmissionpolicybindings"),
        )

    def _services(self) -> list[Finding]:
        try:
            services = self._items("services")
            workloads = activation.templates(self._items(activation.WORKLOADS))
        except Refused as error:
            return [_unreadable("Services and workloads", error)]
        policies = self._bound(activation.POLICIES) or []
        return checks.services(
            services, workloads, lambda namespace: activation.labels_new_pods(policies, namespace)
        )

    def _guards(self) -> list[Finding]:
        try:
            return checks.guards([guard(body) for body in self._items(GUARDS)])
        except Refused as error:
            return [_unreadable("KubervisorServices", error)]

    def _rights(self) -> list[Finding]:
        namespace = self._kubectl.scope[0].partition("=")[2] if self._kubectl.scope else ""
        if not namespace and not self._everywhere:
            namespace = self._kubectl.current_namespace()
        asked = dict.fromkeys(RIGHTS, namespace)
        reviews = [_review(*RIGHTS[what], where) for what, where in asked.items()]
        reviews.append(_review("patch", "coordination.k8s.io", "leases", namespace))
        body = {"apiVersion": "v1", "kind": "List", "items": reviews}
        flags = ("--filename=-", "--output=json")
        try:
            answered = self._kubectl.run("create", *flags, stdin=json.dumps(body))
        except Refused as error:
            return [_unreadable("your rights", error)]
        allowed = [
            mapping(review.get("status")).get("allowed") is True
            for review, _ in documents(answered)
        ]
        return checks.rights(dict(zip((*RIGHTS, STOPPING), allowed, strict=False)))

    def _items(self, kind: str) -> list[Json]:
        return self._kubectl.items(kind, everywhere=self._everywhere)

    def _bound(self, kind: str) -> list[Json] | None:
        """The chart's bindings of a kind; none where the server has no such kind, None where they
        cannot be read.
        """
        try:
            return self._kubectl.items(kind, f"--selector={activation.CHART}")
        except Refused as error:
            return [] if error.not_found else None


def _review(verb: str, group: str, resource: str, namespace: str) -> Json:
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {
            "resourceAttributes": {
                "verb": verb,
                "group": group,
                "resource": resource,
                "namespace": namespace,
            }
        },
    }


def _unreadable(what: str, error: Refused) -> Finding:
    return Finding(MIND if error.forbidden else WRONG, f"{what} cannot be read", str(error))


def _print(title: str, found: Sequence[Finding]) -> None:
    colour = wants_colour()
    say(coloured(title, "bold", colour))
    say("-" * len(title))
    for one in found:
        mark, shade = MARKS[one.level]
        say(f"{coloured(mark, shade, colour)} {printable(one.what)}")
        if one.hint:
            say(f"    {printable(one.hint)}")
    say()
