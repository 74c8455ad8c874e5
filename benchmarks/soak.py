"""python -m benchmarks.soak --minutes N: a churning fleet with faults, and what it costs over time.

Six Services change all the time: outliers come and go, pods crash, are deleted, scaled, rolled out;
meanwhile watches break, writes conflict, are throttled, fail or lose their answers, and detectors
hang. An observer holds every version of every pod against the invariants.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import ground, guards_path, is_ready, say
from benchmarks.soak_shop import SIZE, Shop, harm
from benchmarks.table import render
from playground.controller import Controller
from playground.faultproxy import FaultProxy
from playground.fleet_watch import await_object
from tests.e2e.observer import Observer

SERVICES = 6
ACT_SECONDS, SAMPLE_SECONDS = 0.5, 5.0
GRACE = 0.25
WARM_UP = 0.25
"""Part of the run whose memory is not looked at: caches fill."""

LEAST_MINUTES = 15
"""The slope of a shorter run is noise: it is shown and has no target."""

PAGE = Path("docs/reference/soak.md")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process uses at one instant, in seconds since the begin and MB (10^6 bytes)."""

    at: float
    megabytes: float
    threads: int
    files: int


def sample(controller: Controller, began: float) -> Sample:
    """Look at the process now."""
    folder = Path(f"/proc/{controller.pid}")
    return Sample(
        at=time.monotonic() - began,
        megabytes=controller.resident_mb(),
        threads=sum(1 for _ in (folder / "task").iterdir()),
        files=sum(1 for _ in (folder / "fd").iterdir()),
    )


def slope(samples: list[Sample]) -> float:
    """MB per hour that memory grows, by least squares, the warm-up left out.

    >>> slope([Sample(3600 * n, 50.0 + 2 * n, 0, 0) for n in range(5)])
    2.0
    """
    late = [one for one in samples if one.at >= WARM_UP * samples[-1].at]
    middle = sum(one.at for one in late) / len(late)
    level = sum(one.megabytes for one in late) / len(late)
    spread = sum((one.at - middle) ** 2 for one in late)
    together = sum((one.at - middle) * (one.megabytes - level) for one in late)
    return 3600 * together / spread if spread else 0.0


def run(minutes: float, *, seed: int = 0) -> list[Figure]:
    """The figures of a soak of that length. Raises AssertionError where an invariant broke."""
    dice = random.Random(seed)
    samples: list[Sample] = []
    with ExitStack() as stack:
        here = stack.enter_context(ground())
        namespace = "soak"
        here.cluster.kubectl("create", "namespace", namespace)
        here.cluster.kubectl(
            *("wait", "serviceaccount/default", f"-n={namespace}"),
            *("--for=create", "--timeout=30s"),
        )
        proxy = stack.enter_context(FaultProxy(here.cluster))
        controller = stack.enter_context(
            Controller(proxy.kubeconfig, f"--namespace={namespace}", "--no-register-crds")
        )
        observer = stack.enter_context(Observer(here.api, namespace, grace=GRACE))
        shops = [Shop(here, namespace, f"shop-{n}", dice) for n in range(SERVICES)]
        for shop in shops:
            await_object(here.api, guards_path(namespace), shop.name, is_ready, timeout=60)
        began = time.monotonic()
        say(f"{SERVICES} Services churn for {minutes:g} min")
        requests = len(proxy.requests)
        turns, ends = cycle(shops), began + 60 * minutes
        while time.monotonic() < ends:
            with harm(proxy, dice):
                turn_ends = min(ends, time.monotonic() + SAMPLE_SECONDS)
                while time.monotonic() < turn_ends:
                    next(turns).change()
                    time.sleep(ACT_SECONDS)
            samples.append(sample(controller, began))
        asked = len(proxy.requests) - requests
        say("rest: everything must come right again")
        for shop in shops:
            shop.rest()
        settled = sample(controller, began)
        for shop in shops:
            shop.close()
        observer.check()
        ejections, returns = len(observer.ejections), len(observer.returns)
        assert controller.metric("kubervisor_leader") == 1
    return _figures(minutes, samples, settled, asked, (ejections, returns))


def _figures(
    minutes: float, samples: list[Sample], settled: Sample, asked: int, acts: tuple[int, int]
) -> list[Figure]:
    count, long = len(samples), minutes >= LEAST_MINUTES
    late = samples[int(WARM_UP * count) :]
    files, threads = max(s.files for s in late), max(s.threads for s in late)
    return [
        Figure("memory at the end", settled.megabytes, "MB", samples=count),
        Figure(
            "memory slope",
            slope(samples),
            "MB/h",
            target=10 if long else None,
            samples=len(late),
        ),
        Figure("threads, most", threads, "", target=64, samples=len(late)),
        Figure("threads at rest", settled.threads, "", target=threads),
        Figure("open files, most", files, "", target=128, samples=len(late)),
        Figure("open files at rest", settled.files, "", target=files),
        Figure("API requests", asked / minutes, "/min", samples=asked),
        Figure("ejections", acts[0] / minutes, "/min", samples=acts[0]),
        Figure("returns", acts[1] / minutes, "/min", samples=acts[1]),
        Figure("invariants broken", 0, "", target=0),
    ]


def page(minutes: float, table: str) -> str:
    """The page that keeps a long run."""
    return (
        "# Soak\n\nGenerated by `make soak`. "
        f"{SERVICES} Services of {SIZE} pods churn for {minutes:g} minutes on a real API server, "
        "every write and watch through a proxy\nthat breaks some of them; "
        f"{os.cpu_count()} cores.\n\n```\n{table}\n```\n"
    )


def main(argv: list[str]) -> int:
    """Exit code 0 where all targets are met and no invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="default: 5")
    minutes = parser.parse_args(argv).minutes
    figures = run(minutes, seed=secrets.randbelow(2**32))
    table = render(figures)
    print(f"\n{table}")
    if minutes >= LEAST_MINUTES:
        PAGE.write_text(page(minutes, table))
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
