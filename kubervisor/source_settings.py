"""A measurement source as an administrator configures it: where it is, what it wants to see, who
may use it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
_TOKEN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
_PRINTABLE = r"^[!-~]([ -~]*[!-~])?$"
_RESERVED = frozenset(
    {"authorization", "connection", "content-length", "host", "transfer-encoding"}
)


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        hide_input_in_errors=True,
    )


class TenantHeader(_Frozen):
    """A header that tells a multi-tenant source whose data to read, such as X-Scope-OrgID."""

    name: Annotated[str, Field(pattern=_TOKEN, max_length=256)]
    value: Annotated[str, Field(pattern=_PRINTABLE, max_length=4096)] = Field(repr=False)

    @model_validator(mode="after")
    def _is_free(self) -> Self:
        if self.name.lower() in _RESERVED:
            raise ValueError(f"{self.name} is set by Kubervisor; a bearer token goes in tokenFile")
        return self


class TenantParameter(_Frozen):
    """A query parameter for the same purpose, such as `namespace` of OpenShift's Thanos."""

    name: Annotated[str, Field(pattern=_TOKEN, max_length=256)]
    value: Annotated[str, Field(pattern=_PRINTABLE, max_length=4096)] = Field(repr=False)


class NamedSource(_Frozen):
    """A source that specs name, trusted wherever it leads. Its files are read when it is asked, and
    again when they change.

    `ca_file` replaces the usual authorities. `namespaces` are those whose KubervisorServices may
    use it; empty means all.
    """

    name: Annotated[str, Field(pattern=_NAME, max_length=63)]
    url: str
    ca_file: Path | None = None
    token_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    tenant_header: TenantHeader | None = None
    tenant_parameter: TenantParameter | None = None
    namespaces: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the URL, or its scheme's."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def admits(self, namespace: str) -> bool:
        """Whether KubervisorServices of `namespace` may use it."""
        return not self.namespaces or namespace in self.namespaces

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        parts = urlsplit(self.url)
        form = "its URL must be http(s)://host[:port][/path]"
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or not self.url.isprintable()
        ):
            raise ValueError(f"Source {self.name}: {form}.")
        if parts.query or parts.fragment:
            raise ValueError(f"Source {self.name}: {form}; a tenant goes in tenantParameter.")
        if parts.username or parts.password:
            raise ValueError(f"Source {self.name}: {form}; put a bearer token in tokenFile.")
        _ = parts.port  # raises ValueError where it is no port
        files = (self.ca_file, self.token_file, self.cert_file, self.key_file)
        if parts.scheme == "http" and any(files):
            raise ValueError(
                f"Source {self.name}: credentials are sent by https only; change its URL."
            )
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError(f"Source {self.name}: certFile and keyFile go together.")
        return self


def check_names(sources: tuple[NamedSource, ...]) -> tuple[NamedSource, ...]:
    """`sources`. Raises ValueError where two have one name."""
    names = [source.name for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two sources are named {twice[0]}; write another name for one")
    return sources
