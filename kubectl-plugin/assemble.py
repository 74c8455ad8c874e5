"""python kubectl-plugin/assemble.py [BINDIR]: the plugin as one file, its shim, and an archive.

Everything goes to build/plugin: `kubectl-kubervisor`, `kubectl_complete-kubervisor`, the archive
that a krew index names, and the krew manifest with its checksum. With BINDIR the two programs are
also put there. The same sources make the same bytes.

Beside each module lies its bytecode for the Python that builds; another Python compiles the source.
The bytecode is never compared with the source: both were put into the archive together.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import py_compile
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PACKAGE = HERE / "kubectl_kubervisor"
BUILT = ROOT / "build" / "plugin"
PLUGIN, SHIM = "kubectl-kubervisor", "kubectl_complete-kubervisor"
MANIFEST = HERE / "kubervisor.krew.yaml"

# -I: nothing of the user's environment is imported; -S: neither is site, which takes longer than we
START = b'#!/bin/sh\nexec python3 -IS "$0" "$@"\n'
COMPLETE = b'#!/bin/sh\nexec kubectl kubervisor __complete "$@"\n'
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first instant a zip can name


def version() -> str:
    """The plugin's own."""
    found = re.search(r'^__version__ = "(.+)"$', (PACKAGE / "__init__.py").read_text(), re.M)
    assert found is not None
    return found[1]


def zipapp() -> bytes:
    """The plugin: a shell line that starts python3, and the package as a zip."""
    archive = io.BytesIO()
    archive.write(START)
    # Stored, not compressed: the start must not wait for zlib.
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_STORED) as package:
        _add(package, PACKAGE / "__main__.py", "__main__.py")
        for source in sorted(PACKAGE.glob("*.py")):
            if source.name != "__main__.py":
                _add(package, source, f"{PACKAGE.name}/{source.name}")
    return archive.getvalue()


def _add(package: zipfile.ZipFile, source: Path, name: str) -> None:
    package.writestr(zipfile.ZipInfo(name, LONG_AGO), source.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder, "module.pyc")
        py_compile.compile(
            str(source),
            str(compiled),
            dfile=name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        package.writestr(zipfile.ZipInfo(f"{name}c", LONG_AGO), compiled.read_bytes())


def archive(plugin: bytes) -> bytes:
    """The archive for krew: both programs and the licence."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content, mode in (
            ("LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
            (PLUGIN, plugin, 0o755),
            (SHIM, COMPLETE, 0o755),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def main(arguments: list[str]) -> int:
    """Write it all, and say where."""
    BUILT.mkdir(parents=True, exist_ok=True)
    plugin = zipapp()
    packed = archive(plugin)
    _put(BUILT / f"{PLUGIN}.tar.gz", packed, 0o644)
    digest = hashlib.sha256(packed).hexdigest()
    manifest = MANIFEST.read_text().replace("${SHA256}", digest).replace("${VERSION}", version())
    _put(BUILT / MANIFEST.name, manifest.encode(), 0o644)
    for name, content in ((PLUGIN, plugin), (SHIM, COMPLETE)):
        for folder in (BUILT, *map(Path, arguments)):
            folder.mkdir(parents=True, exist_ok=True)
            _put(folder / name, content, 0o755)
    sys.stdout.write(f"{PLUGIN} and {SHIM} are in {arguments[0] if arguments else BUILT}\n")
    if arguments and not shutil.which(PLUGIN):
        sys.stdout.write("that folder is not on PATH: kubectl finds plugins there only\n")
    return 0


def _put(target: Path, content: bytes, mode: int) -> None:
    """Write it in one step: somebody may read the one that is there, or write it as well."""
    new = target.with_name(f".{target.name}.{os.getpid()}")
    new.write_bytes(content)
    new.chmod(mode)
    new.replace(target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
