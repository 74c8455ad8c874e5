"""The folder in which a pod has its data: `NAME` is a link that always leads to a complete version.

    LOCATION/NAME                       → .kubervisor-data/versions/SHA256
    LOCATION/.kubervisor-data/versions/ complete versions only: they are moved here as a whole
                              listings/ what is in each of them
                              before/   of each name the version that it had before this one
                              partial/  what is not complete; all of it may go at any time

Each step is one call to the system that happens or does not, so a process may end at any of them:
the next one finds either what was before or what is after. A version that lost files is unpacked
beside itself, under its name with a number, for the link must not point at nothing meanwhile.
Nothing is touched that is not named here.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from kubervisor.datarollout.deployer.listing import is_whole, make_durable, sync
from kubervisor.datarollout.deployer.problems import FolderBusy, FolderRefused
from kubervisor.datarollout.versions import Version

OURS = ".kubervisor-data"
_FROM_LOCATION, _FROM_BEFORE = f"{OURS}/versions", "../versions"
_VERSION = re.compile(r"([0-9A-F]{64})(\.[0-9]+)?")
_PARTIAL = re.compile(r"[0-9A-F]{64}(\.[0-9]+)?\.(archive|unpacked|listing|gone)|.+\.link")


class DataFolder:
    """One deployer's from `open` to `close`. Every method raises OSError where the file system
    refuses.
    """

    def __init__(self, location: Path) -> None:
        self.location = location
        ours = location / OURS
        self._versions, self._listings = ours / "versions", ours / "listings"
        self._before, self._partial = ours / "before", ours / "partial"
        self._lock = -1

    def open(self) -> None:
        """Make it ready, and remove what one that was ended left half done.

        Raises FolderRefused where it is missing or is not ours, FolderBusy.
        """
        if not self.location.is_dir():
            raise FolderRefused(f"{self.location} is no folder: mount a volume there")
        for folder in (self._versions.parent, *self._folders()):
            if folder.is_symlink() or folder.is_file():
                raise FolderRefused(f"{folder} is there and is not ours: move it away")
            folder.mkdir(exist_ok=True)
            if folder.stat().st_mode & 0o777 != 0o755:
                folder.chmod(0o755)  # whatever the umask: the application follows links through it
        self._take_lock()
        try:
            for left in self._partials():
                if not left.name.endswith(".archive"):
                    _remove(left)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let another deployer work in it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def archive(self, version: Version) -> Path:
        """Where its archive is, as far as it has come."""
        return self._partial / f"{version.sha256}.archive"

    def unpacked(self, version: Version) -> tuple[Path, Path]:
        """A new folder to unpack it into, and where to list what is in it."""
        folder = self._partial / f"{version.sha256}.unpacked"
        _remove(folder)
        folder.mkdir()
        return folder, self._partial / f"{version.sha256}.listing"

    def keep(self, version: Version) -> str:
        """Take what was unpacked for a version, from now on complete; the name of its folder."""
        unpacked = self._partial / f"{version.sha256}.unpacked"
        listing = self._partial / f"{version.sha256}.listing"
        make_durable(unpacked, listing)
        name = self._free_name(version.sha256)
        listing.rename(self._listings / name)
        sync(self._listings)
        unpacked.rename(self._versions / name)
        sync(self._versions)
        _remove(self.archive(version))
        return name

    def discard(self, version: Version, *, archive: bool) -> None:
        """Remove what of it was unpacked so far, and its `archive` too where that is said."""
        _remove(self._partial / f"{version.sha256}.unpacked")
        _remove(self._partial / f"{version.sha256}.listing")
        if archive:
            _remove(self.archive(version))

    def has(self, version: Version) -> bool:
        """Whether a folder of that version is there; nobody has looked into it."""
        return next(self._of(version.sha256), None) is not None

    def find(self, version: Version) -> str | None:
        """The name of a folder with all of that version; None where there is none."""
        whole = (name for name in self._of(version.sha256) if self._is_whole(name))
        return next(whole, None)

    def in_use(self, name: str) -> str | None:
        """The folder that `name` leads to, which need not be there; None where there is no link.

        Raises FolderRefused where something else is in its place.
        """
        link = self.location / name
        target = _folder_of(link, _FROM_LOCATION)
        if target is None and os.path.lexists(link):
            raise FolderRefused(
                f"{link} is there and is not ours: move it away, or have the data under another "
                "name"
            )
        return target

    def switch(self, name: str, folder: str) -> bool:
        """Have `name` lead to that folder from one moment to the next; False where it did.

        Raises FolderRefused where something else is in its place.
        """
        now = self.in_use(name)
        if now == folder:
            return False
        if now is not None and _digest(now) != _digest(folder):
            self._point(self._before / name, f"{_FROM_BEFORE}/{now}")
        link, text = self.location / name, f"{_FROM_LOCATION}/{folder}"
        if now is None:
            # Refused where somebody else made something of that name meanwhile.
            link.symlink_to(text)
        else:
            self._point(link, text)
        sync(self.location)
        return True

    def tidy(self, wanted: set[str]) -> None:
        """Remove all versions but those in use, those before them, and of the `wanted` digests the
        ones that nothing leads to yet; and all archives but theirs.
        """
        used = set(self._used())
        coming = wanted - {_digest(folder) for folder in used}
        for folder in list(self._ours(self._versions)):
            if folder not in used and _digest(folder) not in coming:
                self._retire(folder)
        for folder in list(self._ours(self._listings)):
            if not (self._versions / folder).exists():
                _remove(self._listings / folder)
        for partial in self._partials():
            if _digest(partial.name) not in coming:
                _remove(partial)

    def _retire(self, folder: str) -> None:
        """Away with all of it at once: what is left of it must not be taken for the version."""
        gone = self._partial / f"{folder}.gone"
        _remove(gone)
        (self._versions / folder).rename(gone)
        _remove(gone)

    def _used(self) -> Iterator[str]:
        links = [(link, _FROM_LOCATION) for link in self.location.iterdir()]
        links += [(link, _FROM_BEFORE) for link in self._before.iterdir()]
        return (folder for link in links if (folder := _folder_of(*link)) is not None)

    def _of(self, digest: str) -> Iterator[str]:
        return (
            folder for folder in sorted(self._ours(self._versions)) if _digest(folder) == digest
        )

    def _is_whole(self, folder: str) -> bool:
        return is_whole(self._versions / folder, self._listings / folder)

    def _free_name(self, digest: str) -> str:
        numbered = (f"{digest}.{number}" for number in count(1))
        names = chain([digest], numbered)
        return next(name for name in names if not os.path.lexists(self._versions / name))

    def _point(self, link: Path, text: str) -> None:
        made = self._partial / f"{link.name}.link"
        _remove(made)
        made.symlink_to(text)
        made.rename(link)

    def _folders(self) -> tuple[Path, ...]:
        return self._versions, self._listings, self._before, self._partial

    def _partials(self) -> list[Path]:
        return [path for path in self._partial.iterdir() if _PARTIAL.fullmatch(path.name)]

    @staticmethod
    def _ours(folder: Path) -> Iterator[str]:
        return (path.name for path in folder.iterdir() if _VERSION.fullmatch(path.name))

    def _take_lock(self) -> None:
        if self._lock < 0:
            self._lock = os.open(self._partial, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise FolderBusy(
                f"another deployer works in {self.location}: give each pod a volume of its own"
            ) from None
        except OSError:  # a file system without locks
            return


def _folder_of(link: Path, versions: str) -> str | None:
    """The version's folder that a link of ours leads to; None where it is none of ours."""
    with suppress(OSError):
        above, _, folder = str(link.readlink()).rpartition("/")
        if above == versions and _VERSION.fullmatch(folder):
            return folder
    return None


def _digest(name: str) -> str:
    return name[:64]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
