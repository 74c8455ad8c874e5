"""Where data come from in tests: real git repositories, served as servers do, and a web server."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WHO = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "shop",
    "GIT_AUTHOR_EMAIL": "shop@example.com",
    "GIT_COMMITTER_NAME": "shop",
    "GIT_COMMITTER_EMAIL": "shop@example.com",
}


class GitOrigin:
    """A repository with a work tree in `folder`, on branch main, without commits yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "http.receivepack", "false")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(self, *arguments: str, at: int | None = None) -> str:
        """What git prints; with `at` (Unix seconds) as the instant of what it writes."""
        dates = {} if at is None else dict.fromkeys(_DATES, f"{at} +0000")
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **WHO, **dates},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes], *, at: int | None = None) -> str:
        """Have exactly these files; the commit."""
        for old in self.git("ls-files").splitlines():
            self.folder.joinpath(old).unlink(missing_ok=True)
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.save(at=at)

    def save(self, *, at: int | None = None) -> str:
        """Commit the folder as it is; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=data", at=at)
        return self.git("rev-parse", "HEAD")


_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")


@dataclass
class Seen:
    """What a server was asked: paths, and headers with lower-case names."""

    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What a server says."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class WebOrigin:
    """A server on loopback that answers as `answer` says, and remembers what it was asked."""

    server: ThreadingHTTPServer
    scheme: str
    seen: list[Seen] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def serving(
    answer: Callable[[Seen], Answer], *, certificate: tuple[Path, Path] | None = None
) -> Iterator[WebOrigin]:
    """Serve until the block ends; with TLS where there is a certificate and its key."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            origin.seen.append(Seen(self.path, headers))
            found = answer(origin.seen[-1])
            self.send_response(found.status)
            for key, value in found.headers.items():
                self.send_header(key, value)
            if "Content-Length" not in found.headers:
                self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _running(Handler, certificate) as server:
        origin = WebOrigin(server, "https" if certificate else "http")
        yield origin


@contextmanager
def serving_git(
    root: Path,
    *,
    user: str = "",
    password: str = "",
    before: Callable[[Seen], Answer | None] = lambda _: None,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[WebOrigin]:
    """Serve the repositories below `root` by git's own program for that, to `user` only where one
    is named. What `before` answers is answered in its place.
    """
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            origin.seen.append(Seen(self.path, headers))
            instead = before(origin.seen[-1])
            if instead is not None:
                self.send_response(instead.status)
                for key, value in instead.headers.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(instead.body)
            elif user and headers.get("authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._pass_on()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def _pass_on(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            done = subprocess.run(
                ["git", "-c", "safe.directory=*", "http-backend"],
                input=body,
                env={
                    **os.environ,
                    **WHO,
                    "GIT_PROJECT_ROOT": str(root),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "REQUEST_METHOD": self.command,
                    "PATH_INFO": path,
                    "QUERY_STRING": query,
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "REMOTE_ADDR": "127.0.0.1",
                },
                capture_output=True,
                check=False,
            )
            head, _, rest = done.stdout.partition(b"\r\n\r\n")
            lines = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
            self.send_response(int(lines.pop("Status", "200 OK").split()[0]))
            for key, value in {**lines, "Content-Length": str(len(rest))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(rest)

    with _running(Handler, certificate) as server:
        origin = WebOrigin(server, "https" if certificate else "http")
        yield origin


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *request: Any) -> None:
        """Tell what breaks; whoever asks has read enough when he likes."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(*request)


@contextmanager
def _running(
    handler: type[BaseHTTPRequestHandler], certificate: tuple[Path, Path] | None
) -> Iterator[ThreadingHTTPServer]:
    server = _Server(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
