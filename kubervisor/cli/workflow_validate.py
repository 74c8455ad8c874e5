"""`kubervisor workflow validate`: everything that is wrong with project files, with its line."""

from __future__ import annotations

from pathlib import Path

import click

from kubervisor.cli.workflow_project import config_in, project_at
from kubervisor.errors import SpecError
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.project.operator_config import CONFIG_FILE
from kubervisor.workflow.project.reading import PROJECT_FILE
from kubervisor.workflow.scaffold.naming import names_of


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Check project files: autopilot.yaml and autopilot-operator.yaml, by default of this folder.

    A file of the second name is read as that, every other as the first, and of a folder both.

    Exit code 0: all are valid; 1: one is not, each problem is told as file:line; 2: bad usage.
    """
    failed = False
    for path in _meant(files):
        try:
            click.echo(f"{path}: {_found(path)}")
        except click.ClickException as error:
            click.echo(error.message, err=True)
            failed = True
    if failed:
        raise SystemExit(1)


def _meant(files: tuple[Path, ...]) -> list[Path]:
    paths: list[Path] = []
    for one in files or (Path(),):
        if not one.is_dir():
            paths.append(one)
            continue
        paths.append(one / PROJECT_FILE)
        if (one / CONFIG_FILE).exists():
            paths.append(one / CONFIG_FILE)
    return paths


def _found(path: Path) -> str:
    """What a valid file says, in a line. Raises click.ClickException."""
    if path.name == CONFIG_FILE:
        if not path.exists():
            raise click.ClickException(f"{path} does not exist")
        config = config_in(path.parent, {})
        where = ", ".join(config.watch_namespaces) or "all namespaces"
        return f"valid, works in {where} at least every {config.work_interval:g}s"
    project = project_at(path)
    try:
        names_of(project)  # of the code that `generate` writes
    except SpecError as error:
        raise click.ClickException(f"{path}: {error}") from None
    return f"valid, {_described(project)}"


def _described(project: Project) -> str:
    phases = ", ".join(one.name for one in project.phases)
    return f"{project.kind} of {project.group}/{project.version} with the phases {phases}"
