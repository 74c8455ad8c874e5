"""`stop --all` and `start --all`: no controller writes anything, until started again.

As `kubervisor release` does, by a word on the controllers' Lease that each reads with its next
renewal; only `start --all`, or `kubervisor release --all --end`, takes it back.
"""

from __future__ import annotations

from kubectl_kubervisor import words
from kubectl_kubervisor.errors import DONE, Refused, Stop, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.leases import controllers
from kubectl_kubervisor.objects import mapping, text
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say
from kubectl_kubervisor.text import printable

EVERYWHERE = '["*"]'
SEEN_WITHIN = 8
"""Seconds until every controller has seen the word and has finished the write it had in hand."""


def run(line: Line) -> int:
    """Write the word on every Lease of a controller, or take it off; `-n` says where they are."""
    command = line.words[0]
    if not line.has("all"):
        raise UsageError(f"{command} concerns every controller: write `{command} --all`")
    kubectl, (dry_run, noted) = Kubectl(line), dry_run_of(line)
    try:
        leases = controllers(kubectl.items("leases", everywhere=not kubectl.scope))
    except Refused as error:
        if not error.forbidden or kubectl.scope:
            raise
        raise Stop(
            f"{error}\nWith -n, only the Leases of that namespace are looked for."
        ) from error
    if not leases:
        raise Stop(
            f"no Lease {words.LEASE_PREFIX}* found: no controller with leader election has run here"
        )
    word = EVERYWHERE if command == "stop" else None
    for lease in leases:
        meta = mapping(lease.get("metadata"))
        name, namespace = text(meta.get("name")), text(meta.get("namespace"))
        kubectl.patch(
            "lease",
            name,
            namespace,
            {"metadata": {"annotations": {words.STOPPED: word}}},
            dry_run=dry_run,
        )
        done = "stopped" if word else "started"
        say(f"controllers of lease/{printable(name)} in {printable(namespace)} {done}{noted}")
    if word and not dry_run:
        say(f"Within {SEEN_WITHIN} s none writes anything, until `kubectl kubervisor start --all`.")
        say("Pods that are out of traffic stay out: `kubectl kubervisor return POD` returns one.")
    return DONE
