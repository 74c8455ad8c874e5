"""The `kubervisor` command; each subcommand is a file of its own, imported when it is called."""

from __future__ import annotations

import importlib
import os

import click

from kubervisor import __version__
from kubervisor.cli.original import ARGUMENTS, in_our_words

COMMANDS = {
    "run": "kubervisor.cli.run",
    "crds": "kubervisor.cli.crds",
    "check": "kubervisor.cli.check",
    "release": "kubervisor.cli.release",
    "backtest": "kubervisor.cli.backtest",
    "simulate": "kubervisor.cli.simulate",
    "watchdog": "kubervisor.cli.watchdog",
    "testworkload": "kubervisor.cli.testworkload",
    "yaml": "kubervisor.cli.yaml",
}


class _Lazy(click.Group):
    """Imports a subcommand only when it is used: `kubervisor --help` loads no client."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, in_our_words(args, os.environ.get(ARGUMENTS)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        module = COMMANDS.get(name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=_Lazy)
@click.version_option(__version__)
def main() -> None:
    """Kubervisor takes outlier pods out of traffic, within what the fleet can spare."""
