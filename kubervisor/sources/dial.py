"""Opens connections to checked addresses only.

The name is resolved once, what it resolves to is checked, and the connection goes to exactly that
address. Were the name given to the HTTP client instead, it would be resolved a second time, and a
name server that changes its answer in between (DNS rebinding) would pass every check.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from kubervisor.errors import SourceNotAllowed, SourceTimeout, SourceUnavailable
from kubervisor.sources.lookups import Lookups


@dataclass(frozen=True, slots=True)
class Dial:
    """How one source is connected to.

    `refusal` says why a resolved address may not be used, None where it may.
    """

    title: str
    host: str
    port: int
    lookups: Lookups
    refusal: Callable[[str], str | None]

    def __call__(self, timeout: float) -> socket.socket:
        """A connected socket whose time-out is what is left of `timeout` seconds.

        Raises SourceNotAllowed, SourceUnavailable, SourceTimeout.
        """
        deadline = time.monotonic() + timeout
        failure: OSError | None = None
        for address in self._allowed_addresses(timeout):
            try:
                sock = socket.create_connection((address, self.port), self._left(deadline, timeout))
            except OSError as error:
                failure = error
                continue
            # One that is connected too late times out at its first read.
            sock.settimeout(max(deadline - time.monotonic(), 0.001))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        self._left(deadline, timeout)
        said = failure.strerror or "no address" if failure else "no address"
        raise SourceUnavailable(
            f"{self.title} could not be connected to ({said}). Check that it runs and listens on "
            f"port {self.port}."
        )

    def _allowed_addresses(self, timeout: float) -> list[str]:
        try:
            found = self.lookups.addresses(self.host, timeout=timeout)
        except TimeoutError:
            raise self._too_slow(timeout) from None
        except (OSError, UnicodeError):
            raise SourceUnavailable(
                f"{self.title} has no address: {self.host} does not resolve. Check the name and "
                f"its namespace."
            ) from None
        refusals = {address: self.refusal(address) for address in found}
        allowed = [address for address, refusal in refusals.items() if refusal is None]
        if refusals and not allowed:
            raise SourceNotAllowed(
                f"{self.title} resolves to an address that specifications may not reach: it is "
                f"{next(iter(refusals.values()))}. Name a Service of the cluster, or ask the "
                f"administrator for a named source."
            )
        return allowed

    def _left(self, deadline: float, timeout: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise self._too_slow(timeout)
        return left

    def _too_slow(self, timeout: float) -> SourceTimeout:
        return SourceTimeout(f"{self.title} could not be connected to within {timeout:.3g} s.")
