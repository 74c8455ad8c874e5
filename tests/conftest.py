"""The cluster that tests share, what it is taught, and a namespace of each test's own."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet_api import Api, ApiRefused
from playground.loaded import Loaded
from tests.distribution import ByPlace, put_in_order, workers_here
from tests.namespaces import passing_namespace

E2E = Path(__file__).parent / "e2e"
CRDS = Path(__file__).parents[1] / "crds"
GROUP = "/apis/kubervisor.k8s.io/v1alpha1"
GUARDS = f"{GROUP}/kubervisorservices"
ROLLOUTS = f"{GROUP}/datarollouts"
RULES = "/apis/autopilot.libopenstorage.org/v1alpha1"
SERVED = (
    GUARDS,
    ROLLOUTS,
    f"{RULES}/autopilotrules",
    f"{RULES}/autopilotruleobjects",
    f"{RULES}/actionapprovals",
)
HELD = (GUARDS, f"{RULES}/autopilotruleobjects")
"""Kinds on whose objects controllers put finalizers."""
DEFINITIONS = tuple(
    f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{path.stem}"
    for path in sorted(CRDS.glob("*.yaml"))
)
WITHIN = 60.0

# A shell has what it starts with & ignore Ctrl-C, and children inherit that: those of tests that
# send it would never end. Ignored by a handler it is ignored here alone.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, lambda *_: None)

# Controllers start by the hundred, and to load the program is most of what a start costs.
Controller.group = Loaded

# On a busy machine examples take what they take: speed is measured by benchmarks, not by tests.
# Under CI they are the same each time, as is Hypothesis's own way; new ones are for those who can
# follow them up.
settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("steady")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByPlace | None:
    """With `--dist loadfile`, folders with a cluster of their own stay whole too."""
    return ByPlace(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """With `-n auto`, as many as the machine can bear."""
    return workers_here()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a cluster and what is end to end: `-m "not cluster"` is quick."""
    put_in_order(items)
    for item in items:
        if "cluster" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cluster)
        if E2E in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """A real control plane with one node; under xdist each worker has its own."""
    with LocalCluster.start() as running:
        yield running


@pytest.fixture(scope="session")
def taught(cluster: LocalCluster) -> LocalCluster:
    """The cluster, which serves all our kinds."""
    teach(cluster)
    return cluster


def teach(cluster: LocalCluster) -> None:
    """Return once the cluster serves all our kinds."""
    cluster.kubectl("apply", "--server-side", f"--filename={CRDS}")
    with closing(Api(cluster.kubeconfig)) as api:
        # Established is said a moment before the API server answers for the new kind.
        _until(lambda: _is_served(api), "the API server serves our kinds")


def unteach(cluster: LocalCluster) -> None:
    """Return once the cluster knows none of our kinds; all there were are gone."""
    with closing(Api(cluster.kubeconfig)) as api:
        for definition in DEFINITIONS:
            api.delete(definition)
        _until(lambda: _is_gone(api), "the definitions are gone")


def _until(so: Callable[[], bool], what: str) -> None:
    deadline, pause = time.monotonic() + WITHIN, threading.Event()
    while not so():
        assert time.monotonic() < deadline, f"not within {WITHIN} s: {what}"
        pause.wait(0.05)


def _is_served(api: Api) -> bool:
    try:
        for collection in SERVED:
            api.get(collection)
    except ApiRefused:
        return False
    return True


def _is_gone(api: Api) -> bool:
    if not any(map(api.exists, DEFINITIONS)):
        return True
    # One with a finalizer that no controller takes off would keep the definition for ever.
    for collection in HELD:
        group, _, plural = collection.rpartition("/")
        with suppress(ApiRefused):  # it is gone meanwhile
            for one in api.get(collection)["items"]:
                meta = one["metadata"]
                path = f"{group}/namespaces/{meta['namespace']}/{plural}/{meta['name']}"
                api.merge(path, {"metadata": {"finalizers": None}})
    return False


@pytest.fixture
def namespace(cluster: LocalCluster) -> Iterator[str]:
    """A fresh namespace in which pods can be created."""
    with passing_namespace(cluster) as name:
        yield name
