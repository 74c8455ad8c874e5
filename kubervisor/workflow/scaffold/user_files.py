"""The files of a project that are made once: from then on they are the user's."""

from __future__ import annotations

from importlib.resources import files
from string import Template

import yaml

import kubervisor
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scaffold.naming import Names, PhaseNames
from kubervisor.workflow.scaffold.python_files import LIBRARY
from kubervisor.workflow.scaffold.source import Call, Name, module, signature, statement

TESTING = f"{LIBRARY}.testing"
_TEXTS = {
    ".gitignore": "gitignore",
    "Makefile": "Makefile",
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
}
"""Texts by their paths in the project, and the templates they are made of."""


def user_files(project: Project, names: Names) -> dict[str, str]:
    """Texts by their paths in the project."""
    package = names.package
    python = {
        f"{package}/spec.py": spec_file(names),
        **{f"{package}/workers/{one.module}.py": _worker(names, one) for one in names.working},
        "tests/test_workers.py": _tests(project, names),
    }
    if project.enable_finalizer:
        python[f"{package}/finalizer.py"] = _finalizer(names)
    values = {
        "api_version": f"{project.group}/{project.version}",
        "kind": names.kind,
        "operator": project.operator_name,
        "package": package,
        "plural": project.plural,
        "version": kubervisor.__version__,
    }
    texts = {path: _template(name).substitute(values) for path, name in _TEXTS.items()}
    example = {
        "apiVersion": f"{project.group}/{project.version}",
        "kind": project.kind,
        "metadata": {"name": "example"},
        "spec": {},
    }
    return python | texts | {"example.yaml": yaml.safe_dump(example, sort_keys=False)}


def _template(name: str) -> Template:
    folder = files("kubervisor.workflow.scaffold") / "templates"
    return Template((folder / f"{name}.tmpl").read_text("utf-8"))


def spec_file(names: Names) -> str:
    """The models of what is asked for and of what workers remember."""
    return _template("spec.py").substitute(kind=names.kind, spec=names.spec, status=names.status)


def _worker(names: Names, one: PhaseNames) -> str:
    """It stays in its phase: nothing happens until somebody writes it."""
    phase = Name(f"Phase.{one.member}")
    doc = "Return what shall be, and the phase that follows; to stay, return this one."
    return module(
        f"{one.phase.name}: what is done in this phase.",
        {
            LIBRARY: ["Outcome"],
            f"{names.package}.phases": [names.kind, one.inputs, "Phase"],
            f"{names.package}.spec": [names.status],
        },
        names.package,
        _function(names, "sync", one.inputs, f"Outcome[{names.status}]", doc)
        + statement("    return ", Call("Outcome", [("", phase), ("message", "not written yet")])),
    )


def _finalizer(names: Names) -> str:
    """It lets the resource go."""
    doc = "Put back what others' objects had; called until it returns that it is done."
    return module(
        f"What is done before a {names.kind} goes.",
        {LIBRARY: ["Finalized"], f"{names.package}.phases": [names.kind, "FinalizerInputs"]},
        names.package,
        _function(names, "finalize", "FinalizerInputs", "Finalized", doc)
        + "    return Finalized()\n",
    )


def _function(names: Names, name: str, inputs: str, returns: str, doc: str) -> str:
    arguments = [f"{names.variable}: {names.kind}", f"inputs: {inputs}"]
    return signature(name, arguments, returns) + f'    """{doc}"""\n'


def _tests(project: Project, names: Names) -> str:
    """They pass with the workers as they are made, and are the pattern for the user's."""
    given = [one.inputs for one in names.working]
    tests = [_test(one) for one in names.working]
    if project.enable_finalizer:
        given.append("FinalizerInputs")
        tests.append(
            "def test_the_finalizer_lets_go() -> None:\n"
            "    assert finalizer.finalize(a_resource(OPERATOR), given(FinalizerInputs)).done\n"
        )
    package = names.package
    return module(
        "What the workers do with what they are given; no cluster is needed.",
        {
            TESTING: ["a_resource", "given"],
            package: ["finalizer"] if project.enable_finalizer else [],
            f"{package}.operator": ["OPERATOR"],
            f"{package}.phases": [*given, "Phase"],
            f"{package}.workers": [one.module for one in names.working],
        },
        package,
        "\n\n".join(tests),
    )


def _test(one: PhaseNames) -> str:
    phase = Name(f"Phase.{one.member}")
    given = Call("given", [("", Name(one.inputs))])
    return (
        f"def test_{one.module.rstrip('_')}_stays_until_it_is_written() -> None:\n"
        + statement("    resource = ", Call("a_resource", [("", Name("OPERATOR")), ("", phase)]))
        + statement(
            "    outcome = ", Call(f"{one.module}.sync", [("", Name("resource")), ("", given)])
        )
        + f"    assert outcome.next == {phase.text}\n"
    )
