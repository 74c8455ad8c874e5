"""`kubervisor rules`: the commands of remediation rules, each imported when it is called."""

from __future__ import annotations

import click

from kubervisor.cli.lazy_group import LazyGroup

COMMANDS = {
    "test": "kubervisor.cli.rules_test",
    "status": "kubervisor.cli.rules_status",
    "convert": "kubervisor.cli.rules_convert",
}


@click.group(cls=LazyGroup, modules=COMMANDS)
def rules() -> None:
    """Remediation rules: try them, see how they stand, convert older ones."""
