"""All sources of a process: who may be asked, and one client per address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Generic, Protocol, TypeVar

from kubervisor.errors import SourceNotAllowed, SourceTimeout
from kubervisor.source_settings import NamedSource
from kubervisor.sources.address_rules import AddressRules
from kubervisor.sources.credentials import Credentials
from kubervisor.sources.custom import CustomDetector
from kubervisor.sources.dial import Dial
from kubervisor.sources.lookups import Lookups, Resolve, resolve_by_system
from kubervisor.sources.pages import PageRef, Pages
from kubervisor.sources.prometheus import Prometheus
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.measurement import NamedPod, Samples, Series
from kubervisor.traffic.rows import Naming, as_it_is

# Clients kept at once. A spec that is edited again and again must not leave connections behind for
# every address it ever named; a client that is dropped here is only opened anew.
MAX_CLIENTS = 512


class _Client(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Client)


class Sources:
    """Asks Prometheus and custom detectors; called from many threads at once.

    `named` are the administrator's sources, at any address. `allow` are the patterns `host[:port]`
    of what a specification may name itself. `max_sample_age` is in seconds. `forbidden_addresses`
    are IP addresses that no specification reaches (nodes, the API server). Pods' pages are read by
    way of `scrape_proxy` (host:port) where it is set. `one` makes one object of a pod's name in an
    answer and elsewhere. Raises ValueError where a pattern cannot be
    used.
    """

    def __init__(
        self,
        *,
        named: Iterable[NamedSource],
        allow: Sequence[str],
        max_sample_age: float,
        forbidden_addresses: Container[str] = (),
        scrape_proxy: str = "",
        resolve: Resolve = resolve_by_system,
        one: Naming = as_it_is,
    ) -> None:
        self._named = {source.name: (source, Credentials(source)) for source in named}
        self._rules = AddressRules(allow, forbidden_addresses)
        self._lookups = Lookups(resolve)
        self._prometheus = _Clients(partial(Prometheus, max_sample_age=max_sample_age, one=one))
        self._detectors = _Clients(CustomDetector)
        self._pages = Pages(self._rules, self._lookups, proxy=scrape_proxy)

    def admits(self, ref: SourceRef, namespace: str) -> bool:
        """Whether KubervisorServices of `namespace` may use `ref`, as far as its name tells."""
        return not ref.name or self._find(ref.name, namespace) is not None

    def query(
        self,
        ref: SourceRef,
        promql: str,
        *,
        deadline: float,
        namespace: str = "",
        pod_label: str = "pod",
    ) -> Samples:
        """The instant vector of `promql`, empty where it selects nothing; `deadline` in seconds.

        `pod_label` is the label that names the pods: to look at the answer by another one later is
        possible, and slow. `namespace` is that of the KubervisorService that asks. Raises
        SourceError only, and each says what the reader of a condition can do.
        """
        way = self._way_to(ref, deadline, namespace)
        return self._prometheus.client(way).query(promql, deadline=deadline, pod_label=pod_label)

    def raw(
        self, ref: SourceRef, selector: str, window: float, *, deadline: float, namespace: str = ""
    ) -> tuple[Series, ...]:
        """Every sample of the last `window` seconds of the series that `selector` names.

        Else as `query`.
        """
        way = self._way_to(ref, deadline, namespace)
        return self._prometheus.client(way).raw(selector, window, deadline=deadline)

    def over(
        self,
        ref: SourceRef,
        promql: str,
        window: float,
        step: float,
        *,
        deadline: float,
        namespace: str = "",
    ) -> tuple[Series, ...]:
        """The values of `promql` every `step` seconds over the last `window` seconds.

        Else as `query`.
        """
        way = self._way_to(ref, deadline, namespace)
        return self._prometheus.client(way).over(promql, window, step, deadline=deadline)

    def ask(self, ref: SourceRef, *, deadline: float, asked_for: str = "") -> tuple[NamedPod, ...]:
        """The outliers that a custom detector names, unchecked: they may be anybody's pods.

        `asked_for` (`namespace/name` of the KubervisorService) tells the detector who asks;
        `deadline` is in seconds. Raises SourceError only.
        """
        way = self._way_to(ref, deadline, asked_for.partition("/")[0])
        return self._detectors.client(way).ask(deadline=deadline, asked_for=asked_for)

    def page(
        self, page: PageRef, names: Collection[str], *, deadline: float
    ) -> list[tuple[bytes, float]]:
        """The samples of the metrics `names` on a pod's own page: the text of each series, and its
        value. `deadline` is in seconds. Raises SourceError only.
        """
        return self._pages.read(page, names, deadline=deadline)

    def close(self) -> None:
        """Close every connection that is kept; whoever is being asked may still answer."""
        self._pages.close()
        self._prometheus.close()
        self._detectors.close()

    def _way_to(self, ref: SourceRef, deadline: float, namespace: str) -> _Way:
        if deadline <= 0:
            raise SourceTimeout(f"Source {ref} was not asked: no time was left.")
        if not ref.name:
            route = self._rules.admit(ref.address)
            refusal = partial(self._rules.refusal, port=route.port, exact=route.exact)
            title = f"Source {ref.address.partition('/')[0]}"
            return _Way(
                route.url, Dial(title, route.lookup, route.port, self._lookups, refusal), None
            )
        found = self._find(ref.name, namespace)
        if found is None:
            raise self._unknown(ref.name, namespace)
        source, credentials = found
        dial = Dial(f"Source {ref.name}", source.host, source.port, self._lookups, _no_refusal)
        return _Way(source.url.rstrip("/"), dial, credentials)

    def _find(self, name: str, namespace: str) -> tuple[NamedSource, Credentials] | None:
        found = self._named.get(name)
        return found if found is not None and found[0].admits(namespace) else None

    def _unknown(self, name: str, namespace: str) -> SourceNotAllowed:
        """Says the same of a source that is not there and of one that is for other namespaces."""
        theirs = sorted(s.name for s, _ in self._named.values() if s.admits(namespace))
        return SourceNotAllowed(
            f"No source that this namespace may use is named {name!r}. The administrator "
            f"configured: {', '.join(theirs) or 'none'}."
        )


@dataclass(frozen=True, slots=True)
class _Way:
    """How to reach a source, and what to show it: nothing to one that a specification names."""

    url: str
    dial: Dial
    credentials: Credentials | None


class _Clients(Generic[C]):
    """The clients of one kind, one per way to a source, opened when first needed."""

    def __init__(self, open_client: Callable[[str, Dial, Credentials | None], C]) -> None:
        self._open = open_client
        self._clients: dict[tuple[str, str], C] = {}
        self._lock = Lock()

    def client(self, way: _Way) -> C:
        with self._lock:
            key = (way.url, way.dial.title)
            client = self._clients.get(key)
            if client is None:
                while len(self._clients) >= MAX_CLIENTS:
                    self._clients.pop(next(iter(self._clients))).close()
                client = self._clients[key] = self._open(way.url, way.dial, way.credentials)
            return client

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def _no_refusal(_: str) -> None:
    """The administrator's sources may be anywhere."""
