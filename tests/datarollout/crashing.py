"""Publishes versions, and dies at the step that it is told: before or after the n-th call that
changes the disk.
"""

from __future__ import annotations

import io
import os
import pathlib
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubervisor.datarollout.repository.crawler import Crawler, Rules
from kubervisor.datarollout.repository.fetching import Fetched
from kubervisor.datarollout.repository.limits import MIB, Limits
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.retention import Retention
from kubervisor.datarollout.repository.store import Store
from kubervisor.datarollout.repository.tree import Tree
from kubervisor.datarollout.specs import read_spec
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry import logs

ROUNDS = 3


class Rounds:
    """Another version in each look, the third with the files of the first."""

    def __init__(self) -> None:
        self.number = 0

    def fetch(self, tree: Tree, known: str) -> Fetched:
        self.number += 1
        tree.add_file("a", io.BytesIO(f"{self.number % 2}".encode() * 1000))
        return Fetched(f"r{self.number}")


class Dying:
    """Ends the process at one of the calls that it counts."""

    def __init__(self, step: int) -> None:
        self.step, self.count = step, 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self._pass()
            found = call(*arguments, **named)
            self._pass()
            return found

        return counted

    def _pass(self) -> None:
        self.count += 1
        if self.count == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def publish_and_die(folder: Path, step: int) -> int:
    """Publish in `folder` until done or dead; how many steps there were. The process is of no more
    use thereafter.
    """
    dying = Dying(step)
    for owner, name in (
        (os, "fsync"),
        (pathlib.Path, "replace"),
        (pathlib.Path, "unlink"),
        (shutil, "rmtree"),
    ):
        setattr(owner, name, dying.around(getattr(owner, name)))
    logs.set_up(level="error", form="json")
    store = Store(folder, logs.get("crash"))
    crawler = Crawler(
        read_spec("words", "git:https://host/words"),
        Rounds(),
        store,
        Rules(1.0, Limits(MIB, MIB, MIB), Retention(2, 0)),
        in_use=frozenset[str],
        clock=Clock(),
        metrics=RepositoryMetrics(),
        log=logs.get("crash"),
    )
    for _ in range(ROUNDS):
        crawler.crawl()
        assert not crawler.standing.problem, crawler.standing
    return dying.count
