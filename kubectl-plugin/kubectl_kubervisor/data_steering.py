"""`data pause|resume|pin|unpin SOURCE`: what a person asks of a rollout, written into its spec."""

from __future__ import annotations

from kubectl_kubervisor.data_listing import one_of
from kubectl_kubervisor.data_objects import Rollout
from kubectl_kubervisor.errors import DONE, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import ROLLOUTS, Kubectl
from kubectl_kubervisor.output import dry_run_of
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import printable

SHORTEST_PIN = 6
"""Characters: so many of a version must be named at least."""


def run(line: Line) -> int:
    """Change one field of the spec; that it is so already is well."""
    command, source = line.words[:2]
    (dry_run, noted), pin = dry_run_of(line), line.words[2] if command == "pin" else ""
    if command == "pin" and len(pin) < SHORTEST_PIN:
        raise UsageError(f'"{pin}" is too short: at least {SHORTEST_PIN} characters of a version')
    kubectl = Kubectl(line)
    found = one_of(kubectl, source)
    spec, done, already = _change(command, found, pin)
    if already:
        say(f"datarollout/{printable(found.name)} {printable(already)} already")
        return DONE
    patch = {"metadata": {"uid": found.uid}, "spec": spec}
    kubectl.patch(ROLLOUTS, found.name, found.namespace, patch, dry_run=dry_run)
    say(f"datarollout/{printable(found.name)} {printable(done)}{noted}")
    if command == "pin":
        _caution(found, pin)
    return DONE


def _change(command: str, found: Rollout, pin: str) -> tuple[dict[str, object], str, str]:
    """The spec's new fields, what is then done, and what is so already ("": it is not)."""
    if command == "pause":
        return {"paused": True}, "paused", "is paused" if found.paused else ""
    if command == "resume":
        return {"paused": None}, "resumed", "" if found.paused else "is not paused"
    if command == "pin":
        return {"pin": pin}, f"pinned to {pin}", f"is pinned to {pin}" if found.pin == pin else ""
    done = f"unpinned from {found.pin}: the newest version that may goes out"
    return {"pin": None}, done, "" if found.pin else "is not pinned"


def _caution(found: Rollout, pin: str) -> None:
    """Say what a person may not have thought of."""
    meant = {one.path for one in found.known() if one.is_meant_by(pin)}
    if not meant:
        warn(
            f"Warning: the status names no version that begins with {printable(pin)}; where the "
            "repository publishes none, nothing goes out, and the status will say so"
        )
    elif len(meant) > 1:
        names = ", ".join(sorted(meant))
        warn(f"Warning: more than one version begins with it: {printable(names)}")
    elif any(each.version.path in meant for each in found.quarantine):
        warn("Warning: this version was taken back before; it goes out in stages once more")
