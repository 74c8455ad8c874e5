"""`kubervisor workflow generate`: the files of a project, from what its autopilot.yaml says."""

from __future__ import annotations

from pathlib import Path

import click

from kubervisor.errors import SpecError
from kubervisor.workflow.scaffold import generating
from kubervisor.workflow.scaffold.writing import Deed, write


@click.command()
@click.option("-f", "--overwrite", "force", is_flag=True, help="Make your own files anew, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
def generate(force: bool, dry_run: bool) -> None:
    """Write what follows from autopilot.yaml and spec.py in this folder.

    Generated files are written anew. Yours (models, workers, tests) are made where they are not
    there, and then never touched but with -f.

    Exit code 0: done; 1: the project is not valid, and nothing was written.
    """
    root = Path()
    try:
        steps = generating.generate(root, force=force)
        for step in steps:
            if step.changes:
                of_whom = "  (was yours)" if step.deed is Deed.OVERWRITE else ""
                click.echo(f"{step.deed:<9} {step.path}{of_whom}")
        if not dry_run:
            write(root, steps)
    except SpecError as error:
        raise click.ClickException(str(error)) from error
    if not any(step.changes for step in steps):
        click.echo("everything is up to date")
