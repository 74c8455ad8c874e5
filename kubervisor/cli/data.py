"""`kubervisor data`: the commands of data deployments, each imported when it is called."""

from __future__ import annotations

import click

from kubervisor.cli.lazy_group import LazyGroup

COMMANDS = {
    "repository": "kubervisor.cli.data_repository",
    "init": "kubervisor.cli.data_deployer",
    "sidecar": "kubervisor.cli.data_deployer",
    "status": "kubervisor.cli.data_status",
}


# A deployer in each pod shall not load what the others need.
@click.group(cls=LazyGroup, modules=COMMANDS)
def data() -> None:
    """Data for pods that run: serve it, bring it into a pod, see how far a rollout is."""
