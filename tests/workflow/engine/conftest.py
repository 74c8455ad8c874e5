"""A cluster that knows errands and chores, and a scene of each test's own in it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from kubervisor.workflow.deploying.crd import definition
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused
from playground.watches import WITHIN
from tests.workflow.engine.desk import Desk
from tests.workflow.engine.errands import operator
from tests.workflow.engine.scene import ROOT, Scene

KINDS = ("Errand", "Chore")


@pytest.fixture(scope="module")
def errand_cluster(cluster: LocalCluster) -> LocalCluster:
    """The shared cluster, which serves errands and chores until another file wants none."""
    for kind in KINDS:
        made = operator(kind)
        crd = definition(made.project, made.spec, made.status)
        cluster.kubectl("apply", "--server-side", "--filename=-", stdin=json.dumps(crd))
    with closing(Api(cluster.kubeconfig)) as api:
        for kind in KINDS:
            _await_served(api, f"{ROOT}/{kind.lower()}s")
    return cluster


def _await_served(api: Api, path: str) -> None:
    until, pause = time.monotonic() + WITHIN, threading.Event()
    while True:
        try:
            api.get(path)
        except ApiRefused:
            assert time.monotonic() < until, f"not served within {WITHIN} s: {path}"
            pause.wait(0.05)
        else:
            return


@pytest.fixture
def scene(errand_cluster: LocalCluster, namespace: str) -> Iterator[Scene]:
    """A fresh namespace for errands."""
    with Scene(errand_cluster, namespace) as scene:
        yield scene


@pytest.fixture
def desk(scene: Scene) -> Iterator[Desk]:
    """An errand whose outputs are written by the test."""
    with closing(Desk(scene)) as desk:
        yield desk
