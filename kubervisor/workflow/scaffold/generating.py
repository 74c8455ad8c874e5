"""From a project's folder to what is written into it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.manifests import MARK
from kubervisor.workflow.deploying.manifests import files as deploying_files
from kubervisor.workflow.objects import Json
from kubervisor.workflow.project.located import MAX_CHARACTERS
from kubervisor.workflow.project.operator_config import CONFIG_FILE
from kubervisor.workflow.project.reading import PROJECT_FILE, read_project
from kubervisor.workflow.scaffold.definition import definition_of
from kubervisor.workflow.scaffold.naming import Names, names_of
from kubervisor.workflow.scaffold.python_files import python_files
from kubervisor.workflow.scaffold.user_files import spec_file, user_files
from kubervisor.workflow.scaffold.writing import Step, planned, read_files


def generate(root: Path, *, force: bool = False) -> tuple[Step, ...]:
    """What `kubervisor workflow generate` does in `root`; nothing is written.

    Raises SpecError where there is no project, or one that cannot be generated from.
    """
    text = project_text(root)
    project = read_project(text)
    names = names_of(project)
    users = user_files(project, names)
    crd = _definition(root, text, names, force=force)
    python = {path: MARK + source for path, source in python_files(project, names).items()}
    generated = {**python, **deploying_files(project, crd, config_text(root))}
    return planned(generated, users, read_files(root, generated, users), force=force)


def out_of_date(root: Path) -> list[str]:
    """The generated files that `kubervisor workflow generate` would change, each with the word for
    it. Raises SpecError as `generate` does.
    """
    return [
        f"{step.deed} {step.path}" for step in generate(root) if step.changes and step.of_generated
    ]


def project_text(root: Path) -> str:
    """The text of the project file. Raises SpecError where there is none."""
    path = root / PROJECT_FILE
    try:
        return _text(path)
    except FileNotFoundError:
        raise SpecError(
            f"{path}: is not there; `kubervisor workflow init DIR` makes a project"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: cannot be read ({error})") from None


def config_text(root: Path) -> str:
    """The text of the operator's settings; without the file they are the defaults."""
    path = root / CONFIG_FILE
    try:
        return _text(path) if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: cannot be read ({error})") from None


def _text(path: Path) -> str:
    """As much as is read of a file, and one more by which who reads it sees that there is more."""
    with path.open(encoding="utf-8") as file:
        return file.read(MAX_CHARACTERS + 1)


def _definition(root: Path, text: str, names: Names, *, force: bool) -> Json:
    """Of the models that will be there: where there are none yet, of those that are made."""
    if (root / names.package / "spec.py").exists() and not force:
        return definition_of(root, text)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, names.package)
        package.mkdir()
        (package / "spec.py").write_text(spec_file(names), "utf-8")
        return definition_of(Path(folder), text)
