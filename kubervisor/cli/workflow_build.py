"""`kubervisor workflow build`: the wheel of a project, and its image."""

from __future__ import annotations

from pathlib import Path

import click

from kubervisor.cli.workflow_project import project_in
from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.building import (
    ENGINES,
    build_image,
    build_wheel,
    find_engine,
    image_command,
)


@click.command()
@click.argument("image")
def build(image: str) -> None:
    """Build the wheel of the project in this folder into build/, and IMAGE of it.

    Docker or Podman builds the image, whichever answers. Exit code 0: both are built; 1: one is
    not, and which is said.
    """
    folder = Path()
    project_in(folder)
    try:
        wheel = build_wheel(folder)
        click.echo(f"built {wheel}")
        engine = find_engine()
        if engine is None:
            asked = " nor ".join(f"`{name} info`" for name in ENGINES)
            command = " ".join(image_command(ENGINES[0], image, folder))
            raise SpecError(
                f"{image} is not built: neither {asked} finds an engine. Where there is one: "
                f"{command}"
            )
        build_image(engine, image, folder)
    except SpecError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"built {image}")
