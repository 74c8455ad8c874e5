"""From which repository a deployer downloads, and who hears its token."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from kubervisor.datarollout.deployer.problems import VersionRefused

DEFAULT_URL = "http://datarepo"
"""AutoCrane's Service, in the pod's own namespace."""
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")

ReadToken = Callable[[], str]
"""The token as it is now, empty where there is none; raises OSError."""


@dataclass(frozen=True, slots=True)
class Address:
    """A repository's URL without a slash at its end, and what to read its token with."""

    url: str
    read_token: ReadToken | None = None

    def headers(self) -> dict[str, str]:
        """Those that show who we are. Raises VersionRefused where the token cannot be sent."""
        if self.read_token is None:
            return {}
        try:
            token = self.read_token().strip()
        except (OSError, UnicodeError) as error:
            raise VersionRefused(f"the repository's token cannot be read: {error}") from error
        if token and not _TOKEN.fullmatch(token):
            raise VersionRefused("the repository's token has characters that cannot be sent")
        return {"Authorization": f"Bearer {token}"} if token else {}


def choose_address(own: str, annotated: str, read_token: ReadToken) -> Address:
    """The deployer's own setting before the pod's annotation before AutoCrane's address.

    Only the first one hears the token: whoever may annotate a pod would have it sent to himself.

    Raises VersionRefused where the URL cannot be used.
    """
    if own:
        return Address(checked_url(own), read_token)
    return Address(checked_url(annotated or DEFAULT_URL))


def checked_url(url: str) -> str:
    """`url` without its last slash. Raises VersionRefused; its text may come from an annotation.

    >>> checked_url("http://datarepo/")
    'http://datarepo'
    """
    try:
        parts = urlsplit(url)
        is_usable = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and "@" not in parts.netloc
            and not parts.query
            and not parts.fragment
            and url.isascii()
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        is_usable = False
    if not is_usable:
        raise VersionRefused(
            "the repository's address must be http://HOST[:PORT] or https://HOST[:PORT], without a "
            "user, a query or a fragment"
        )
    return url.rstrip("/")
