"""The options of commands about one pod, which read AutoCrane's names of settings too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def of_a_pod(command: Command) -> Command:
    """Give `command` the options `pod`, `namespace` (None: the kubeconfig's) and `kubeconfig`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--pod",
        "--Pod:Name",
        "pod",
        required=True,
        envvar=["POD_NAME", "Pod__Name"],
        show_envvar=True,
        metavar="NAME",
        help="The pod.",
    ),
    click.option(
        "--namespace",
        "-n",
        "--Pod:Namespace",
        "namespace",
        envvar=["POD_NAMESPACE", "Pod__Namespace"],
        show_envvar=True,
        metavar="NS",
        help="Its namespace; default: that of the pod we run in, or of the kubeconfig.",
    ),
    click.option("--kubeconfig", help="Path of a kubeconfig; default: the pod's service account."),
)
