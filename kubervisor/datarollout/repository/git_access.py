"""With what git asks a repository: protocols, addresses, a credential; all by its environment."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kubervisor.datarollout.repository.credentials import Credential
from kubervisor.datarollout.repository.program import settings
from kubervisor.errors import SourceRejected

FIXED = (
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.bigFileThreshold", "16m"),  # what is larger streams, and is not held in memory
    ("pack.threads", "1"),
    ("fetch.unpackLimit", "1"),  # one file for what came, and no inode for each object
    ("fetch.recurseSubmodules", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("credential.helper", ""),
    ("http.followRedirects", "false"),  # a redirect leads past the check of the address
    ("http.proxy", ""),
    ("filter.lfs.smudge", ""),
    ("filter.lfs.process", ""),
    ("filter.lfs.required", "false"),
)
_PORTS = {"https": 443, "http": 80, "ssh": 22}

Pinned = Callable[[str, int, float], list[str]]
"""The addresses at which host and port may be reached, found within so many seconds; raises
SourceError where there are none.
"""


@dataclass(frozen=True, slots=True)
class GitAccess:
    """`protocols` as git's GIT_ALLOW_PROTOCOL."""

    url: str
    protocols: str
    pinned: Pinned

    @contextmanager
    def environment(
        self, credential: Credential, scratch: Path, deadline: float
    ) -> Iterator[dict[str, str]]:
        """The variables with which git asks. A key is a file in `scratch` for that time only."""
        with tempfile.TemporaryDirectory(dir=scratch) as made:
            folder = Path(made)
            values = [*FIXED, *self._network(credential, deadline - time.monotonic())]
            if credential.ca:
                values.append(("http.sslCAInfo", str(_kept(folder / "ca", credential.ca))))
            yield {
                "GIT_ALLOW_PROTOCOL": self.protocols,
                "GIT_SSH_VARIANT": "ssh",
                "GIT_SSH_COMMAND": shlex.join(_ssh(credential, folder)),
                **settings(values),
            }

    def _network(self, credential: Credential, seconds: float) -> Iterator[tuple[str, str]]:
        parts = urlsplit(self.url)
        if not parts.hostname:
            return  # a folder, in tests
        port = parts.port or _PORTS[parts.scheme]
        addresses = self.pinned(parts.hostname, port, seconds)
        if parts.scheme == "ssh":
            return  # it knows whom it speaks to by the host's key
        if credential.ssh_key:
            raise SourceRejected("its credential is a key of ssh, and its URL is none of ssh")
        # The name is not looked up a second time: it might lead elsewhere then.
        found = ",".join(f"[{one}]" if ":" in one else one for one in addresses)
        yield "http.curloptResolve", f"{parts.hostname}:{port}:{found}"
        if credential.git_header:
            header = f"Authorization: {credential.git_header}"
            yield f"http.{self.url}.extraHeader", header


def _ssh(credential: Credential, folder: Path) -> list[str]:
    """The command by which git starts ssh: it asks nobody, and believes known hosts only."""
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "ForwardAgent=no"]
    if credential.ssh_key:
        # Mounted Secrets are readable by a group, which ssh refuses: so it gets a copy.
        key = _kept(folder / "key", credential.ssh_key)
        options += ["IdentitiesOnly=yes", f"IdentityFile={key}"]
    if credential.known_hosts:
        known = _kept(folder / "known_hosts", credential.known_hosts)
        options.append(f"UserKnownHostsFile={known}")
    return ["ssh", "-F", os.devnull, *(f"-o{option}" for option in options)]


def _kept(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
