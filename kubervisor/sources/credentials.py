"""What an administrator's source wants to see: a token, a client certificate, a tenant.

Files are read again when they change, as mounted Secrets do. Nothing of their contents, and no
path, gets into a message: tenants read those.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock

from requests import PreparedRequest

from kubervisor.errors import SourceUnavailable
from kubervisor.source_settings import NamedSource

MAX_TOKEN_BYTES = 64 * 1024

Stamp = tuple[int, int, int]


class Credentials:
    """The credentials of one named source; safe to use from several threads.

    All methods raise SourceUnavailable where a file cannot be used.
    """

    def __init__(self, source: NamedSource) -> None:
        self._source = source
        self._lock = Lock()
        self._token: tuple[Stamp, str] | None = None

    @property
    def verify(self) -> str | bool:
        """The certificate authorities, as requests takes them."""
        return str(self._source.ca_file) if self._source.ca_file else True

    @property
    def cert(self) -> tuple[str, str] | None:
        """The client certificate and its key, as requests takes them."""
        if self._source.cert_file is None or self._source.key_file is None:
            return None
        return str(self._source.cert_file), str(self._source.key_file)

    def sign(self, request: PreparedRequest) -> None:
        """Add the token and the tenant to `request`."""
        source = self._source
        if source.token_file is not None:
            request.headers["Authorization"] = f"Bearer {self._read_token(source.token_file)}"
        if source.tenant_header is not None:
            request.headers[source.tenant_header.name] = source.tenant_header.value
        if source.tenant_parameter is not None:
            tenant = source.tenant_parameter
            request.prepare_url(request.url, {tenant.name: tenant.value})

    def tls_stamps(self) -> tuple[Stamp, ...]:
        """Another value whenever a file that new connections are made with has changed."""
        source = self._source
        files = {
            "caFile": source.ca_file,
            "certFile": source.cert_file,
            "keyFile": source.key_file,
        }
        return tuple(self._stamp(path, field) for field, path in files.items() if path)

    def _read_token(self, path: Path) -> str:
        stamp = self._stamp(path, "tokenFile")
        with self._lock:
            if self._token is None or self._token[0] != stamp:
                self._token = stamp, self._load_token(path)
            return self._token[1]

    def _load_token(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                text = file.read(MAX_TOKEN_BYTES).decode("ascii").strip()
        except OSError:
            raise self._unreadable("tokenFile") from None
        except UnicodeDecodeError:
            text = ""
        if not text or not text.isprintable() or " " in text:
            raise SourceUnavailable(
                f"Source {self._source.name} was not asked: its tokenFile holds no token. Only the "
                f"administrator can change that."
            )
        return text

    def _stamp(self, path: Path, field: str) -> Stamp:
        try:
            found = os.stat(path)  # noqa: PTH116 - on every request: no objects in between
        except OSError:
            raise self._unreadable(field) from None
        # A mounted Secret is replaced by another file behind the same links.
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _unreadable(self, field: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"Source {self._source.name} was not asked: its {field} cannot be read. Only the "
            f"administrator can change that."
        )
