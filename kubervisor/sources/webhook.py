"""Calls webhooks: one bounded POST to an address that the administrator allows.

The rule's author chooses the URL, so it is held to what a source that a specification names is held
to: the host must match a pattern, and so must what it resolves to; no redirect is followed, no
credentials are sent, and what is answered is not passed on. The path may be a secret (many services
put a token there): no message holds it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from urllib3 import Timeout

from kubervisor.errors import SourceNotAllowed
from kubervisor.sources.address_rules import AddressRules, Route
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import SourceSession, status_error
from kubervisor.sources.lookups import Lookups, Resolve, resolve_by_system

CALL_SECONDS = 10.0
"""For the whole of a call, once its name was looked up."""

MAX_ANSWER = 64 * 1024
"""Bytes; nothing but the status is looked at."""

KEY_HEADER = "Idempotency-Key"

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _Way:
    scheme: str
    host: str
    route: Route


class Webhooks:
    """Calls what the patterns `host[:port]` in `allow` admit; from any number of threads.

    `forbidden` are addresses that no webhook has (nodes, the API server). Raises ValueError where
    a pattern is none.
    """

    def __init__(
        self,
        allow: Sequence[str],
        forbidden: Container[str] = (),
        resolve: Resolve = resolve_by_system,
        timeout: float = CALL_SECONDS,
    ) -> None:
        self._rules = AddressRules(allow, forbidden)
        self._lookups, self._timeout = Lookups(resolve), timeout

    def refusal(self, url: str) -> str | None:
        """Why that URL may not be called, as far as its text tells; None where it may."""
        found = self._way(url)
        return found if isinstance(found, str) else None

    def call(self, url: str, body: Mapping[str, Any], key: str) -> None:
        """POST `body` as JSON; `key` goes with it, so that who is called twice acts once.

        Raises SourceError where it did not answer 2xx in time: it may have acted then.
        """
        way = self._way(url)
        if isinstance(way, str):
            raise SourceNotAllowed(way)
        title = f"Webhook {way.host}:{way.route.port}"
        refusal = partial(self._rules.refusal, port=way.route.port, exact=way.route.exact)
        dial = Dial(title, way.route.lookup, way.route.port, self._lookups, refusal)
        # requests takes a total, its annotation does not know it.
        total: Any = Timeout(total=self._timeout)
        session = SourceSession(url, dial, MAX_ANSWER)
        try:
            answer = session.post(
                url, json=body, headers={KEY_HEADER: key, "Connection": "close"}, timeout=total
            )
        finally:
            session.close()
        if not 200 <= answer.status_code < 300:
            raise status_error(title, answer.status_code)

    def _way(self, url: str) -> _Way | str:
        form = "write its URL as http(s)://host[:port]/path"
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            return f"the webhook's URL cannot be read; {form}"
        host = parts.hostname or ""
        is_plain = url.isascii() and url.isprintable() and " " not in url
        if parts.scheme not in _PORTS or not port or not host or not is_plain:
            return f"the webhook's URL cannot be read; {form}"
        if "@" in parts.netloc:
            return "the webhook's URL holds credentials, which are not sent; leave them out"
        named = f"[{host}]" if ":" in host else host
        try:
            return _Way(parts.scheme, host, self._rules.admit(f"{named}:{port}"))
        except SourceNotAllowed:
            return (
                f"webhook {host}:{port} is not allowed; ask the administrator to allow this host "
                f"(--webhook-hosts)"
            )
