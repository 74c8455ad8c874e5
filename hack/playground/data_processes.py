"""The processes of data deployments: the repository, and what decides who is to have what."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from playground.controller import Controller


class RepositoryProcess(Controller):
    """`kubervisor data repository` until closed; ready (each source tried once) on return from the
    constructor.

    Sources on this machine are admitted. `flags` are added to the command.
    """

    def __init__(self, kubeconfig: Path, sources: Mapping[str, str], *flags: str) -> None:
        self._sources = sources
        super().__init__(kubeconfig, *flags)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://{self.address}"

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "kubervisor", "data", "repository"),
            f"--listen={self.address}",
            f"--folder={self._processes.folder / 'versions'}",
            *(f"--source={name}:{spec}" for name, spec in self._sources.items()),
            f"--kubeconfig={self._kubeconfig}",
            "--local-sources",
            "--log-format=json",
            *self._flags,
        ]


class RolloutProcess(Controller):
    """`kubervisor run --capability datarollout` until closed; ready on return from the constructor.

    `flags` are added to the command, `env` to its environment.
    """

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "kubervisor", "run", "--capability=datarollout"),
            f"--kubeconfig={self._kubeconfig}",
            f"--listen={self.address}",
            "--log-format=json",
            *self._flags,
        ]
