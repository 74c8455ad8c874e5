"""Archives, a small repository on the loopback, and a deployer's parts, for its tests."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import zstandard

from kubervisor.datarollout.versions import Version

Entry = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"x", **fields: object) -> Entry:
    """An entry of a regular file."""
    return _entry(name, tarfile.REGTYPE, content, **{**fields, "size": len(content)})


def folder(name: str) -> Entry:
    """An entry of a folder."""
    return _entry(name, tarfile.DIRTYPE)


def link(name: str, target: str) -> Entry:
    """An entry of a symbolic link."""
    return _entry(name, tarfile.SYMTYPE, linkname=target)


def special(name: str, kind: bytes, **fields: object) -> Entry:
    """An entry of another kind."""
    return _entry(name, kind, **fields)


def tar(entries: Iterable[Entry], form: int = tarfile.GNU_FORMAT) -> bytes:
    """Those entries, as they are, and the end of an archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as made:
        for info, content in entries:
            made.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def packed(*entries: Entry) -> bytes:
    """An archive as a repository has it."""
    return zstandard.compress(tar(entries))


def version_of(archive: bytes, path: str = "") -> Version:
    """The version that these bytes are."""
    digest = hashlib.sha256(archive).hexdigest()
    return Version(path or f"5f-{digest[:16]}.tar.zst", digest, size=len(archive))


def _entry(name: str, kind: bytes, content: bytes = b"", /, **fields: object) -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.mtime, info.mode = kind, 1_600_000_000, 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


@dataclass
class Asked:
    """One request, and the means to answer it otherwise."""

    path: str
    headers: dict[str, str]
    handler: BaseHTTPRequestHandler = field(repr=False)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> bool:
        """Send a whole answer; True, for a script has then answered."""
        self.begin(status, {"Content-Length": str(len(body))} | headers)
        self.send(body)
        return True

    def begin(self, status: int, headers: dict[str, str]) -> None:
        """Send its head."""
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()

    def send(self, body: bytes) -> None:
        """Send a part of its body."""
        try:
            self.handler.wfile.write(body)
        except OSError:
            self.cut()

    def cut(self) -> None:
        """Hang up once this returns."""
        self.handler.close_connection = True


class Repository:
    """Serves archives with ranges, as the repository of data does; `script` may answer instead,
    and returns whether it did.
    """

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.script: Callable[[Asked], bool] = lambda _: False
        self.ended = threading.Event()
        ours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.path, headers, self)
                ours.asked.append(asked)
                if not ours.script(asked):
                    ours.serve(asked)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing: clients of tests hang up, and are killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def publish(self, source: str, archive: bytes) -> Version:
        """Have it served from now on."""
        version = version_of(archive)
        self.archives[f"/{source}/{version.path}"] = archive
        return version

    def serve(self, asked: Asked) -> None:
        """Answer as a repository does."""
        archive = self.archives.get(asked.path)
        if archive is None:
            asked.answer(404, b"no such version")
            return
        tag = f'"{version_of(archive).sha256}"'
        start = re.fullmatch("bytes=([0-9]+)-", asked.headers.get("range", ""))
        if start is None or asked.headers.get("if-range") != tag:
            asked.answer(200, archive, ETag=tag)
        elif (at := int(start[1])) >= len(archive):
            asked.answer(416, Content_Range=f"bytes */{len(archive)}")
        else:
            whole = len(archive)
            told = f"bytes {at}-{whole - 1}/{whole}"
            asked.answer(206, archive[at:], ETag=tag, Content_Range=told)

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


@contextmanager
def repository() -> Iterator[Repository]:
    """One that serves within the context."""
    served = Repository()
    served.start()
    try:
        yield served
    finally:
        served.close()


def everything(root: Path) -> dict[str, str]:
    """What there is below a folder: a file's content, `→ target` of a link, `/` for a folder."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = f"→ {path.readlink()}"
        else:
            found[name] = "/" if path.is_dir() else path.read_text(errors="replace")
    return found
