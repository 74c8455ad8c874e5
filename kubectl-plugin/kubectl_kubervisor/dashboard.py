"""`dashboard`: the leader's, on this machine, by kubectl's own port-forward."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from contextlib import suppress
from typing import NamedTuple

from kubectl_kubervisor import words
from kubectl_kubervisor.errors import Refused, Stop, UsageError
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl, refusal
from kubectl_kubervisor.leases import controllers, leader, name_of, unled
from kubectl_kubervisor.objects import Json, mapping, sequence, text
from kubectl_kubervisor.say import say, warn
from kubectl_kubervisor.text import printable

PORT = "8087"
AGAIN_SECONDS = 2.0
"""Between two looks for a leader, after there was one."""
_LISTEN = re.compile(r"--dashboard-listen=.*:(\d+)")
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) -> ")


class Leader(NamedTuple):
    """The pod of the controller that leads, and the port of its dashboard."""

    namespace: str
    pod: str
    port: str


def run(line: Line) -> int:
    """Forward until interrupted. Raises Stop where nobody leads or the port is taken."""
    port = line.flag("port") or PORT
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise UsageError(f'invalid --port "{port}": a number up to 65535')
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # or kubectl would go on
    kubectl, lease = Kubectl(line), line.words[1] if len(line.words) > 1 else ""
    port, why = _forward(kubectl, _leader(kubectl, lease), port)
    while True:
        if why:
            warn(f"Warning: {why}; looking for the controller that leads")
        why = ""
        time.sleep(AGAIN_SECONDS)
        with suppress(Stop):  # nobody leads yet, or its pod is not ready for it
            # The same port again: the page that is open finds its way back.
            port, why = _forward(kubectl, _leader(kubectl, lease), port)


def _leader(kubectl: Kubectl, name: str) -> Leader:
    lease = _lease(kubectl, name)
    if why := unled(lease, time.time()):
        raise Stop(f"no controller leads: {why}")
    namespace, host = text(mapping(lease.get("metadata")).get("namespace")), leader(lease)
    try:
        pod = kubectl.get("pod", host, f"--namespace={namespace}")
    except Refused as error:
        if not error.not_found:
            raise
        raise Stop(
            f"{name_of(lease)} is held by {host}, which is no pod of {namespace}: the dashboard is "
            "where that controller runs, at its --dashboard-listen"
        ) from error
    return Leader(namespace, host, _port(pod))


def _lease(kubectl: Kubectl, name: str) -> Json:
    """The Lease of that name; without one, the only one there is."""
    try:
        found = controllers(kubectl.items("leases", everywhere=not kubectl.scope))
    except Refused as error:
        if not error.forbidden or kubectl.scope:
            raise
        raise Stop(f"{error}\nWith -n, only the Leases of that namespace are asked for.") from error
    named = [one for one in found if name in ("", _name(one))]
    if not named:
        raise Stop(
            f"no Lease {name or words.LEASE_PREFIX + '*'} found: no controller with leader "
            "election has run here"
        )
    if len(named) > 1:
        choices = ", ".join(name_of(one).removeprefix("lease ") for one in named)
        raise Stop(f"there are several controllers: name the Lease of one, or use -n: {choices}")
    return named[0]


def _name(lease: Json) -> str:
    return text(mapping(lease.get("metadata")).get("name"))


def _port(pod: Json) -> str:
    """Where its dashboard listens: the last flag wins, as it does for the controller."""
    containers = map(mapping, sequence(mapping(pod.get("spec")).get("containers")))
    arguments = [text(one) for container in containers for one in sequence(container.get("args"))]
    ports = [found[1] for found in map(_LISTEN.fullmatch, arguments) if found]
    return ports[-1] if ports else PORT


def _forward(kubectl: Kubectl, to: Leader, port: str) -> tuple[str, str]:
    """Forward until the connection ends: the port of this machine, and why it ended.

    Raises Stop where it never began.
    """
    flags = ("--address=127.0.0.1", f"--namespace={to.namespace}")
    forward = kubectl.stream(
        "port-forward", *flags, f"pod/{to.pod}", f"{port}:{to.port}", errors=subprocess.STDOUT
    )
    assert forward.stdout is not None
    began, said = False, ""
    try:
        for raw in forward.stdout:
            line = raw.decode("utf-8", "replace")
            if found := _FORWARDING.match(line):
                began, port = True, found[1]
                say(f"http://127.0.0.1:{port}/")
                say(f"{printable(to.pod)} in {printable(to.namespace)} leads. Ctrl-C ends this.")
            elif not line.startswith(("Handling connection", "Forwarding from")):
                said = line if "lost connection" in line or not said else said
    finally:
        forward.kill()
        forward.wait()
    if began:
        return port, refusal(said)
    if "address already in use" in said:
        raise Stop(f"port {port} of this machine is taken: choose another with --port")
    raise Refused(refusal(said))
