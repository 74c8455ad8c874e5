"""What the repository answers, path by path. Names of callers are looked up among those that are
published and never become part of a path on the disk.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from kubervisor.datarollout.needs import NAME
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.repository import Repository
from kubervisor.datarollout.repository.store import Store
from kubervisor.datarollout.versions import Version, write_manifest
from kubervisor.telemetry.logs import Log

_FRESH = {"cache-control": "no-store"}
_FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}
_READING = ("GET", "HEAD")
_REALM = {"www-authenticate": 'Bearer realm="data"'}
MEDIA_TYPE = "application/zstd"

Token = Callable[[], str | None]
"""The token that manifest and archives want now; None where they want none, "" where nothing can be
right because it cannot be read.
"""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the pages are made of."""

    repository: Repository
    store: Store
    metrics: RepositoryMetrics
    token: Token
    log: Log

    def application(self) -> ASGIApp:
        """The application; it reads only."""
        site = Starlette(
            routes=[
                Route("/.manifest", self.manifest),
                Route("/ping", self.ping),
                Route("/livez", self.live),
                Route("/readyz", self.ready),
                Route("/metrics", self.scrape),
                Route("/{source}/{path:path}", self.archive),
            ],
            exception_handlers={HTTPException: _refuse},
        )
        site.router.redirect_slashes = False
        return _Gate(site, self.log)

    async def manifest(self, request: Request) -> Response:
        self._admit(request)
        body = write_manifest(self._published())
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        headers = {"etag": etag, "cache-control": "no-cache"}
        if _has(request, etag):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type="application/json")

    async def archive(self, request: Request) -> Response:
        self._admit(request)
        source, path = request.path_params["source"], request.path_params["path"]
        if not NAME.fullmatch(source) or not NAME.fullmatch(path):
            raise HTTPException(400, "An archive is /SOURCE/VERSION, as /.manifest names them")
        found = self.store.find(source, path)
        if found is None:
            raise HTTPException(404, "There is no such archive; /.manifest names those there are")
        version, file = found
        headers = {**_FOR_EVER, "etag": f'"{version.sha256}"'}
        if _has(request, headers["etag"]):
            return Response(status_code=304, headers=headers)
        try:
            stat = await anyio.to_thread.run_sync(file.stat)
        except FileNotFoundError:
            raise HTTPException(404, "This archive has just been let go") from None
        self.metrics.downloads.labels(source).inc()
        return FileResponse(file, headers=headers, media_type=MEDIA_TYPE, stat_result=stat)

    async def ping(self, _: Request) -> Response:
        problem = self.repository.problem()
        return _plain(problem or "ok", 500 if problem else 200)

    async def live(self, _: Request) -> Response:
        return _plain("ok")

    async def ready(self, _: Request) -> Response:
        """Ready with what it has, whatever else is wrong: that is said, and counts not."""
        waiting = self.repository.ready()
        if waiting:
            return _plain(waiting, 503)
        return _plain("\n".join(["ok", *self.repository.troubles()]))

    async def scrape(self, _: Request) -> Response:
        body = generate_latest(self.metrics.registry)
        return Response(body, headers={"content-type": CONTENT_TYPE_LATEST})

    def _published(self) -> dict[str, tuple[Version, ...]]:
        return {name: self.store.record(name).versions for name in self.repository.names()}

    def _admit(self, request: Request) -> None:
        """Raises HTTPException where the token is wanted and not there."""
        wanted = self.token()
        if wanted is None:
            return
        given = request.headers.get("authorization", "")
        scheme, _, word = given.partition(" ")
        is_right = hmac.compare_digest(word.strip().encode(), wanted.encode())
        if not wanted or scheme.lower() != "bearer" or not is_right:
            self.metrics.refused.inc()
            raise HTTPException(401, "This wants the repository's token", _REALM)


@dataclass(frozen=True, slots=True)
class _Gate:
    """Lets in whoever reads and brings nothing along."""

    site: ASGIApp
    log: Log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        if request.method not in _READING:
            refusal = _plain("This server is for reading: GET or HEAD", 405)
            refusal.headers["allow"] = "GET, HEAD"
            await refusal(scope, receive, send)
            return
        try:
            await self.site(scope, receive, send)
        except Exception as error:
            self.log.exception("Could not answer", path=request.url.path, error=str(error))
            request.state.abort()


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _plain(error.detail, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _has(request: Request, etag: str) -> bool:
    """Whether the caller has this already."""
    known = request.headers.get("if-none-match", "")
    return etag in (one.strip().removeprefix("W/") for one in known.split(",")) or known == "*"


def _plain(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, dict(_FRESH), media_type="text/plain")
