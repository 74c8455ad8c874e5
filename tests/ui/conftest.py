"""A dashboard that is served."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kubervisor.ui.server import Dashboard
from kubervisor.ui.view import View
from tests.ui.client import WITHIN, Client
from tests.ui.stage import Stage


class Served(Client):
    """A dashboard of this process."""

    def __init__(self, dashboard: Dashboard) -> None:
        host, port = dashboard.address
        super().__init__(f"{host}:{port}")
        self.dashboard = dashboard


@pytest.fixture
def stage() -> Stage:
    return Stage()


Serve = Callable[[View], Served]


@contextmanager
def serving() -> Iterator[Serve]:
    """Serves views until the end."""
    running: list[tuple[Dashboard, threading.Thread]] = []

    def start(view: View) -> Served:
        dashboard = Dashboard("127.0.0.1:0", view, Stage().log)
        thread = threading.Thread(target=dashboard.serve_forever)
        thread.start()
        running.append((dashboard, thread))
        return Served(dashboard)

    try:
        yield start
    finally:
        for dashboard, _ in running:
            dashboard.shutdown()
        for _, thread in running:
            thread.join(WITHIN)
            assert not thread.is_alive()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a view until the test is over."""
    with serving() as start:
        yield start


@pytest.fixture
def served(stage: Stage, serve: Serve) -> Served:
    """The stage's Services, served; more may be added."""
    return serve(stage.view())


@pytest.fixture(scope="module")
def quiet() -> Iterator[Served]:
    """A dashboard without Services, for tests that only ask."""
    with serving() as start:
        yield start(Stage().view())
