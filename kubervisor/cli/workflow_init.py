"""`kubervisor workflow init`: the first two files of a project."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from kubervisor.errors import SpecError
from kubervisor.workflow.scaffold.starting import first_files
from kubervisor.workflow.scaffold.writing import Deed, Step, write


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--kind", default="Example", show_default=True, help="The kind of the resource.")
@click.option("--group", default="examples.io", show_default=True, help="Its API group.")
@click.option("--version", default="v1", show_default=True, help="Its API version.")
def init(folder: Path, kind: str, group: str, version: str) -> None:
    """Begin a project in DIR: autopilot.yaml says its phases, autopilot-operator.yaml how it runs.

    Exit code 0: done; 1: a name cannot be used, or DIR has a project already.
    """
    try:
        files = first_files(kind, group, version)
        if there := [str(folder / path) for path in files if (folder / path).exists()]:
            raise SpecError(f"{', '.join(there)}: there already; nothing was written")
        write(folder, tuple(Step(Deed.CREATE, path, text) for path, text in files.items()))
    except SpecError as error:
        raise click.ClickException(str(error)) from error
    for path in files:
        click.echo(f"create {folder / path}")
    where = shlex.quote(str(folder))
    click.echo(f"Edit the phases, then: cd {where} && kubervisor workflow generate")
