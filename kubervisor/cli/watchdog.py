"""`kubervisor watchdog`: what a pod's watchdogs say, for people, scripts and readiness probes."""

from __future__ import annotations

import click

from kubervisor.cli.watchdog_get import get
from kubervisor.cli.watchdog_healthz import healthz
from kubervisor.cli.watchdog_post import post


@click.group(commands=[get, post, healthz])
def watchdog() -> None:
    """Read and post what the watchdogs of a pod say, or have a readiness probe heed them."""
