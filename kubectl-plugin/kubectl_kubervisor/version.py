"""`version`: that of the plugin."""

from __future__ import annotations

from kubectl_kubervisor import __version__
from kubectl_kubervisor.errors import DONE
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.say import say


def run(_: Line) -> int:
    """Print the version."""
    say(f"kubectl-kubervisor {__version__}")
    return DONE
