"""The repository as it runs: a process, and what its pages say."""

from __future__ import annotations

import http.client
import json
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kubervisor.datarollout.versions import Version, read_manifest
from playground.processes import Processes, free_port
from tests.integration.guard import until


@dataclass(frozen=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class RunningRepository:
    """`kubervisor data repository` in `folder` with these flags, answering once made."""

    def __init__(
        self, folder: Path, *flags: str, env: Mapping[str, str] | None = None, period: float = 0.2
    ) -> None:
        self.folder, self.port = folder, free_port()
        self.processes = Processes()
        command = [sys.executable, "-m", "kubervisor", "data", "repository"]
        more = [
            f"--folder={folder}",
            f"--listen=127.0.0.1:{self.port}",
            f"--period={period}",
            "--local-sources",
            "--log-format=json",
        ]
        try:
            self.processes.start("repository", [*command, *more, *flags], env)
            self.processes.wait_ready("repository", self._answers)
        except BaseException:
            self.processes.close()
            raise

    @property
    def pid(self) -> int:
        return self.processes.pids["repository"]

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        """The answer; `if_range` stands for the header If-Range."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            read = {key.lower(): value for key, value in answer.getheaders()}
            return Reply(answer.status, read, answer.read())
        finally:
            connection.close()

    def published(self, source: str) -> tuple[Version, ...]:
        return read_manifest(self.get("/.manifest").body).get(source, ())

    def wait_for(self, source: str, number: int = 1) -> tuple[Version, ...]:
        """The versions of a source once there are so many."""
        until(lambda: len(self.published(source)) >= number, f"{number} versions of {source}")
        return self.published(source)

    def archive(self, source: str, version: Version, **headers: str) -> Reply:
        return self.get(f"/{source}/{version.path}", **headers)

    def log(self) -> list[dict[str, Any]]:
        text = self.processes.folder.joinpath("repository.log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """The exit code."""
        return self.processes.stop("repository", number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.close()

    def _answers(self) -> bool:
        try:
            return self.get("/livez").status == 200
        except OSError:
            return False
