"""From a version to a folder with all of it: downloaded, verified, unpacked."""

from __future__ import annotations

from kubervisor.datarollout.deployer.address import Address
from kubervisor.datarollout.deployer.download import Downloader, Took
from kubervisor.datarollout.deployer.folder import DataFolder
from kubervisor.datarollout.deployer.limits import Limits
from kubervisor.datarollout.deployer.problems import ArchiveRefused
from kubervisor.datarollout.deployer.unpacking import unpack
from kubervisor.datarollout.versions import Version


def bring(
    folder: DataFolder,
    downloader: Downloader,
    address: Address,
    source: str,
    version: Version,
    limits: Limits,
    took: Took,
) -> str:
    """The name of the version's folder, which is whole; nothing leads to it yet.

    Raises DeploymentFailed, OSError, and what `took` raises; what was there before is as it was.
    """
    downloader.fetch(address, source, version, folder.archive(version), took)
    return _unpacked(folder, version, limits)


def _unpacked(folder: DataFolder, version: Version, limits: Limits) -> str:
    unpacked, listing = folder.unpacked(version)
    try:
        with (
            folder.archive(version).open("rb") as packed,
            listing.open("w", encoding="ascii") as listed,
        ):
            unpack(packed, unpacked, listed, limits)
        return folder.keep(version)
    except ArchiveRefused:
        # Its archive stays: the same bytes need not come again to be refused again.
        folder.discard(version, archive=False)
        raise
    except OSError:
        # The volume may be full, and the application may want to write there too.
        folder.discard(version, archive=True)
        raise
