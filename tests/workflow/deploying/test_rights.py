from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.workflow import Json, Parameter, Phase, Project
from kubervisor.workflow.deploying.rights import lease_rules, rules, viewer_rules
from kubervisor.workflow.project.parameters import BUILT_IN
from tests.workflow.deploying.projects import project

KINDS = sorted(name for name in BUILT_IN if name != "metrics")
READ, WRITE = {"list", "watch"}, {"get", "create", "patch", "delete"}
OWN = "canarydeployments"


def verbs_of(granted: list[Json]) -> dict[tuple[str, str], set[str]]:
    """The verbs of each group and resource."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for rule in granted:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                found[group, resource] |= set(rule["verbs"])
    return dict(found)


def test_inputs_are_read_and_outputs_written_too() -> None:
    assert verbs_of(rules(project())) == {
        ("", "pods"): READ,
        ("", "services"): READ | WRITE,
        ("apps", "deployments"): READ | WRITE,
        ("tests.example.io", OWN): READ | {"patch"},
        ("tests.example.io", f"{OWN}/status"): {"patch"},
        ("events.k8s.io", "events"): {"create", "patch"},
    }


@pytest.mark.parametrize("more", ["", "enableFinalizer: true\n"])
def test_a_finalizer_of_an_earlier_state_of_the_project_can_be_taken_off(more: str) -> None:
    assert verbs_of(rules(project(more=more)))["tests.example.io", OWN] == READ | {"patch"}


def test_the_lease_is_one_by_name() -> None:
    named, unnamed = lease_rules("canary-operator")
    assert (named["resourceNames"], named["verbs"]) == (["canary-operator"], ["get", "patch"])
    assert unnamed["verbs"] == ["create"]


def test_who_looks_at_workflows_may_read_resources_and_nothing_else() -> None:
    assert verbs_of(viewer_rules(project())) == {("tests.example.io", OWN): READ | {"get"}}


kinds = st.lists(st.sampled_from(KINDS), max_size=4, unique=True).map(tuple)
phases = st.builds(
    Phase,
    name=st.sampled_from("ABCDEFGH"),
    inputs=kinds.flatmap(lambda some: st.sampled_from([some, (*some, "metrics")])),
    outputs=kinds,
)


@given(st.lists(phases, min_size=1, max_size=5), st.booleans())
def test_whatever_the_phases_name_no_verb_is_granted_that_they_do_not_need(
    named: list[Phase], finalizer: bool
) -> None:
    inputs = {name for one in named for name in one.inputs} - {"metrics"}
    outputs = {name for one in named for name in one.outputs}
    parameters = tuple(BUILT_IN[name] for name in sorted(inputs | outputs))
    of = Project("Own", "a.example.io", "v1", "own", tuple(named), finalizer, parameters)
    granted = verbs_of(rules(of))
    own = {("a.example.io", "owns"), ("a.example.io", "owns/status"), ("events.k8s.io", "events")}
    assert granted.keys() - own == {(one.group, one.lower_name) for one in parameters}
    for one in parameters:
        wanted = READ | WRITE if one.lower_name in outputs else READ
        assert granted[one.group, one.lower_name] == wanted
    assert not any("*" in verbs for verbs in granted.values())
    assert not any("*" in name for pair in granted for name in pair)


@pytest.mark.parametrize(
    ("phase", "wanted"),
    [
        (Phase("A", inputs=("gates",)), READ),
        (Phase("A", outputs=("gates",)), READ | WRITE),
    ],
    ids=["input", "output"],
)
def test_a_kind_of_the_users_own_is_granted_in_its_group(phase: Phase, wanted: set[str]) -> None:
    gate = Parameter("gates", "Gate", "x.example.io", "v1")
    of = Project("Own", "a.example.io", "v1", "own", (phase,), parameters=(gate,))
    assert verbs_of(rules(of))["x.example.io", "gates"] == wanted
