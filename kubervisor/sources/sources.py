"""All sources of a process: who may be asked, and one client per address."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from kubervisor.errors import SourceNotAllowed, SourceTimeout
from kubervisor.sources.address_rules import AddressRules
from kubervisor.sources.custom import CustomDetector
from kubervisor.sources.dial import Dial
from kubervisor.sources.lookups import Lookups, Resolve, resolve_by_system
from kubervisor.sources.prometheus import Prometheus
from kubervisor.traffic.model import NamedPod, Sample
from kubervisor.traffic.policy import SourceRef

# Clients kept at once. A spec that is edited again and again must not leave connections behind for
# every address it ever named; a client that is dropped here is only opened anew.
MAX_CLIENTS = 512


class _Client(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Client)


class Sources:
    """Asks Prometheus and custom detectors; called from many threads at once.

    `named` are the administrator's base URLs by name: http or https, any address. `allow` are the
    patterns `host[:port]` of what a specification may name itself. `max_sample_age` is in seconds.
    `forbidden_addresses` are IP addresses that no specification reaches (nodes, the API server).
    Raises ValueError where a URL or a pattern cannot be used.
    """

    def __init__(
        self,
        *,
        named: Mapping[str, str],
        allow: Sequence[str],
        max_sample_age: float,
        forbidden_addresses: Container[str] = (),
        resolve: Resolve = resolve_by_system,
    ) -> None:
        self._named = {name: NamedSource.parse(name, url) for name, url in named.items()}
        self._rules = AddressRules(allow, forbidden_addresses)
        self._lookups = Lookups(resolve)
        self._prometheus = _Clients(partial(Prometheus, max_sample_age=max_sample_age))
        self._detectors = _Clients(CustomDetector)

    def query(self, ref: SourceRef, promql: str, *, deadline: float) -> tuple[Sample, ...]:
        """The instant vector of `promql`, empty where it selects nothing; `deadline` in seconds.

        Raises SourceError only, and each says what the reader of a condition can do.
        """
        url, dial = self._way_to(ref, deadline)
        return self._prometheus.client(url, dial).query(promql, deadline=deadline)

    def ask(self, ref: SourceRef, *, deadline: float, asked_for: str = "") -> tuple[NamedPod, ...]:
        """The outliers that a custom detector names, unchecked: they may be anybody's pods.

        `asked_for` (`namespace/name` of the KubervisorService) tells the detector who asks;
        `deadline` is in seconds. Raises SourceError only.
        """
        url, dial = self._way_to(ref, deadline)
        return self._detectors.client(url, dial).ask(deadline=deadline, asked_for=asked_for)

    def close(self) -> None:
        """Close every connection that is kept; whoever is being asked may still answer."""
        self._prometheus.close()
        self._detectors.close()

    def _way_to(self, ref: SourceRef, deadline: float) -> tuple[str, Dial]:
        if deadline <= 0:
            raise SourceTimeout(f"Source {ref} was not asked: no time was left.")
        if not ref.name:
            route = self._rules.admit(ref.address)
            refusal = partial(self._rules.refusal, port=route.port, exact=route.exact)
            title = f"Source {ref.address.partition('/')[0]}"
            return route.url, Dial(title, route.lookup, route.port, self._lookups, refusal)
        source = self._named.get(ref.name)
        if source is None:
            known = ", ".join(sorted(self._named)) or "none"
            raise SourceNotAllowed(
                f"No source is named {ref.name!r}. The administrator configured: {known}."
            )
        title = f"Source {ref.name}"
        return source.url, Dial(title, source.host, source.port, self._lookups, _no_refusal)


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A source that the administrator configured, and therefore trusts wherever it leads."""

    url: str
    host: str
    port: int

    @classmethod
    def parse(cls, name: str, url: str) -> NamedSource:
        """From a base URL. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError(f"Source {name}: its URL must be http(s)://host[:port][/path].")
        default = 443 if parts.scheme == "https" else 80
        return cls(url.rstrip("/"), parts.hostname, parts.port or default)


class _Clients(Generic[C]):
    """The clients of one kind, one per way to a source, opened when first needed."""

    def __init__(self, open_client: Callable[[str, Dial], C]) -> None:
        self._open = open_client
        self._clients: dict[tuple[str, str], C] = {}
        self._lock = Lock()

    def client(self, url: str, dial: Dial) -> C:
        with self._lock:
            key = (url, dial.title)
            client = self._clients.get(key)
            if client is None:
                while len(self._clients) >= MAX_CLIENTS:
                    self._clients.pop(next(iter(self._clients))).close()
                client = self._clients[key] = self._open(url, dial)
            return client

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def _no_refusal(_: str) -> None:
    """The administrator's sources may be anywhere."""
