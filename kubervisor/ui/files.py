"""The dashboard's pages, as they were built into the package: read once, and nothing else served.

A path is looked up among the files that are there and never joined to a folder's.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

STATIC = Path(__file__).parent / "static"
INDEX = "/index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_FOREVER = "public, max-age=31536000, immutable"
"""For files whose name holds a digest of what is in them."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the build as it is sent."""

    body: bytes
    media_type: str
    etag: str
    caching: str


def read_files(folder: Path = STATIC) -> dict[str, File]:
    """The files of the build by their path, such as /index.html; none where nothing is built.

    Hidden files and those of a type that no page needs are left out.
    """
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        media_type = _TYPES.get(path.suffix)
        if media_type is None or not path.is_file() or name.startswith("."):
            continue
        body = path.read_bytes()
        digest = blake2b(body, digest_size=12).hexdigest()
        caching = _FOREVER if name.startswith("assets/") else "no-cache"
        found[f"/{name}"] = File(body, media_type, f'"{digest}"', caching)
    return found
