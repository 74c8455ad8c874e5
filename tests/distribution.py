"""How many workers there are, which tests go to the same one, and in what order: the long and
waiting ones first.

What comes last must be short, or one worker ends long after the others. And a control plane costs
seconds of a processor: a folder whose tests have one of their own goes to one worker as a whole.
"""

from __future__ import annotations

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/chart/", "tests/security/")
"""Folders with a cluster of their own."""

LONGEST_FIRST = (
    *TOGETHER,
    "tests/docs/test_steps.py",
    "tests/workflow/engine/",
    "tests/workflow/examples/",
    "tests/docs/test_canary_tutorial.py",
    "tests/workflow/scaffold/test_readme.py",
    "tests/workflow/scaffold/test_generating.py",
    "tests/workflow/deploying/",
    "tests/docs/test_workflows.py",
    "tests/plugin/test_acting.py",
    "tests/e2e/test_steady_state.py",
    "tests/docs/test_first_tutorial.py",
    "tests/docs/test_data.py",
    "tests/rules/test_controller.py",
    "tests/rules/test_controller_faults.py",
    "tests/e2e/test_split.py",
    "tests/datarollout/test_closed_loop.py",
    "tests/datarollout/test_controller_faults.py",
    "tests/plugin/test_looking.py",
    "tests/integration/",
    "tests/docs/test_watchdogs.py",
    "tests/docs/test_rules.py",
    "tests/benchmarks/test_detection.py",
    "tests/e2e/",
    "tests/faults/",
    "tests/defects/",
    "tests/rules/test_moves_on_a_cluster.py",
    "tests/watchdog/test_prober.py",
    "tests/plugin/",
    "tests/playground/",
    "tests/datarollout/test_repository_process.py",
    "tests/simulation/test_quiet.py",
    "tests/telemetry/",
    "tests/replay/",
    "tests/api/",
    "tests/kube/",
    "tests/datarollout/",
    "tests/rules/",
    "tests/watchdog/",
)
"""In this order; all others come after them."""


EACH_PROCESSOR = 2
"""Workers that keep one busy: much of a test on a cluster is waiting. A third one would end a run
a minute earlier, and have programs wait so long for a processor that tests meet it.
"""
EACH_WORKER = 2 * 2**30
"""Bytes of memory: a worker has a control plane, and now and then a second one."""


def workers(processors: int, memory: int) -> int:
    """How many to start on a machine with so many processors and bytes of memory."""
    return max(1, min(EACH_PROCESSOR * processors, memory // EACH_WORKER))


def workers_here() -> int:
    """The same, of this machine."""
    return workers(
        len(os.sched_getaffinity(0)), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    )


def rank(nodeid: str) -> int:
    """The place of a test in the order: of the first line that its path begins with."""
    places = (place for place, path in enumerate(LONGEST_FIRST) if nodeid.startswith(path))
    return next(places, len(LONGEST_FIRST))


def put_in_order(items: list[pytest.Item]) -> None:
    """Sort by rank; within one, files stay whole and in the order they were in."""
    items.sort(key=lambda item: rank(item.nodeid))


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A worker takes a file, or a folder that belongs together, after the other."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)
