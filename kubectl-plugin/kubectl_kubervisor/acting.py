"""Whether any controller acts: a status is only as true as whoever writes it is awake."""

from __future__ import annotations

import json
import time

from kubectl_kubervisor import words
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.leases import controllers, idle
from kubectl_kubervisor.say import warn
from kubectl_kubervisor.text import printable


class Acting:
    """Asks for the Leases at once, beside whatever else is asked; `warn` says what they tell.

    `prefix` says whose: those of a capability. Who may not list Leases is told nothing. Raises
    Refused where there is no kubectl.
    """

    def __init__(self, kubectl: Kubectl, prefix: str = words.LEASE_PREFIX) -> None:
        self._prefix = prefix
        self._asked = kubectl.stream("get", "leases", "--all-namespaces", "--output=json")

    def warn(self, namespace: str = "") -> None:
        """Say so where no controller acts in `namespace`; without one, anywhere."""
        answer, _ = self._asked.communicate()
        if self._asked.returncode:
            return
        leases = controllers(json.loads(answer)["items"], self._prefix)
        if why := idle(leases, namespace, time.time()):
            warn(f"Warning: no controller acts: {printable(why)}")
