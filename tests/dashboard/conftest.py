"""One browser for all tests, and one closed loop: a shop whose pods a controller guards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from kubervisor import instants
from kubervisor.api.status import MAX_EVIDENCE
from playground.browser import NoBrowser, chromium, program
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet import Fleet
from playground.fleet_pod import Pod
from playground.shop import Shop
from tests.dashboard.hostile import EVIDENCE, SCRIPT
from tests.dashboard.looking import Looking
from tests.e2e.observer import GUARDS
from tests.e2e.scene import FOREVER, WITHIN, Scene, names
from tests.namespaces import passing_namespace

HERE = Path(__file__).parent
SHOP, CART, ADRIFT = "shop", "cart", "adrift"
OUT_FOR = 6
"""Seconds for which a pod of the shop is out."""

expect.set_options(timeout=1000 * WITHIN)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the browser: `make test-ui` asks for it, `make test` does not."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True, slots=True)
class World:
    """What is guarded: the shop by its answers, the cart by a detector that names `ejected`.

    `adrift` is a third KubervisorService, whose Service is not there.
    """

    scene: Scene
    controller: Controller
    shop: Shop
    cart: Fleet
    ejected: Pod

    def path(self, name: str = "") -> str:
        """Of the page of a KubervisorService; without a name, of the fleet's."""
        return f"/services/{self.scene.namespace}/{name}" if name else "/"


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """Ends the run, with the line that installs it, where there is no Chromium."""
    try:
        program()
    except NoBrowser as missing:
        pytest.exit(str(missing), returncode=1)


@pytest.fixture(scope="session")
def world(taught: LocalCluster) -> Iterator[World]:
    """A pod of the cart is out for long; the shop's pods are all well."""
    with ExitStack() as stack:
        namespace = stack.enter_context(passing_namespace(taught))
        scene = stack.enter_context(Scene(taught, namespace))
        shop = stack.enter_context(Shop(taught, namespace=namespace, size=5, scrape_interval=0.5))
        cart = scene.fleet(4, CART)
        gone = cart.pods()[0]
        scene.detector.outliers(gone)
        scene.guard(scene.breaker(), name=CART, service=CART, defaultActivator={"period": FOREVER})
        _tell(scene)
        controller = scene.controller()
        scene.guard(scene.breaker(), name=ADRIFT, service="nowhere")
        scene.guard(_errors(shop), name=SHOP, defaultActivator={"period": OUT_FOR})
        cart.wait(lambda f: names(f.out()) == {gone.name}, WITHIN, "the cart's pod is out")
        scene.wait_condition("SourcesAvailable", name=SHOP)
        yield World(scene, controller, shop, cart, gone)


def _tell(scene: Scene) -> None:
    """Let the cart's status speak of an ejection of before, in hostile words."""
    told = {
        "time": instants.render(time.time() - 60, "seconds"),
        "action": "Ejected",
        "pod": SCRIPT,
        "podUid": "0",
        "breaker": SCRIPT,
        "reason": "Outlier",
        "evidence": EVIDENCE[:MAX_EVIDENCE],
    }
    path = f"{GUARDS.format(scene.namespace)}/{CART}/status"
    scene.api.merge(path, {"status": {"recent": [told]}})


def _errors(shop: Shop) -> dict[str, object]:
    """A breaker that knows its pods' errors within seconds."""
    return {
        "name": "errors",
        "evaluationPeriod": 0.5,
        "minPodsAvailableRatio": 60,
        "ratio": {
            "prometheusService": shop.prometheus.address,
            "promQL": f'http_requests_total{{namespace="{shop.fleet.namespace}",pod=~"shop-.*"}}',
            "codeLabel": "code",
            "badCodes": "5..",
            "window": "5s",
            "warmUp": "0s",
        },
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def looking(world: World, browser: Browser) -> Iterator[Looking]:
    """Pages of the world's controller. The browser comes second, see `chromium`."""
    with Looking(browser, world.controller.dashboard) as looking:
        yield looking
