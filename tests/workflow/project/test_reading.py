"""From project files to projects: what is read, and all that is wrong, each with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubervisor.workflow.project.model import Parameter, Phase, Query
from kubervisor.workflow.project.parameters import BUILT_IN
from kubervisor.workflow.project.problems import Problem, ProjectError
from kubervisor.workflow.project.queries import BUILT_IN_QUERIES
from kubervisor.workflow.project.reading import read_project
from tests.workflow.project.files import CANARY, HEAD, with_more, with_phases

EXAMPLES = Path(__file__).parents[3] / "examples" / "workflows"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ProjectError) as caught:
        read_project(text)
    return caught.value.problems


def problem(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def test_a_file_of_the_original_is_read_as_it_is() -> None:
    project = read_project(CANARY)

    assert (project.kind, project.group, project.version) == (
        "CanaryDeployment",
        "autopilot.examples.io",
        "v1",
    )
    assert project.operator_name == "canary-operator"
    assert not project.enable_finalizer
    assert project.initial == Phase(
        "Initializing",
        description="Set up what a canary needs",
        initial=True,
        inputs=("deployments",),
        outputs=("deployments", "services", "virtualservices"),
    )
    assert [one.name for one in project.phases] == ["Initializing", "Waiting", "Evaluating", "Done"]
    assert project.phases[3].final


def test_a_project_has_the_kinds_that_its_phases_name_in_their_order() -> None:
    names = [one.lower_name for one in read_project(CANARY).parameters]

    assert names == ["deployments", "services", "virtualservices"]
    assert read_project(CANARY).parameter("services") == BUILT_IN["services"]


def test_queries_are_there_where_a_phase_can_ask() -> None:
    assert read_project(CANARY).queries == tuple(BUILT_IN_QUERIES.values())
    assert read_project(with_phases("- {name: A, initial: true}")).queries == ()


def test_what_the_original_did_not_have_is_read_too() -> None:
    text = """
    - name: Waiting
      initial: true
      next: [Evaluating]
      workInterval: 1m30s
    - name: Evaluating
      next: [Waiting, Failed]
      timeout: 10m
      onTimeout: Failed
      retries: 5
      onFailure: Failed
    - {name: Failed, final: true}
    """
    waiting, evaluating, _ = read_project(with_phases(text)).phases

    assert (waiting.next, waiting.work_interval) == (("Evaluating",), 90.0)
    assert (evaluating.timeout, evaluating.on_timeout) == (600.0, "Failed")
    assert (evaluating.retries, evaluating.on_failure) == (5, "Failed")


def test_a_null_is_as_if_the_field_were_not_there() -> None:
    text = HEAD + "phases: [{name: A, initial: true, inputs: null, timeout: ~}]\nqueries:\n"
    assert read_project(text).phases == (Phase("A", initial=True),)


def test_other_kinds_are_declared_by_what_they_are() -> None:
    text = """\
    - name: A
      initial: true
      outputs: [ingresses, knativeservices]
    customParameters:
    - lowerName: ingresses
      singleName: Ingress
      pluralName: Ingresses
      importPrefix: netv1
      package: k8s.io/api/networking/v1
      apiGroup: networking.k8s.io
    - lowerName: knativeservices
      singleName: Service
      apiGroup: serving.knative.dev
      version: v1beta1
      isCrd: true
    """
    assert read_project(with_phases(text)).parameters == (
        Parameter("ingresses", "Ingress", "networking.k8s.io", "v1"),
        Parameter("knativeservices", "Service", "serving.knative.dev", "v1beta1"),
    )


def test_kinds_that_the_original_did_not_know_may_be_declared_as_it_wanted() -> None:
    text = """\
    - {name: A, initial: true, inputs: [statefulsets]}
    customParameters:
    - {lowerName: statefulsets, singleName: StatefulSet, package: k8s.io/api/apps/v1beta2,
       apiGroup: apps}
    """
    (kind,) = read_project(with_phases(text)).parameters
    assert kind.api_version == "apps/v1beta2"


def test_a_query_is_asked_beside_those_that_are_built_in() -> None:
    text = """\
    queries:
    - name: error-rate
      queryTemplate: rate(errors{pod="{{ .Pod }}"}[{{.Interval}}])
      parameters: [Pod, Interval]
    """
    own = read_project(with_more(text)).queries[-1]
    assert own == Query(
        "error-rate", 'rate(errors{pod="{{ .Pod }}"}[{{.Interval}}])', ("Pod", "Interval")
    )


def test_all_problems_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = """\
apiVersion: v1
kind: canary
phases:
- name: A
  initail: true
