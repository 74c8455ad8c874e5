"""`data explain SOURCE`: why a rollout stands where it does, what would change it, what was."""

from __future__ import annotations

import time

from kubectl_kubervisor import data_explaining as explaining
from kubectl_kubervisor import words
from kubectl_kubervisor.acting import Acting
from kubectl_kubervisor.data_listing import one_of
from kubectl_kubervisor.data_status import tell_past
from kubectl_kubervisor.errors import DONE
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.say import say, tell
from kubectl_kubervisor.text import coloured, printable, wants_colour


def run(line: Line) -> int:
    """Print it; 0 whatever state it is in."""
    kubectl = Kubectl(line)
    acting = Acting(kubectl, words.DATA_LEASE_PREFIX)
    try:
        found, now = one_of(kubectl, line.words[1]), time.time()
        say(coloured(printable(explaining.verdict(found)), "bold", wants_colour()))
        say()
        tell(explaining.reasons(found, now))
        tell_past(found, now)
    finally:
        acting.warn(line.flag("namespace"))
    return DONE
