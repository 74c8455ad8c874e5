"""The files of a project, for the commands that work on one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from kubervisor.workflow.project.located import MAX_CHARACTERS
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.project.operator_config import CONFIG_FILE, OperatorConfig, read_config
from kubervisor.workflow.project.problems import ProjectError
from kubervisor.workflow.project.reading import PROJECT_FILE, read_project


def project_in(folder: Path) -> Project:
    """The project whose files are in `folder`. Raises click.ClickException with all problems."""
    return project_at(folder / PROJECT_FILE)


def project_at(path: Path) -> Project:
    """The project that a file declares. Raises click.ClickException with all problems."""
    try:
        return read_project(_text(path), file=str(path))
    except FileNotFoundError:
        raise click.ClickException(
            f"{path} does not exist: change into the folder of a project, or begin one with "
            "`kubervisor workflow init DIR`"
        ) from None
    except ProjectError as error:
        raise click.ClickException(str(error)) from None


def config_in(folder: Path, environ: Mapping[str, str]) -> OperatorConfig:
    """How the operator of `folder` runs; without a file, by the defaults and the environment.

    Raises click.ClickException with all problems.
    """
    path = folder / CONFIG_FILE
    try:
        return read_config(config_text_in(folder), environ, file=str(path))
    except ProjectError as error:
        raise click.ClickException(str(error)) from None


def config_text_in(folder: Path) -> str:
    """The text of the file that says how an operator runs, "" where there is none.

    Raises click.ClickException where it cannot be read.
    """
    try:
        return _text(folder / CONFIG_FILE)
    except FileNotFoundError:
        return ""


def _text(path: Path) -> str:
    """The text of a file, as much as is read of one. Raises FileNotFoundError and
    click.ClickException.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_CHARACTERS + 1)
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise click.ClickException(f"{path} is no text in UTF-8") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from None
