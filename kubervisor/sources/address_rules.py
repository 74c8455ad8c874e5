"""Which addresses a specification may name, and to which addresses those may lead.

Two walls, because each alone has a hole. The name must match a pattern of the administrator's: but
whoever owns a name decides where it leads. So what it resolves to must be allowed too: private
ranges only, and never this machine, a node, the API server or a cloud's metadata service.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from kubervisor.errors import SourceNotAllowed

IpAddress = IPv4Address | IPv6Address

_HOST = r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\\\[\]]{1,253})"
_PATTERN = re.compile(_HOST + r"(:(?P<port>\d{1,5}|\*))?")
_ADDRESS = re.compile(_HOST + r"(:(?P<port>\d{1,5}))?(?P<path>/[!-~]*)?")
_DNS_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")

# RFC 1918, RFC 6598 (some networks give Services addresses of it) and RFC 4193.
_PRIVATE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# Metadata services outside the link-local range of the usual 169.254.169.254: Alibaba, Oracle,
# Azure, AWS and Google.
_METADATA = frozenset(
    map(
        ip_address,
        ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"),
    )
)


@dataclass(frozen=True, slots=True)
class Route:
    """An address that a specification may name: what to ask, and what to look up to get there.

    `exact` is True where a pattern without wildcards names the host: only then may it be public.
    """

    url: str
    lookup: str
    port: int
    exact: bool


@dataclass(frozen=True, slots=True)
class _Pattern:
    host: str
    port: int | None
    literal: IpAddress | None

    @property
    def exact(self) -> bool:
        return "*" not in self.host

    def matches(self, name: str, port: int) -> bool:
        return self.port in (None, port) and self.literal is None and fnmatchcase(name, self.host)

    def opens(self, address: IpAddress, port: int) -> bool:
        return self.port in (None, port) and self.literal == address


class AddressRules:
    """The administrator's allow patterns `host[:port]`, and the addresses that stay closed.

    `forbidden` holds IP addresses in canonical text (nodes, the API server); it is read at each
    connection, so a live view may be given. Raises ValueError where a pattern is none.
    """

    def __init__(self, patterns: Sequence[str], forbidden: Container[str] = ()) -> None:
        self._patterns = tuple(_parse_pattern(text) for text in patterns)
        self._forbidden = forbidden

    def admit(self, address: str) -> Route:
        """How to reach `host[:port][/path]` (port 80 where it says none, as the original).

        `name.namespace` is short for the Service `name.namespace.svc` and is looked up as that, so
        that it never means a domain of the same spelling. An IP literal needs a pattern that is the
        same literal. Raises SourceNotAllowed.
        """
        found = _ADDRESS.fullmatch(address)
        host = found["host"].lower().removesuffix(".") if found else ""
        port = int(found["port"] or 80) if found else 0
        literal = _literal(host)
        if not found or not 0 < port < 65536 or not (literal or _DNS_NAME.fullmatch(host)):
            raise SourceNotAllowed(f"Source {address!r:.80} is not of the form host[:port][/path].")
        url = f"http://{host}:{port}{found['path'] or ''}"
        if literal:
            if any(pattern.opens(literal, port) for pattern in self._patterns):
                return Route(url, str(literal), port, exact=True)
            raise SourceNotAllowed(
                f"Source {host}:{port} is an IP address. Name a Service instead, or ask the "
                f"administrator to allow exactly this address (--allow-source)."
            )
        for name in _spellings(host):
            matching = [pattern for pattern in self._patterns if pattern.matches(name, port)]
            if matching:
                return Route(url, name, port, exact=any(pattern.exact for pattern in matching))
        raise SourceNotAllowed(
            f"Source {host}:{port} matches no allowed pattern. Name a Service as name.namespace, "
            f"or ask the administrator to allow this host (--allow-source)."
        )

    def refusal(self, text: str, port: int, *, exact: bool) -> str | None:
        """Why the resolved address `text` may not be connected to; None where it may."""
        address = _unmapped(ip_address(text))
        if self._opens(address, port):
            return None
        closed = self._closed(address)
        if closed or any(address in network for network in _PRIVATE):
            return closed
        # Reserved ranges may look global and embed a private address (NAT64).
        public = address.is_global and not address.is_reserved
        return None if exact and public else "not a private address"

    def pod_refusal(self, text: str, port: int) -> str | None:
        """Why the address `text` of a pod may not be connected to; None where it may.

        Pods may have addresses of any range, so only what never is a pod's own stays closed.
        """
        try:
            address = _unmapped(ip_address(text))
        except ValueError:
            return "no IP address"
        return None if self._opens(address, port) else self._closed(address)

    def _opens(self, address: IpAddress, port: int) -> bool:
        return any(pattern.opens(address, port) for pattern in self._patterns)

    def _closed(self, address: IpAddress) -> str | None:
        """What makes an address one that nobody but the administrator may name."""
        if str(address) in self._forbidden:
            return "a node's or the API server's"
        if address in _METADATA:
            return "a metadata service's"
        if address.is_loopback or address.is_unspecified:
            return "a loopback address"
        if address.is_link_local or address.is_multicast:
            return "a link-local or multicast address"
        return None


def _parse_pattern(text: str) -> _Pattern:
    found = _PATTERN.fullmatch(text)
    if not found:
        raise ValueError(
            f"Allow pattern {text!r} is not of the form host[:port], such as *.svc:9090."
        )
    port = None if found["port"] in (None, "*") else int(found["port"])
    host = found["host"].lower()
    return _Pattern(host, port, _literal(host))


def _literal(host: str) -> IpAddress | None:
    try:
        return _unmapped(ip_address(host.strip("[]")))
    except ValueError:
        return None


def _unmapped(address: IpAddress) -> IpAddress:
    """::ffff:127.0.0.1 is 127.0.0.1 to the kernel, so it is to the rules."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _spellings(host: str) -> Iterator[str]:
    yield host
    if host.count(".") == 1:
        yield f"{host}.svc"
