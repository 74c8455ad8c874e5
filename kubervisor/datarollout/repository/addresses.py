"""To which addresses the name of a source's host may lead."""

from __future__ import annotations

from collections.abc import Container
from ipaddress import ip_address

from kubervisor.errors import SourceNotAllowed, SourceTimeout, SourceUnavailable
from kubervisor.sources.address_rules import AddressRules
from kubervisor.sources.lookups import Lookups


class Addresses:
    """Public and private ones; never this machine, a metadata service or one of `forbidden`. With
    `local` this machine's too: for tests.
    """

    def __init__(self, forbidden: Container[str] = (), *, local: bool = False) -> None:
        self._rules, self._local = AddressRules((), forbidden), local
        self.lookups = Lookups()

    def refusal(self, address: str, port: int) -> str | None:
        """Why `address` may not be connected to; None where it may."""
        if self._local and ip_address(address).is_loopback:
            return None
        return self._rules.refusal(address, port, exact=True)

    def pinned(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses of `host`, found within `seconds`. Raises SourceNotAllowed,
        SourceUnavailable and SourceTimeout.
        """
        try:
            found = self.lookups.addresses(host, timeout=max(seconds, 0.001))
        except TimeoutError:
            raise SourceTimeout("its host was not resolved in time") from None
        except (OSError, UnicodeError):
            raise SourceUnavailable("its host does not resolve; check the name") from None
        refusals = [refusal for one in found if (refusal := self.refusal(one, port))]
        if refusals:
            raise SourceNotAllowed(f"its host leads to an address that is {refusals[0]}")
        return list(found)
