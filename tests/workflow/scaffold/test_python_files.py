"""The code of a project is what the project says, whatever it says."""

from __future__ import annotations

import ast
import doctest
import importlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kubervisor.workflow
from kubervisor.errors import SpecError
from kubervisor.workflow.project.model import METRICS, Parameter, Phase, Project, Query
from kubervisor.workflow.project.reading import read_project
from kubervisor.workflow.scaffold.naming import names_of
from kubervisor.workflow.scaffold.python_files import python_files
from kubervisor.workflow.scaffold.user_files import user_files
from tests.workflow.scaffold.projects import CANARY, HOSTILE, first

TEXTS = st.text(max_size=60) | st.sampled_from(
    ['"""', "'''", "\\", "\\'", "{{ .X }}", "# x\n", "$x"]
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True)
PLURALS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
KINDS = st.sampled_from(["deployments", METRICS]) | PLURALS
PHASES = st.builds(
    Phase,
    name=NAMES,
    description=TEXTS,
    initial=st.booleans(),
    final=st.booleans(),
    inputs=st.lists(KINDS, max_size=3, unique=True).map(tuple),
    outputs=st.lists(PLURALS, max_size=3, unique=True).map(tuple),
    next=st.lists(NAMES, max_size=2).map(tuple),
    work_interval=st.none() | st.floats(0.1, 1e6),
    retries=st.none() | st.integers(0, 9),
)
PROJECTS = st.builds(
    Project,
    kind=st.from_regex(r"[A-Z][A-Za-z0-9]{0,20}", fullmatch=True),
    group=TEXTS,
    version=TEXTS,
    operator_name=st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True),
    phases=st.lists(PHASES, min_size=1, max_size=4).map(tuple),
    enable_finalizer=st.booleans(),
    parameters=st.lists(st.builds(Parameter, *[TEXTS] * 4, st.booleans()), max_size=2).map(tuple),
    queries=st.lists(
        st.builds(Query, NAMES, TEXTS, st.lists(NAMES, max_size=3).map(tuple)), max_size=3
    ).map(tuple),
)


def said_project(source: str) -> Any:
    """What the code says the project is: nothing but calls of the model, and literals."""
    (value,) = [
        one.value
        for one in ast.parse(source).body
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "PROJECT"
    ]
    called = {ast.unparse(one.func) for one in ast.walk(value) if isinstance(one, ast.Call)}
    assert called <= {f"workflow.{name}" for name in ("Project", "Phase", "Parameter", "Query")}
    return eval(ast.unparse(value), {"workflow": kubervisor.workflow})


@given(PROJECTS)
def test_code_is_refused_or_compiles_and_says_the_project(project: Project) -> None:
    try:
        names = names_of(project)
    except SpecError:
        return
    files = python_files(project, names) | user_files(project, names)
    for path, source in files.items():
        if path.endswith(".py"):
            compile(source, path, "exec", dont_inherit=True)
    assert said_project(files[f"{names.package}/operator.py"]) == project


@pytest.mark.parametrize("text", [first(), CANARY, HOSTILE])
def test_projects_of_files_are_not_refused(text: str) -> None:
    project = read_project(text)
    names = names_of(project)
    files = python_files(project, names)
    assert said_project(files[f"{names.package}/operator.py"]) == project


def test_descriptions_stand_in_nothing_but_literals() -> None:
    project = read_project(HOSTILE)
    words = "os.abort"
    for path, source in python_files(project, names_of(project)).items():
        tree = ast.parse(source)
        literals = [one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)]
        quoted = sum(str(value).count(words) for value in literals)
        assert source.count(words) == quoted, path


@pytest.mark.parametrize("module", ["naming", "source"])
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(
        importlib.import_module(f"kubervisor.workflow.scaffold.{module}")
    )
    assert (failed, tried > 0) == (0, True)
