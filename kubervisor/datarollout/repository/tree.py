"""The files of one version, collected before they are packed: named safely, bounded, in order.

What may be in a version: regular files, and links that stay in it. Whoever unpacks it must not
have to rely on that, but nothing else is ever published.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from kubervisor.datarollout.repository.limits import MIB, MOST_ENTRIES
from kubervisor.errors import SourceAnswerUnusable
from kubervisor.text import printable

LONGEST_PATH, LONGEST_NAME = 1024, 255
SHOWN = 5
"""Names of what was left out that a message has."""
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, whose bytes are at `offset` of the spool, or a link, which has a `target`."""

    path: tuple[str, ...]
    offset: int = 0
    size: int = 0
    digest: str = ""
    executable: bool = False
    target: str = ""


class Tree:
    """Takes entries in any order. `spool` is an empty file that keeps their bytes; files may have
    `most_bytes` together.
    """

    def __init__(self, spool: IO[bytes], most_bytes: int) -> None:
        self.spool, self._most = spool, most_bytes
        self._entries: dict[tuple[str, ...], Entry] = {}
        self._end = 0
        self._added = 0
        self._left_out: list[str] = []

    def add_file(self, path: str, content: IO[bytes], *, executable: bool = False) -> None:
        """Add a file. Raises SourceAnswerUnusable where it may not be named so, or there are too
        many or too large ones.
        """
        parts = self._counted(path)
        digest, start = sha256(), self._end
        self.spool.seek(start)
        while chunk := content.read(_CHUNK):
            self._end += len(chunk)
            if self._end > self._most:
                raise SourceAnswerUnusable(
                    f"its files have more than {self._most // MIB} MiB; publish less, or raise "
                    "--max-unpacked"
                )
            self.spool.write(chunk)
            digest.update(chunk)
        size = self._end - start
        self._entries[parts] = Entry(parts, start, size, digest.hexdigest(), executable)

    def add_link(self, path: str, target: str) -> None:
        """Add a symbolic link; one that leads out of the tree is left out."""
        parts = self._counted(path)
        if _stays_inside(parts, target):
            self._entries[parts] = Entry(parts, target=target)
        else:
            self.leave_out(path)

    def add_copy(self, path: str, of: str) -> None:
        """Add what a hard link stands for: a file that was added before; else it is left out."""
        parts = self._counted(path)
        original = self._entries.get(_parts(of))
        if original is None or original.target:
            self.leave_out(path)
        else:
            content = original.offset, original.size, original.digest, original.executable
            self._entries[parts] = Entry(parts, *content)

    def leave_out(self, path: str) -> None:
        """Remember that `path` is nothing that a version can have."""
        self._left_out.append(printable(path[:80]))

    def entries(self) -> list[Entry]:
        """All entries, folders before what is in them. What lies beneath a file or a link, by
        which it would be written elsewhere, is not among them.
        """
        found = []
        for parts, entry in sorted(self._entries.items()):
            if any(parent in self._entries for parent in _parents(parts)):
                self.leave_out("/".join(parts))
            else:
                found.append(entry)
        return found

    @property
    def note(self) -> str:
        """What was left out, for a person; "" where nothing was."""
        if not self._left_out:
            return ""
        more = len(self._left_out) - SHOWN
        names = ", ".join(self._left_out[:SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"left out, for they are no files, or links that lead out: {names}"

    def _counted(self, path: str) -> tuple[str, ...]:
        self._added += 1
        if self._added > MOST_ENTRIES:
            raise SourceAnswerUnusable(f"it has more than {MOST_ENTRIES} files")
        return _parts(path)


def fingerprint(entries: list[Entry]) -> str:
    """The SHA-256 of what the entries are, whenever they were packed."""
    whole = sha256()
    for entry in entries:
        fields = ("/".join(entry.path), entry.digest, str(entry.executable), entry.target)
        whole.update("\0".join(fields).encode() + b"\n")
    return whole.hexdigest()


def folders(entries: list[Entry]) -> Iterator[tuple[Entry, list[tuple[str, ...]]]]:
    """Each entry with those of its folders that no entry before it was in."""
    seen: set[tuple[str, ...]] = set()
    for entry in entries:
        new = [parent for parent in _parents(entry.path) if parent not in seen]
        seen.update(new)
        yield entry, new


def _parents(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [path[:length] for length in range(1, len(path))]


def _parts(path: str) -> tuple[str, ...]:
    """The parts of a relative path. Raises SourceAnswerUnusable where it leads anywhere else."""
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        raw = b""
    longest = max((len(part.encode(errors="replace")) for part in parts), default=0)
    if (
        path.startswith("/")
        or not parts
        or ".." in parts
        or printable(path) != path
        or not 0 < len(raw) <= LONGEST_PATH
        or longest > LONGEST_NAME
    ):
        raise SourceAnswerUnusable(
            f"it has a file named {printable(path[:80])!r}; names are relative, printable and have "
            f"no '..' in them"
        )
    return parts


def _stays_inside(link: tuple[str, ...], target: str) -> bool:
    """Whether `target` leads nowhere but into the tree, whatever other links it passes.

    Only at its beginning it may go up, by real folders. Every link that it meets thereafter keeps
    to the same, so there is no way out.
    """
    if not target or target.startswith("/") or printable(target) != target:
        return False
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    return ".." not in parts[up:] and up < len(link) and len(target.encode()) <= LONGEST_PATH
