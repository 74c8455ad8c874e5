"""The original's custom detector: a service of the user's that answers GET with the outliers.

It must answer 200 with a core/v1 PodList, as the original demands. Only names, namespaces and uids
are read: an answer points at pods, it never describes them.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from urllib3 import Timeout

from kubervisor.errors import SourceAnswerUnusable
from kubervisor.sources.credentials import Credentials
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import MIB, SourceSession, excerpt, status_error
from kubervisor.traffic.measurement import NamedPod

MAX_ANSWER = 4 * MIB
MAX_PODS = 100_000


class _Metadata(msgspec.Struct):
    name: str
    namespace: str | None = None
    uid: str | None = None


class _Item(msgspec.Struct):
    metadata: _Metadata


class _PodList(msgspec.Struct):
    kind: str
    apiVersion: str
    items: Annotated[list[_Item], msgspec.Meta(max_length=MAX_PODS)] | None = None


_POD_LIST = msgspec.json.Decoder(_PodList)


class CustomDetector:
    """One custom detector. Safe to use from several threads."""

    def __init__(self, url: str, dial: Dial, credentials: Credentials | None = None) -> None:
        self._url = url
        self._title = dial.title
        self._session = SourceSession(url, dial, MAX_ANSWER, credentials)
        # Small servers close idle connections about as often as we ask: a kept one would be cut
        # just as it is used again.
        self._session.headers["Connection"] = "close"

    def ask(self, *, deadline: float, asked_for: str) -> tuple[NamedPod, ...]:
        """The pods it names, as it names them; it is told `asked_for`. Raises SourceError."""
        # requests takes a total, its annotation does not know it.
        total: Any = Timeout(total=deadline)
        headers = {"X-Kubervisor-Service": asked_for} if asked_for else None
        response = self._session.get(self._url, headers=headers, timeout=total)
        if response.status_code != 200:
            raise status_error(self._title, response.status_code)
        return read_pod_list(self._title, response.content)

    def close(self) -> None:
        """Close what is open."""
        self._session.close()


def read_pod_list(title: str, body: bytes) -> tuple[NamedPod, ...]:
    """The pods of a PodList in its order. Raises SourceAnswerUnusable for anything else."""
    try:
        answer = _POD_LIST.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceAnswerUnusable(
            f"{title} did not answer with a PodList in JSON ({excerpt(str(error))})."
        ) from None
    if (answer.kind, answer.apiVersion) != ("PodList", "v1"):
        raise SourceAnswerUnusable(
            f"{title} answered a {excerpt(answer.apiVersion, 40)} {excerpt(answer.kind, 40)}; a v1 "
            f"PodList is wanted."
        )
    pods = (item.metadata for item in answer.items or ())
    return tuple(NamedPod(pod.name, pod.namespace or None, pod.uid or None) for pod in pods)
