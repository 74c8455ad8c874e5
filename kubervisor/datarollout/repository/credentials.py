"""Finds the credential that a spec points to, anew each time: mounted files change.

What is found goes to the one source it belongs to, by a header or an environment, and nowhere else:
not into arguments, messages, files that stay, or what is published.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubervisor.errors import SourceRejected

MOST_BYTES = 64 * 1024
_KEYS = ("username", "password", "token", "ssh-privatekey", "known_hosts", "ca.crt")
"""Of a folder that a Secret is mounted at; the names are those of Kubernetes' own types."""

ReadSecret = Callable[[str], Mapping[str, bytes]]
"""What the Secret of that name holds, in the repository's namespace."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What one source wants to see. `header` is the value of `Authorization`, `git_header` the same
    for git, `ssh_key` a private key, `known_hosts` whom to believe, `ca` certificate authorities in
    PEM; each "" where there is none. `secrets` are texts that no message may have.
    """

    header: str = field(default="", repr=False)
    git_header: str = field(default="", repr=False)
    ssh_key: str = field(default="", repr=False)
    known_hosts: str = ""
    ca: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def hidden(self, text: str) -> str:
        """`text` without the credential, should somebody have quoted it."""
        for secret in self.secrets:
            text = text.replace(secret, "(credentials)")
        return text


def find_credential(reference: str, read_secret: ReadSecret | None = None) -> Credential:
    """The credential at `reference`: env:VARIABLE, file:/path of a file or of a mounted Secret, or
    secret:NAME[/KEY]; nothing at "".

    Raises SourceRejected where there is none; ApiError where the Secret cannot be read.
    """
    kind, _, where = reference.partition(":")
    match kind:
        case "":
            return Credential()
        case "env":
            return _of_text(os.environ.get(where, ""), reference)
        case "file" if Path(where).is_dir():
            return _of_keys({key: _file(Path(where, key)) for key in _KEYS}, reference)
        case "file":
            return _of_text(_file(Path(where)), reference)
        case _:
            return _of_secret(where, reference, read_secret)


def _of_secret(where: str, reference: str, read_secret: ReadSecret | None) -> Credential:
    if read_secret is None:
        raise SourceRejected(f"its credential {reference} needs an account of Kubernetes")
    name, _, key = where.partition("/")
    held = {key: _text(value) for key, value in read_secret(name).items()}
    return _of_text(held.get(key, ""), reference) if key else _of_keys(held, reference)


def _of_keys(held: Mapping[str, str], reference: str) -> Credential:
    """By the keys of a Secret; it may hold authorities alone."""
    known_hosts, ca = held.get("known_hosts", ""), held.get("ca.crt", "")
    if held.get("ssh-privatekey"):
        return Credential(ssh_key=held["ssh-privatekey"] + "\n", known_hosts=known_hosts, ca=ca)
    name, word = held.get("username", "").strip(), held.get("password", "").strip()
    secret = f"{name}:{word}" if word else held.get("token", "")
    if not secret.strip() and not (known_hosts or ca):
        raise SourceRejected(f"its credential {reference} holds none of {', '.join(_KEYS)}")
    found = _of_text(secret, reference) if secret.strip() else Credential()
    return replace(found, known_hosts=known_hosts, ca=ca)


def _of_text(text: str, reference: str) -> Credential:
    """A header's value (with a space, as AutoCrane has it), user:password, or a token; or a key."""
    text = text.strip()
    if text.startswith("-----BEGIN "):
        return Credential(ssh_key=text + "\n")
    if not text or not text.isascii() or not text.isprintable():
        raise SourceRejected(
            f"its credential {reference} is not there, or no printable ASCII text of one line"
        )
    if " " in text:
        return Credential(text, text, secrets=(text, text.split(" ", 1)[1]))
    if ":" in text:
        return _basic(text)
    # git's servers want a name with a token; the usual ones take any.
    named = _basic(f"x-access-token:{text}")
    return Credential(f"Bearer {text}", named.git_header, secrets=(text, *named.secrets))


def _basic(pair: str) -> Credential:
    coded = base64.b64encode(pair.encode()).decode()
    header = f"Basic {coded}"
    return Credential(header, header, secrets=(pair, coded, pair.split(":", 1)[1]))


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _text(file.read(MOST_BYTES))
    except OSError:
        return ""


def _text(value: bytes) -> str:
    return value[:MOST_BYTES].decode(errors="replace")
