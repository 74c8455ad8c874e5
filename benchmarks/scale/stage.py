"""The stub as a process, and a controller against it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from benchmarks.scale.world import SOURCE, World
from playground import kubeconfig
from playground.controller import Controller
from playground.processes import PortTaken, Processes, free_port

LARGEST, RATE = 150_000, 2000
"""Pods, and the watch events a second that so many may make: each changes every 75 s."""
STARTED_WITHIN = 120.0
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What the stub has seen so far; instants are monotonic seconds.

    `asked` counts requests by what they ask, those that it refused by their whole path besides.
    `listed` has begin and end of each LIST of pods, which ends when the watch behind it begins.
    `ready` has when each KubervisorService was first said to be Ready. `behind` is by how many
    seconds the events lagged at most because their reader was slow.
    """

    asked: Mapping[str, int]
    listed: tuple[tuple[float, float], ...]
    ready: tuple[float, ...]
    events: int
    behind: float

    @property
    def refused(self) -> list[str]:
        """Requests that the stub has no answer to; a Lease is not there before it is made."""
        return [
            f"{count} x {asked}"
            for asked, count in self.asked.items()
            if asked[0].isdigit() and "/leases/" not in asked
        ]


class Stage:
    """A running stub of `world`; both addresses are its own."""

    def __init__(self, processes: Processes, port: int, world: World) -> None:
        self.world, self.port = world, port
        self.kubeconfig = kubeconfig.write(
            processes.folder / "kubeconfig", {"server": f"http://127.0.0.1:{port}"}, "nobody"
        )
        self.pid = processes.pids["stub"]

    def told(self) -> Told:
        """What the stub has seen so far."""
        with urlopen(f"http://127.0.0.1:{self.port}/stub", timeout=30) as answer:
            return msgspec.json.decode(answer.read(), type=Told)

    def controller(self, *flags: str, env: dict[str, str] | None = None) -> Controller:
        """A controller that guards all Services of the world; its caches are full on return."""
        return Controller(
            self.kubeconfig,
            "--no-register-crds",
            f"--source={SOURCE}=http://127.0.0.1:{self.port}",
            f"--max-services={self.world.services}",
            *flags,
            env=env,
        )


def usual_rate(world: World) -> int:
    """Watch events a second of so many pods."""
    return max(1, RATE * world.pods // LARGEST)


@contextmanager
def stage(world: World, rate: int = RATE) -> Iterator[Stage]:
    """A stub whose pods change `rate` times a second; it ends with the context."""
    with Processes() as processes:
        for _ in range(_ATTEMPTS):
            port = free_port()
            shape = (str(world.services), str(world.size), f"--per-namespace={world.per_namespace}")
            command = ("-m", "benchmarks.scale.stub", str(port), *shape, f"--rate={rate}")
            root = str(Path(__file__).parents[2])
            processes.start("stub", (sys.executable, *command), {"PYTHONPATH": root})
            try:
                processes.wait_ready("stub", lambda: _answers(port), STARTED_WITHIN)  # noqa: B023
            except PortTaken:
                continue
            yield Stage(processes, port, world)
            return
    raise PortTaken("the stub found no free port")


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/stub", timeout=5) as answer:
            return bool(answer.read())
    except (URLError, OSError):
        return False