- name: B
  final: true
  outputs: [metrics]
"""
    with pytest.raises(ProjectError) as caught:
        read_project(text, file="here/autopilot.yaml")

    assert str(caught.value).replace("here/autopilot.yaml", "") == (
        ":1: apiVersion must be GROUP/VERSION with a domain for the group, such as examples.io/v1; "
        "is `v1`\n"
        ":1: operatorName must be given, such as canary-operator\n"
        ":2: kind must be letters and digits, at most 59, a capital first; is `canary`\n"
        ":3: no phase is the initial one; write `initial: true` at one\n"
        ":5: phase `A`: there is no field `initail`; did you mean initial?\n"
        ":8: phase `B`: is final, so nothing is done in it; leave outputs out\n"
        ":8: phase `B`: outputs: `metrics` is not a valid output: it is only read"
    )


HEADS = [
    pytest.param("apiVersion", "examples.io", "GROUP/VERSION", id="no version"),
    pytest.param("apiVersion", "examples/v1", "GROUP/VERSION", id="no domain"),
    pytest.param("apiVersion", "examples.io/1", "GROUP/VERSION", id="no version's name"),
    pytest.param("apiVersion", "a.k8s.io/v1", "kept for the Kubernetes project", id="protected"),
    pytest.param("apiVersion", "[a]", "must be a text, is a list", id="a list"),
    pytest.param("apiVersion", "1", "must be a text, is a number", id="a number"),
    pytest.param("kind", "None", "word of Python", id="a kind that is a word of Python"),
    pytest.param("kind", "Canary-Deployment", "letters and digits", id="a kind with a dash"),
    pytest.param("kind", "K" * 60, "at most 59", id="a kind whose list has too long a name"),
    pytest.param("kind", "Ex\u00e4mple", "letters and digits", id="a kind beyond ASCII"),
    pytest.param("operatorName", "Canary", "lower-case letters", id="capitals"),
    pytest.param("operatorName", "a.b", "lower-case letters", id="a dot"),
    pytest.param("operatorName", "1a", "a letter first", id="a digit first"),
    pytest.param("operatorName", "operator", "would hide another", id="of the standard library"),
    pytest.param("operatorName", "kubervisor", "would hide another", id="this package"),
    pytest.param("operatorName", "tests", "would hide another", id="the folder of tests"),
    pytest.param("operatorName", "mypy", "would hide another", id="what `make test` runs"),
    pytest.param("operatorName", "sitecustomize", "would hide another", id="what Python runs"),
    pytest.param("operatorName", "import", "word of Python", id="a word of Python"),
    pytest.param("operatorName", "x'); import os", "lower-case letters", id="code"),
    pytest.param("enableFinalizer", '"yes"', "must be true or false, is a text", id="no flag"),
]


@pytest.mark.parametrize(("field", "value", "said"), HEADS)
def test_the_head_of_a_project_is_checked(field: str, value: str, said: str) -> None:
    fields = {
        "apiVersion": "examples.io/v1",
        "kind": "Example",
        "operatorName": "example-operator",
        "enableFinalizer": "false",
    } | {field: value}
    lines = [f"{name}: {written}" for name, written in fields.items()]
    found = problems("\n".join([*lines, "phases: [{name: A, initial: true}]"]))

    assert {one.line for one in found} == {[*fields].index(field) + 1}
    assert any(said in one.text for one in found), found


PHASES = [
    pytest.param("- {initial: true}", 5, "name must be given", id="no name"),
    pytest.param("- {name: 'a b', initial: true}", 5, "letters, digits and `_`", id="a space"),
    pytest.param("- {name: Import, initial: true}", 5, "word of Python", id="a word of Python"),
    pytest.param("- {name: yes, initial: true}", 5, "write it in quotes", id="YAML's yes"),
    pytest.param("- text", 5, "phases: must have mappings, has a text", id="no mapping"),
    pytest.param(
        "- {name: A, initial: true}\n- {name: A}", 6, "such a phase already, in line 5", id="twice"
    ),
    pytest.param(
        "- {name: RollBack, initial: true}\n- {name: Roll_back}",
        6,
        "is too much like RollBack",
        id="one file",
    ),
    pytest.param(
        "- name: A\n  initial: true\n- name: B\n  initial: true",
        8,
        "phase `A` is the initial one already",
        id="two initial ones",
    ),
    pytest.param("- {name: A, initial: true, final: true}", 5, "initial and final", id="both"),
    pytest.param(
        "- {name: A, initial: true}\n- {name: B, final: true, next: [A]}",
        6,
        "leave next out",
        id="final, and next",
    ),
    pytest.param(
        "- name: A\n  initial: true\n  inputs:\n  - pods\n  - secrets",
        9,
        "inputs: `secrets` is no kind that is known: declare it under customParameters",
        id="an unknown input",
    ),
    pytest.param(
        "- {name: A, initial: true, inputs: [pod]}", 5, "did you mean pods?", id="a singular"
    ),
    pytest.param(
        "- name: A\n  initial: true\n  outputs:\n  - pods\n  - metrics",
        9,
        "`metrics` is not a valid output",
        id="metrics are read",
    ),
    pytest.param(
        "- name: A\n  initial: true\n  inputs:\n  - pods\n  - pods",
        9,
        "inputs: `pods` is written twice",
        id="an input twice",
    ),
    pytest.param("- {name: A, initial: true, inputs: pods}", 5, "must be a list", id="no list"),
    pytest.param("- {name: A, initial: true, inputs: [1]}", 5, "must have texts", id="no texts"),
    pytest.param(
        "- {name: A, initial: true, next: [B]}", 5, "next: `B` is no phase; phases are A", id="next"
    ),
    pytest.param("- {name: A, initial: true, timeout: 5m}", 5, "needs onTimeout", id="timeout"),
    pytest.param("- {name: A, initial: true, retries: 5}", 5, "needs onFailure", id="retries"),
    pytest.param(
        "- {name: A, initial: true}\n- {name: B, onTimeout: A}",
        6,
        "without timeout",
        id="onTimeout",
    ),
    pytest.param(
        "- {name: A, initial: true, timeout: 5m, onTimeout: A}", 5, "another phase", id="itself"
    ),
    pytest.param(
        "- {name: A, initial: true, retries: 5, onFailure: B}", 5, "`B` is no phase", id="onFailure"
    ),
    pytest.param(
        "- {name: A, initial: true}\n- {name: B, retries: -1, onFailure: A}",
        6,
        "from 0 to 1000",
        id="a negative number",
    ),
    pytest.param("- {name: A, initial: true, workInterval: 5}", 5, "a duration", id="no unit"),
    pytest.param("- {name: A, initial: true, workInterval: 1ms}", 5, "at least", id="too often"),
    pytest.param("[]", 4, "phases must be given", id="none"),
]


@pytest.mark.parametrize(("phases", "line", "said"), PHASES)
def test_a_phase_that_cannot_be_followed_is_told(phases: str, line: int, said: str) -> None:
    found = problems(with_phases(phases) if phases != "[]" else f"{HEAD}phases: []")

    assert line in {one.line for one in found if said in one.text}, found


KINDS = [
    pytest.param("{singleName: A, version: v1}", "lowerName must be given", id="no name"),
    pytest.param("{lowerName: a-s, singleName: A, version: v1}", "letters and digits", id="a dash"),
    pytest.param("{lowerName: class, singleName: A, version: v1}", "word of Python", id="a word"),
    pytest.param("{lowerName: said, singleName: A, version: v1}", "something else", id="a method"),
    pytest.param("{lowerName: pods, singleName: Pod, version: v1}", "is built in", id="built in"),
    pytest.param("{lowerName: metrics, singleName: M, version: v1}", "is built in", id="metrics"),
    pytest.param("{lowerName: things, version: v1}", "singleName must be given", id="no kind"),
    pytest.param("{lowerName: a, singleName: a b, version: v1}", "must be the kind", id="kind"),
    pytest.param("{lowerName: a, singleName: A}", "version must be given", id="no version"),
    pytest.param(
        "{lowerName: a, singleName: A, package: k8s.io/api/core}", "version must be", id="package"
    ),
    pytest.param(
        "{lowerName: a, singleName: A, version: v1, apiGroup: a/v1}", "the group alone", id="group"
    ),
]


@pytest.mark.parametrize(("kind", "said"), KINDS)
def test_a_kind_that_cannot_be_one_is_told(kind: str, said: str) -> None:
    found = problem(with_more(f"customParameters:\n- {kind}\n"))

    assert found.line == 7
    assert said in found.text


def test_a_kind_that_is_declared_twice_is_told() -> None:
    kind = "- {lowerName: things, singleName: Thing, version: v1}\n"
    found = problem(with_more(f"customParameters:\n{kind}{kind}"))

    assert (found.line, found.text) == (8, "parameter `things`: things is declared twice")


def test_workers_do_not_write_the_kind_of_the_workflow() -> None:
    text = """\
    - {name: A, initial: true, inputs: [examples], outputs: [examples]}
    customParameters:
    - {lowerName: examples, singleName: Example, apiGroup: examples.io, version: v1}
    """
    assert "is the kind of the workflow itself" in problem(with_phases(text)).text


def test_a_cluster_scoped_output_needs_the_finalizer_that_deletes_it() -> None:
    text = """\
    - {name: A, initial: true, outputs: [namespaces]}
    customParameters:
    - {lowerName: namespaces, singleName: Namespace, version: v1, namespaced: false}
    """
    found = problem(with_phases(text))

    assert found.line == 5
    assert "enableFinalizer: true" in found.text
    (kind,) = read_project(with_phases(f"{text}enableFinalizer: true\n")).parameters
    assert not kind.namespaced


QUERIES = [
    pytest.param("{queryTemplate: a}", "name must be given", id="no name"),
    pytest.param("{name: a b, queryTemplate: a}", "letters, digits", id="a space"),
    pytest.param("{name: lambda, queryTemplate: a}", "word of Python", id="a word of Python"),
    pytest.param(
        "{name: istio_success-rate, queryTemplate: a}", "is built in", id="one that is built in"
    ),
    pytest.param("{name: a}", "queryTemplate must be given", id="no template"),
    pytest.param("{name: a, queryTemplate: 'a{{ .B }}'}", "none of the parameters", id="no such"),
    pytest.param("{name: a, queryTemplate: 'a{{ B }}'}", "begins no place", id="no place"),
    pytest.param('{name: a, queryTemplate: "a{b=\'c}"}', "is not closed", id="an open quote"),
    pytest.param("{name: a, queryTemplate: a, parameters: [A-B]}", "letters, digits", id="a dash"),
    pytest.param("{name: a, queryTemplate: a, parameters: [From]}", "word of Python", id="a word"),
    pytest.param("{name: a, queryTemplate: a, parameters: [metrics]}", "something else", id="own"),
    pytest.param("{name: a, queryTemplate: a, parameters: [Ab, a_b]}", "alike", id="alike"),
]


@pytest.mark.parametrize(("query", "said"), QUERIES)
def test_a_query_that_cannot_be_asked_is_told(query: str, said: str) -> None:
    found = problem(with_more(f"queries:\n- {query}\n"))

    assert found.line == 7
    assert said in found.text


def test_two_queries_are_not_one_function() -> None:
    text = "queries:\n- {name: a-b, queryTemplate: a}\n- {name: a_b, queryTemplate: a}\n"
    found = problem(with_more(text))

    assert (found.line, found.text) == (
        8,
        "query `a_b`: `a-b` is another query; choose another name",
    )


def test_a_problem_in_a_template_is_told_with_the_line_in_the_file() -> None:
    text = """\
    queries:
    - name: a
      parameters: [Pod]
      queryTemplate: |
        sum(
          rate(a{pod="{{ .Pod }}"}[1m]),
          rate(a{pod="{{ .Pots }}"}[1m])
        )
    """
    found = problem(with_more(text))

    assert (found.line, found.text) == (
        12,
        "query `a`: queryTemplate has a place for Pots, which is none of the parameters",
    )


def test_names_cannot_make_a_message_look_like_another() -> None:
    text = with_phases('- {name: "A\\n\\u202eautopilot.yaml:1: fine", initial: true}')
    with pytest.raises(ProjectError) as caught:
        read_project(text)

    assert len(str(caught.value).splitlines()) == 1
    assert "\u202e" not in str(caught.value)


def test_the_message_ends_where_a_person_has_read_enough() -> None:
    text = HEAD + "".join(f"unknown{n}: 1\n" for n in range(1000))
    with pytest.raises(ProjectError) as caught:
        read_project(text)

    assert len(caught.value.problems) == 1001
    assert str(caught.value).splitlines()[-1] == "autopilot.yaml: and 951 more problems"


@pytest.mark.parametrize(
    "path",
    sorted(EXAMPLES.glob("*/autopilot.yaml")),
    ids=lambda path: path.parent.name,
)
def test_the_projects_of_the_examples_are_valid(path: Path) -> None:
    assert read_project(path.read_text()).phases
