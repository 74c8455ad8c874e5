"""What the pods of an operator say, line by line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

import msgspec

from kubervisor.errors import ApiError, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.listing import list_all
from kubervisor.runtime.threads import start_thread
from kubervisor.text import printable
from kubervisor.workflow.deploying.applying import Say
from kubervisor.workflow.scheduler.inventory import OPERATOR_LABEL, OWNER_LABEL

SILENT_SECONDS = 24 * 3600.0
"""An operator at rest says nothing for long."""


class _Meta(msgspec.Struct, gc=False):
    name: str


class _Pod(msgspec.Struct, gc=False):
    metadata: _Meta


_pods = msgspec.json.Decoder(_Pod)
_Said = tuple[str, str | ApiError | None]
"""Of which pod: a line, why there are no more, or nothing at the end."""


def print_logs(api: Api, operator: str, namespace: str, *, follow: bool, say: Say) -> None:
    """Say the lines of all pods that a deployed operator has, as they come; with `follow` until the
    pods end.

    Raises NotFound where there are no pods, and the ApiError of one that cannot be read, once all
    others are.
    """
    selected = f"{OPERATOR_LABEL}={operator},app={operator},!{OWNER_LABEL}"
    path = paths.collection(paths.PODS, namespace)
    pods = list_all(api, path, _pods.decode, query={"labelSelector": selected})
    names = [pod.metadata.name for pod in pods]
    if not names:
        raise NotFound(f"{operator} has no pods in namespace {namespace}; is it deployed there?")
    said: SimpleQueue[_Said] = SimpleQueue()
    for name in names:
        start_thread(f"log of {name}", partial(_read, api, namespace, name, follow, said.put))
    reading, problems = len(names), list[ApiError]()
    while reading:
        name, line = said.get()
        if isinstance(line, str):
            say(f"{name}: {line}" if len(names) > 1 else line)
        elif line is None:
            reading -= 1
        else:
            problems.append(line)
    if problems:
        raise problems[0]


def _read(api: Api, namespace: str, name: str, follow: bool, tell: Callable[[_Said], None]) -> None:
    path = paths.single(paths.PODS, namespace, name, "log")
    try:
        query = {"follow": "true"} if follow else {}
        for line in api.stream(path, query, read_timeout=SILENT_SECONDS):
            tell((name, printable(line.decode(errors="replace"))))
    except ApiError as error:
        tell((name, error))
    finally:
        tell((name, None))
