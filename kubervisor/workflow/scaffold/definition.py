"""The definition of a project's kind, of the models in its `spec.py`.

That file is the user's code: it runs in a process of its own, this module as a program.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from pydantic import BaseModel

from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.crd import definition
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.reading import read_project
from kubervisor.workflow.scaffold.naming import names_of

SECONDS = 60.0
"""After which importing the models has failed."""

REFUSED = 65
"""The exit code of this module as a program where the models are refused with a sentence."""


def definition_of(root: Path, project_text: str) -> Json:
    """The CustomResourceDefinition of the project in `root`.

    Raises SpecError where its models cannot be imported, or cannot be a definition.
    """
    try:
        ran = subprocess.run(
            [sys.executable, "-m", __name__],
            check=False,
            cwd=root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            input=project_text,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise SpecError(f"{root}: the models were not imported within {SECONDS:g} s") from None
    if ran.returncode == REFUSED:
        raise SpecError(ran.stderr.strip())
    try:
        made: Json = json.loads(ran.stdout)
    except ValueError:
        said = ran.stderr.strip().rpartition("\n")[2] or f"exit code {ran.returncode}"
        file = f"{names_of(read_project(project_text)).package}/spec.py"
        raise SpecError(f"{file}: importing it ended Python ({said})") from None
    return made


def _defined(project_text: str) -> Json:
    """Raises SpecError in the words of a person who wrote the models."""
    project = read_project(project_text)
    names = names_of(project)
    file = f"{names.package}/spec.py"
    try:
        module = importlib.import_module(f"{names.package}.spec")
    except (Exception, SystemExit) as error:
        raise SpecError(f"{file}: {type(error).__name__}: {error}") from error
    spec, status = (_model(module, name, file) for name in (names.spec, names.status))
    try:
        return definition(project, spec, status)
    except SpecError as error:
        raise SpecError(f"{file}: {error}") from error


def _model(module: ModuleType, name: str, file: str) -> type[BaseModel]:
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return found
    raise SpecError(f"{file}: has no pydantic model {name}, which the kind of the project asks for")


def _main() -> None:
    # Whatever the user's code prints, by whatever means, is not the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    try:
        with answer:
            json.dump(_defined(sys.stdin.read()), answer)
    except SpecError as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(REFUSED)


if __name__ == "__main__":
    _main()
