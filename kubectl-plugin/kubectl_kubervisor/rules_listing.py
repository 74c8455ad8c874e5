"""Finds the objects of rules that a command is about, and says where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kubectl_kubervisor.errors import Refused, Stop
from kubectl_kubervisor.kubectl import APPROVALS, RULE_OBJECTS, RULES, Kubectl
from kubectl_kubervisor.rules_objects import (
    Approval,
    Rule,
    Standing,
    approval,
    rule,
    standing,
)

NOT_INSTALLED = (
    f"the server does not know AutopilotRules ({RULES}): remediation rules are not installed here"
)


@contextmanager
def installed() -> Iterator[None]:
    """Says in our words that the kinds of rules are unknown. Raises Refused."""
    try:
        yield
    except Refused as error:
        if "have a resource type" in str(error):
            raise Refused(NOT_INSTALLED) from error
        raise


def rule_named(kubectl: Kubectl, name: str) -> Rule:
    """The rule of that name. Raises Stop where there is none, Refused."""
    try:
        return rule(kubectl.get(RULES, name))
    except Refused as error:
        if not error.not_found or "resource type" in str(error):
            raise
        raise Stop(f'no AutopilotRule "{name}"; `kubectl kubervisor rules` lists them') from error


def rules(kubectl: Kubectl, *words: str) -> list[Rule]:
    """The rules by name. Raises Refused."""
    return sorted(map(rule, kubectl.items(RULES, *words)), key=lambda one: one.name)


def standings(kubectl: Kubectl, *words: str, everywhere: bool = False) -> list[Standing]:
    """Where rules stand, by rule, namespace and object. Raises Refused."""
    found = map(standing, kubectl.items(RULE_OBJECTS, *words, everywhere=everywhere))
    return sorted(found, key=lambda one: (one.rule, one.namespace, one.about, one.name))


def standings_about(kubectl: Kubectl, name: str) -> list[Standing]:
    """Where rules stand about the object of that name, or of the AutopilotRuleObject of it.

    Raises Stop where there are none, Refused.
    """
    found = [one for one in standings(kubectl) if name in (one.about, one.name)]
    if not found:
        raise Stop(
            f'no rule stands anywhere about an object "{name}" here: no rule selects it, or none '
            "has looked yet; `kubectl kubervisor rules objects -A` lists those there are"
        )
    return found


def approvals(kubectl: Kubectl, *words: str, everywhere: bool = False) -> list[Approval]:
    """What is asked for: pending first, then by namespace and name. Raises Refused."""
    found = map(approval, kubectl.items(APPROVALS, *words, everywhere=everywhere))
    return sorted(found, key=lambda one: (one.state != "pending", one.namespace, one.name))


def approval_named(kubectl: Kubectl, name: str) -> Approval:
    """The approval of that name. Raises Stop where there is none, Refused."""
    try:
        return approval(kubectl.get(APPROVALS, name))
    except Refused as error:
        if not error.not_found or "resource type" in str(error):
            raise
        raise Stop(
            f'no ActionApproval "{name}" here; `kubectl kubervisor approvals -A` lists them'
        ) from error
