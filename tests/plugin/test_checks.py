"""What `check` calls well, worth knowing, and wrong."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_kubervisor import checks, words
from kubectl_kubervisor.activation import templates
from kubectl_kubervisor.checks import MIND, WELL, WRONG, Finding
from kubectl_kubervisor.objects import Json
from tests.plugin.bodies import NOW, a_guard, a_lease, a_service, a_workload


def levels(found: list[Finding]) -> list[str]:
    return [one.level for one in found]


SERVERS = [
    pytest.param("1", "36", WELL, id="new"),
    pytest.param("1", "30+", WELL, id="the oldest, with a suffix"),
    pytest.param("1", "29", WRONG, id="too old"),
    pytest.param("2", "0", WELL, id="to come"),
    pytest.param("", "", WRONG, id="no answer"),
]


@pytest.mark.parametrize(("major", "minor", "level"), SERVERS)
def test_the_server(major: str, minor: str, level: str) -> None:
    version = {"serverVersion": {"major": major, "minor": minor, "gitVersion": "v"}}
    assert levels(checks.server(version)) == [level]


def a_crd(**notes: str) -> Json:
    return {"metadata": {"annotations": notes}}


DEFINITIONS = [
    pytest.param(None, WRONG, id="absent"),
    pytest.param(a_crd(**{words.SCHEMA_VERSION_KEY: str(words.SCHEMA_VERSION)}), WELL, id="ours"),
    pytest.param(a_crd(**{words.SCHEMA_VERSION_KEY: "1"}), MIND, id="older"),
    pytest.param(a_crd(**{words.SCHEMA_VERSION_KEY: "999"}), MIND, id="newer"),
    pytest.param(a_crd(), MIND, id="without a version"),
    pytest.param(a_crd(**{words.SCHEMA_VERSION_KEY: "two"}), MIND, id="with a word for one"),
]


@pytest.mark.parametrize(("definition", "level"), DEFINITIONS)
def test_the_definition(definition: Json | None, level: str) -> None:
    assert levels(checks.crd(definition)) == [level]


LEASES: list[Any] = [
    pytest.param([], [WRONG], "no controller's Lease", id="none"),
    pytest.param([a_lease()], [WELL], "renewed 1s ago", id="fresh"),
    pytest.param([a_lease(renewed=60)], [WRONG], "renewed 60s ago", id="stale"),
    pytest.param([a_lease(holder="")], [WRONG], "held by nobody", id="given up"),
    pytest.param([{"metadata": {}}], [WRONG], "held by nobody", id="empty"),
    pytest.param(
        [a_lease(notes={words.STOPPED: '["*"]'})],
        [WRONG, WELL],
        "stopped in all namespaces",
        id="fresh and stopped",
    ),
    pytest.param([a_lease(), a_lease(renewed=60)], [WELL, WRONG], "renewed", id="two"),
]


@pytest.mark.parametrize(("found", "expected", "says"), LEASES)
def test_the_controllers(found: list[Json], expected: list[str], says: str) -> None:
    told = checks.leases(found, NOW)
    assert levels(told) == expected
    assert says in told[0].what


@pytest.mark.parametrize(("bindings", "level"), [([], MIND), (None, MIND), ([{"kind": "x"}], WELL)])
def test_policies_may_be_absent(bindings: list[Json] | None, level: str) -> None:
    assert levels(checks.policies(bindings, bindings)) == [level, level]


TRAFFIC = {"matchLabels": {words.TRAFFIC: "yes"}}
SERVICES: list[Any] = [
    pytest.param(
        [a_service(app="shop")], [a_workload(labels={"app": "shop"})], [WELL], id="inactive"
    ),
    pytest.param([a_service()], [a_workload()], [WELL], id="its template carries the label"),
    pytest.param([a_service()], [a_workload(labels={"app": "shop"})], [WRONG], id="it does not"),
    pytest.param(
        [a_service()], [a_workload(match=TRAFFIC)], [WRONG], id="a workload selects on it"
    ),
]


@pytest.mark.parametrize(("services", "workloads", "expected"), SERVICES)
def test_the_services(services: list[Json], workloads: list[Json], expected: list[str]) -> None:
    found = checks.services(services, templates(workloads), lambda _: False)
    assert levels(found) == expected


def test_a_template_without_the_label_is_well_where_a_policy_labels_pods() -> None:
    workloads = templates([a_workload(labels={"app": "shop"})])
    assert levels(checks.services([a_service()], workloads, lambda name: name == "web")) == [WELL]


def test_templates_of_other_namespaces_do_not_matter() -> None:
    foreign = a_workload(labels={"app": "shop"})
    foreign["metadata"]["namespace"] = "cart"
    assert levels(checks.services([a_service()], templates([foreign]), lambda _: False)) == [WELL]


GUARDS: list[Any] = [
    pytest.param([], MIND, "no KubervisorService", id="none"),
    pytest.param([a_guard()], WELL, "1 KubervisorService Ready", id="well"),
    pytest.param(
        [a_guard(Ready=("False", "SpecInvalid", "x"))], WRONG, "SpecInvalid", id="not Ready"
    ),
    pytest.param([a_guard(), a_guard(Paused="True")], MIND, "Paused", id="one is paused"),
]


@pytest.mark.parametrize(("found", "level", "says"), GUARDS)
def test_the_kubervisorservices(found: list[Any], level: str, says: str) -> None:
    (told,) = checks.guards(found)
    assert (told.level, says in told.what) == (level, True)


def test_rights_that_lack_are_named() -> None:
    assert levels(checks.rights({"see pods": True})) == [WELL]
    (lacking,) = checks.rights({"see pods": True, "stop": False})
    assert (lacking.level, lacking.what) == (MIND, "you may not stop")
