"""Reads the metrics pages of pods: at the pod's own address, and nowhere else.

The address is the API server's word, yet whoever may write a pod's status wrote it: so loopback,
nodes, the API server, metadata services and link-local addresses stay closed, as to every source
that a specification names.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from http.client import HTTPException
from threading import Lock

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from kubervisor import __version__
from kubervisor.errors import (
    SourceAnswerUnusable,
    SourceNotAllowed,
    SourceTimeout,
    SourceUnavailable,
)
from kubervisor.sources.address_rules import AddressRules
from kubervisor.sources.dial import Dial
from kubervisor.sources.exposition import PageUnreadable, read_samples
from kubervisor.sources.http import MIB, status_error
from kubervisor.sources.lookups import Lookups
from kubervisor.sources.wire import AnswerTooLarge, open_pool

MAX_PAGE = 4 * MIB
MAX_KEPT = 512
"""Pods whose connections are kept; those of others are opened anew for each page."""

_HEADERS = {
    "Accept": "text/plain;version=0.0.4",
    # A compressed page may be a thousand times larger than what the limit counts.
    "Accept-Encoding": "identity",
    "User-Agent": f"kubervisor/{__version__}",
}


@dataclass(frozen=True, slots=True)
class PageRef:
    """A pod's metrics page: the pod's name, for messages, and its IP address."""

    pod: str
    address: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """Where the page is."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}{self.path}"

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"The metrics page of pod {self.pod} ({self.address}:{self.port})"


class Pages:
    """Safe to use from several threads. `proxy` (host:port) is asked in place of the pods."""

    def __init__(self, rules: AddressRules, lookups: Lookups, *, proxy: str = "") -> None:
        self._rules, self._lookups, self._proxy = rules, lookups, proxy
        self._pools: OrderedDict[tuple[str, int], HTTPConnectionPool] = OrderedDict()
        self._lock = Lock()

    def read(
        self, page: PageRef, names: Collection[str], *, deadline: float
    ) -> list[tuple[bytes, float]]:
        """The samples of the metrics `names` on the page, as `read_samples` gives them.

        The answer must be complete `deadline` seconds from now. Raises SourceError only.
        """
        refusal = self._rules.pod_refusal(page.address, page.port)
        if refusal is not None:
            raise SourceNotAllowed(
                f"{page.title} is not read: its address is {refusal}. Pods of the host network "
                f"cannot be scraped."
            )
        try:
            return list(read_samples(self._fetch(page, deadline), names))
        except PageUnreadable as error:
            raise SourceAnswerUnusable(
                f"{page.title} is not in the text format of Prometheus: {error}."
            ) from None

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def _fetch(self, page: PageRef, deadline: float) -> bytes:
        began = time.monotonic()
        try:
            answer = self._pool(page).urlopen(
                "GET",
                page.url if self._proxy else page.path,
                headers=_HEADERS,
                timeout=Timeout(total=deadline),
                retries=False,
                redirect=False,
                assert_same_host=False,
                decode_content=False,
            )
        except AnswerTooLarge:
            raise SourceAnswerUnusable(
                f"{page.title} has more than {MAX_PAGE // MIB} MiB."
            ) from None
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            if time.monotonic() - began >= deadline:
                raise SourceTimeout(
                    f"{page.title} was not complete within {deadline:.3g} s."
                ) from None
            raise SourceUnavailable(
                f"{page.title} cut the connection or does not speak HTTP ({type(error).__name__})."
            ) from None
        return _body(page, answer)

    def _pool(self, page: PageRef) -> HTTPConnectionPool:
        host, _, port = self._proxy.rpartition(":")
        way = (host, int(port)) if self._proxy else (page.address, page.port)
        with self._lock:
            pool = self._pools.get(way)
            if pool is None:
                while len(self._pools) >= MAX_KEPT:
                    self._pools.popitem(last=False)[1].close()
                title = f"The proxy {self._proxy}" if self._proxy else page.title
                dial = Dial(title, *way, self._lookups, _no_refusal)
                pool = self._pools[way] = open_pool("http", way[0], way[1], dial, MAX_PAGE)
            self._pools.move_to_end(way)
            return pool


def _body(page: PageRef, answer: BaseHTTPResponse) -> bytes:
    if 300 <= answer.status < 400:
        raise SourceAnswerUnusable(
            f"{page.title} is a redirect ({answer.status}), which is never followed. Name the path "
            f"of the page itself."
        )
    if answer.status != 200:
        raise status_error(page.title, answer.status)
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceAnswerUnusable(f"{page.title} came compressed although it was asked not to.")
    return answer.data


def _no_refusal(_: str) -> None:
    """The address was looked at before; a proxy is the administrator's."""
