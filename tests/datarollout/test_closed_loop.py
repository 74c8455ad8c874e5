"""Data of three sources on many pods, end to end: a real git repository, and the repository, the
controller, the watchdogs and a deployer for each pod as real processes under the chart's rights.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from playground.cluster import LocalCluster
from tests.datarollout.fleet import DataFleet

CATALOG, PRICES, FLAGS = SOURCES = ("catalog", "prices", "flags")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", [20, pytest.param(100, marks=pytest.mark.long)])
def test_a_bad_version_is_taken_back_everywhere_and_a_good_one_goes_everywhere(
    size: int, taught: LocalCluster, namespace: str, tmp_path: Path
) -> None:
    with DataFleet(taught, namespace, tmp_path, size, SOURCES) as fleet:
        first = {source: fleet.wait_settled(source, "1.0") for source in SOURCES}
        assert len(set(fleet.pods.deployers.pids.values())) == size, "a process for each pod"
        with closing(fleet.clients(PRICES)) as clients:
            fleet.publish(CATALOG, "1.1", tea=0)
            fleet.wait(lambda: "1.1" in fleet.releases(CATALOG), "a pod reads the bad version")
            assert fleet.wait_settled(CATALOG, "1.0") == first[CATALOG]
            (bad,) = fleet.rollouts.status(CATALOG)["quarantine"]
            assert bad["reason"] in ("CandidateFailing", "DependantsFailing")

            fleet.publish(PRICES, "1.1", tea=4)
            good = fleet.wait_settled(PRICES, "1.1")
        assert (clients.failed, sum(clients.wrong.values())) == (0, 0)
        assert clients.sent > size

        # The bad one came no further than the first stage, and to no pod twice.
        assert 0 < fleet.most[bad["path"]] <= size // 4
        for pod in {pod for pod, _ in fleet.asked}:
            tried = [first[CATALOG], bad["path"], first[CATALOG]]
            assert fleet.asked[pod, CATALOG] in (tried[:1], tried)
            assert fleet.asked[pod, PRICES] == [first[PRICES], good]
            assert fleet.asked[pod, FLAGS] == [first[FLAGS]]
        # And whatever the repository and git went through, the third has its first version.
        assert fleet.wait_settled(FLAGS, "1.0") == first[FLAGS]
        assert len(fleet.rollouts.status(FLAGS)["history"]) == 1
