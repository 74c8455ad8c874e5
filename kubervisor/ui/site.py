"""What the dashboard answers, path by path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kubervisor.telemetry.logs import Log
from kubervisor.traffic.model import ServiceKey
from kubervisor.ui.connection import MOST_HEADER_BYTES
from kubervisor.ui.data_documents import Data
from kubervisor.ui.documents import Answer, Document, Fleet, Problem, encode
from kubervisor.ui.files import INDEX, File, read_files
from kubervisor.ui.hosts import is_allowed
from kubervisor.ui.rules_documents import Rules
from kubervisor.ui.streams import STREAMS, Streams
from kubervisor.ui.topics import no_service
from kubervisor.ui.view import View
from kubervisor.ui.workflows_documents import Workflows

NOT_BUILT = """The dashboard's pages are not built into this installation.

From a checkout: `make ui` builds them (Node from PATH, else one that it installs), and then load
this page again. A wheel and the image have them.

What the pages read is there nonetheless: /api/fleet
"""
PAGES = frozenset({"/", "/data", "/rules", "/workflows"})
LONGEST_PATH = 2048
_FRESH = {"cache-control": "no-store"}
_READING = ("GET", "HEAD")


def make_site(view: View, streams: Streams, hosts: frozenset[str], log: Log) -> ASGIApp:
    """The application: it reads, and answers those who call it by one of `hosts`."""
    api, pages = _Api(view, streams), _Pages(read_files())
    site = Starlette(
        routes=[
            Route("/api/fleet", api.fleet),
            Route("/api/stream", api.stream),
            Route("/api/data", api.data),
            Route("/api/rules", api.rules),
            Route("/api/workflows", api.workflows),
            Route("/api/services/{namespace}/{name}", api.service),
            Route("/api/services/{namespace}/{name}/history", api.history),
            Route("/api/services/{namespace}/{name}/stream", api.stream),
            Route("/{path:path}", pages.page),
        ],
        exception_handlers={HTTPException: _refuse},
    )
    return _Gate(site, hosts, log)


class _Api:
    """Everything under /api."""

    def __init__(self, view: View, streams: Streams) -> None:
        self._view, self._streams = view, streams

    async def fleet(self, _: Request) -> Response:
        view = self._view
        return _json(Fleet(view.now(), view.controller(), list(view.rows().values())))

    async def data(self, _: Request) -> Response:
        return await self._listed(self._view.rollouts.read, Data)

    async def rules(self, _: Request) -> Response:
        return await self._listed(self._view.remediation.read, Rules)

    async def workflows(self, _: Request) -> Response:
        return await self._listed(self._view.workflows.read, Workflows)

    async def _listed(self, read: Callable[[], NamedTuple], answer: type[Answer]) -> Response:
        """What `read` finds, field by field; it asks the API server, on a thread that streams do
        not need.
        """
        found = await run_in_threadpool(read)
        view = self._view
        return _json(answer(at=view.now(), controller=view.controller(), **found._asdict()))

    async def service(self, request: Request) -> Response:
        return self._about(request, self._view.service)

    async def history(self, request: Request) -> Response:
        return self._about(request, self._view.history)

    async def stream(self, request: Request) -> Response:
        """Of all Services, or of the one in the path."""
        if request.method == "HEAD":
            raise HTTPException(405, "A stream can only be read", {"allow": "GET"})
        key = _key(request) if "name" in request.path_params else None
        if key is not None and not self._view.has(key):
            return _json(no_service(key), 404)
        messages = self._streams.open(key, request.state.abort)
        if messages is None:
            why = f"There are {STREAMS} readers already; close a page"
            raise HTTPException(503, why, {"retry-after": "5"})
        return StreamingResponse(messages, media_type="text/event-stream", headers=_FRESH)

    def _about(self, request: Request, read: Callable[[ServiceKey], Document | None]) -> Response:
        key = _key(request)
        found = read(key)
        return _json(no_service(key), 404) if found is None else _json(found)


class _Pages:
    """Files of the build; every page of the dashboard is the same one, which reads its path."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files

    async def page(self, request: Request) -> Response:
        path = request.url.path
        is_page = path in PAGES or path.startswith("/services/")
        file = self._files.get(INDEX if is_page else path)
        if file is None and is_page:
            return _plain(NOT_BUILT, 503)
        if file is None or path.startswith("/api/"):
            raise HTTPException(404)
        headers = {"cache-control": file.caching, "etag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)


class _Gate:
    """Lets in whoever calls us by our name, reads, and brings nothing along."""

    def __init__(self, site: ASGIApp, hosts: frozenset[str], log: Log) -> None:
        self._site, self._hosts, self._log = site, hosts, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        refusal = _refusal(request, self._hosts)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        try:
            await self._site(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the guard: one request's trouble is its own
            self._log.error(
                "Could not answer", path=request.url.path, error=str(error), exc_info=True
            )
            request.state.abort()


def _refusal(request: Request, hosts: frozenset[str]) -> Response | None:
    headers = request.headers
    if len(headers.getlist("host")) != 1 or not is_allowed(headers["host"], hosts):
        names = ", ".join(sorted(hosts))
        return _plain(f"This server answers to these names only: {names}\n", 421)
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and _is_api(request):
        return _plain("Pages of other sites may not read this\n", 403)
    if request.method not in _READING:
        return _told(
            request, 405, "This server is for reading: GET or HEAD", {"allow": "GET, HEAD"}
        )
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        return _told(request, 413, "A request has no body here", {"connection": "close"})
    if sum(len(name) + len(value) for name, value in headers.raw) > MOST_HEADER_BYTES:
        return _told(request, 431, f"Headers have at most {MOST_HEADER_BYTES} bytes here")
    if len(request.scope["raw_path"]) > LONGEST_PATH:
        return _told(request, 414, f"A path has at most {LONGEST_PATH} bytes here")
    return None


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    why = "There is nothing here" if error.status_code == 404 else error.detail
    return _told(request, error.status_code, why, error.headers)


def _told(
    request: Request, status: int, why: str, headers: Mapping[str, str] | None = None
) -> Response:
    if _is_api(request):
        return _json(Problem(why), status, headers)
    return _plain(f"{why}\n", status, headers)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _key(request: Request) -> ServiceKey:
    return ServiceKey(request.path_params["namespace"], request.path_params["name"])


def _json(
    document: Document, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    body = encode(document)
    return Response(body, status, {**_FRESH, **(headers or {})}, media_type="application/json")


def _plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, {**_FRESH, **(headers or {})}, media_type="text/plain")
