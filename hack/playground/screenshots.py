"""`make screenshots`: the pictures of docs/assets, of a street of shops after much trouble."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from playground import binaries, foreground
from playground.browser import NoBrowser, chromium, program
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.processes import ProcessFailed
from playground.street import LASTS, MINUTE, NAMESPACE, Street

ASSETS = Path(__file__).resolve().parents[2] / "docs" / "assets"
HUM = 5.0
"""Seconds after which the errors that every pod has are others."""
SHOWN = "checkout"
"""The Service whose page is shown."""


def live_through(shops: Street) -> None:
    """Return at the end of the story, with pods out."""
    began = time.monotonic()
    while (at := time.monotonic() - began) < LASTS:
        shops.play(at)
        print(f"\r{at / MINUTE:4.1f} of {LASTS / MINUTE:g} minutes", end="", file=sys.stderr)
        time.sleep(HUM)
    print(file=sys.stderr)
    shops.fleets[SHOWN].wait(lambda fleet: bool(fleet.out()), MINUTE, f"a pod of {SHOWN} is out")


def take(browser: Browser, address: str) -> None:
    """Take the pictures."""
    ASSETS.mkdir(exist_ok=True)
    service = f"http://{address}/services/{NAMESPACE}/{SHOWN}"
    _keep(_opened(browser, f"http://{address}/", 860), "dashboard-fleet")
    _keep(_opened(browser, service, 1000), "dashboard-service")
    trial = _opened(browser, f"{service}/what-if", 830)
    slider = trial.get_by_role("slider", name="Smallest excess")
    slider.fill(str(int(slider.get_attribute("max") or 0) // 8))
    _keep(trial, "dashboard-what-if")


def _keep(page: Page, name: str) -> None:
    file = ASSETS / f"{name}.png"
    page.screenshot(path=file)
    page.context.close()
    print(f"{file}: {file.stat().st_size // 1000} kB")


def _opened(browser: Browser, url: str, height: int) -> Page:
    context = browser.new_context(
        viewport={"width": 1280, "height": height}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(url)
    page.get_by_role("status").get_by_text("Live", exact=True).wait_for()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(2500)  # a few live scores
    return page


def main() -> int:
    """Live through it and take the pictures; 1 where no cluster or no browser can be had."""
    try:
        program()
        with (
            LocalCluster.start() as cluster,
            Street(cluster) as shops,
            Controller(cluster.kubeconfig) as controller,
        ):
            shops.guard()
            print(f"http://{controller.dashboard}/", flush=True)
            live_through(shops)
            with chromium() as browser:
                take(browser, controller.dashboard)
    except (NoBrowser, ProcessFailed, binaries.BuildError, TimeoutError) as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    foreground.run(main)
