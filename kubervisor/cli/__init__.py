"""The `kubervisor` command; each subcommand is a file of its own, imported when it is called."""

from __future__ import annotations

import os

import click

from kubervisor import __version__
from kubervisor.cli.lazy_group import LazyGroup
from kubervisor.cli.original import ARGUMENTS, in_our_words

COMMANDS = {
    "run": "kubervisor.cli.run",
    "crds": "kubervisor.cli.crds",
    "check": "kubervisor.cli.check",
    "release": "kubervisor.cli.release",
    "backtest": "kubervisor.cli.backtest",
    "simulate": "kubervisor.cli.simulate",
    "watchdog": "kubervisor.cli.watchdog",
    "data": "kubervisor.cli.data",
    "rules": "kubervisor.cli.rules",
    "workflow": "kubervisor.cli.workflow",
    "testworkload": "kubervisor.cli.testworkload",
    "yaml": "kubervisor.cli.yaml",
}


class _Main(LazyGroup):
    """`kubervisor --help` loads no client."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, in_our_words(args, os.environ.get(ARGUMENTS)))


@click.command(cls=_Main, modules=COMMANDS)
@click.version_option(__version__)
def main() -> None:
    """Kubervisor takes outlier pods out of traffic, within what the fleet can spare."""
