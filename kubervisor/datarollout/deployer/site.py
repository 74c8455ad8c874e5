"""Where one pod's deployments happen: its folder, its repository, and whom it tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kubervisor.datarollout.deployer.address import ReadToken, choose_address
from kubervisor.datarollout.deployer.bringing import bring
from kubervisor.datarollout.deployer.download import Downloader, Took
from kubervisor.datarollout.deployer.folder import DataFolder
from kubervisor.datarollout.deployer.limits import Limits
from kubervisor.datarollout.deployer.notify import Notify
from kubervisor.datarollout.deployer.problems import DeploymentFailed, FolderRefused
from kubervisor.datarollout.deployer.standing import Standing
from kubervisor.datarollout.needs import DataNeeds
from kubervisor.datarollout.versions import Version


class Site:
    """`repository` is the deployer's own setting, empty where the pod says which; `location` stands
    in where the pod names no folder.
    """

    def __init__(
        self,
        *,
        repository: str,
        read_token: ReadToken,
        location: str,
        limits: Limits,
        downloader: Downloader,
        notify: Notify | None = None,
    ) -> None:
        self._repository, self._read_token = repository, read_token
        self._location, self._limits = location, limits
        self._downloader, self._notify = downloader, notify
        self._folder: DataFolder | None = None

    def location(self, needs: DataNeeds) -> str:
        """The folder in which a pod that says this has its data; empty where nobody says."""
        return needs.location or self._location

    def has(self, needs: DataNeeds, version: Version) -> bool:
        """Whether it seems that nothing need be downloaded for it."""
        try:
            return self._open(needs).has(version)
        except (DeploymentFailed, OSError):
            return False

    def deploy(
        self,
        name: str,
        needs: DataNeeds,
        standing: Standing,
        version: Version,
        *,
        fetching: Callable[[], None],
        took: Took,
    ) -> bool:
        """Have `name` lead to the version, and tell the application; True where it led elsewhere.

        `fetching` is called before anything is downloaded. Raises DeploymentFailed, and what `took`
        raises: then `name` leads to where it did, but for NotificationFailed.
        """
        try:
            folder, was_ready = self._open(needs), standing.is_ready
            folder.in_use(name)
            found = folder.find(version)
            if found is None:
                fetching()
                address = choose_address(self._repository, needs.url, self._read_token)
                source, limits = needs.sources[name], self._limits
                found = bring(folder, self._downloader, address, source, version, limits, took)
            switched = folder.switch(name, found)
        except OSError as error:
            raise self._refused(needs, error) from error
        # After a restart the pod's status tells whether the application was told.
        told = standing.notified == found or (standing.notified is None and was_ready)
        if self._notify is not None and (switched or not told):
            self._notify(name, version)
        standing.notified = found
        return switched

    def tidy(self, needs: DataNeeds, wanted: set[str]) -> None:
        """Remove what nobody uses; `wanted` are the digests that are asked for."""
        try:
            self._open(needs).tidy(wanted)
        except OSError as error:
            raise self._refused(needs, error) from error

    def close(self) -> None:
        """Let the folder go until it is needed again: an init container may follow a sidecar."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def _open(self, needs: DataNeeds) -> DataFolder:
        if self._folder is None:
            folder = DataFolder(Path(self.location(needs)))
            folder.open()
            self._folder = folder
        return self._folder

    def _refused(self, needs: DataNeeds, error: OSError) -> FolderRefused:
        return FolderRefused(
            f"{self.location(needs)} cannot be written: {error.strerror or type(error).__name__}"
        )
