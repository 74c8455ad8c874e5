"""Pages of the dashboard in a browser that complains about everything a page must never do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request

from tests.e2e.scene import WITHIN

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"

Scheme = Literal["light", "dark"]

SIZES = {"wide": (1280, 800), "phone": (390, 844)}
LOST = r"net::ERR_|Failed to load resource"
"""What Chromium itself writes to the console where no server answers."""

# Told besides by the console, but not with what was blocked.
VIOLATIONS = """
addEventListener("securitypolicyviolation", event =>
  console.error(`blocked: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Manner(NamedTuple):
    """How a page is looked at."""

    scheme: Scheme = "light"
    size: str = "wide"

    def __str__(self) -> str:
        return f"{self.scheme}-{self.size}"


USUAL = Manner()
MANNERS = [Manner(scheme, size) for size in SIZES for scheme in ("light", "dark")]


class Looking:
    """Opens pages of one address; leaving its context fails where one of them did wrong.

    Wrong is an error or a warning on the console, a request to another host, and whatever the
    Content-Security-Policy had to block.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self.complaints: list[str] = []
        self.browser, self._address, self._stack = browser, address, ExitStack()

    def at(
        self, path: str, manner: Manner = USUAL, *, forgive: str = "", axe: bool = False
    ) -> Page:
        """A page, when it shows that it is live. `forgive` is a pattern of console messages.

        With `axe` it can be asked for `violations`, and has no policy: that would not let axe in.
        """
        width, height = SIZES[manner.size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=manner.scheme,
            reduced_motion="reduce",
            bypass_csp=axe,
        )
        self._stack.callback(context.close)
        context.add_init_script(VIOLATIONS)
        context.set_default_timeout(1000 * WITHIN)
        context.on("request", self._asked)
        context.on("console", lambda message: self._said(message, forgive))
        context.on("weberror", lambda error: self.complaints.append(f"thrown: {error.error}"))
        page = context.new_page()
        page.goto(f"http://{self._address}{path}")
        page.get_by_role("status").get_by_text("Live", exact=True).wait_for()
        return page

    def _asked(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme != "data" and where.netloc != self._address:
            self.complaints.append(f"a request to another host: {request.url}")

    def _said(self, message: ConsoleMessage, forgive: str) -> None:
        if message.type in ("error", "warning") and not (
            forgive and re.search(forgive, message.text)
        ):
            self.complaints.append(f"console: {message.text} ({message.location})")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stack.close()
        if kind is None:
            assert self.complaints == []


def shown(page: Page, manner: Manner) -> None:
    """Show the same page in another manner."""
    width, height = SIZES[manner.size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=manner.scheme)


def violations(page: Page) -> list[str]:
    """What axe finds wrong, one line for each element."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return list(_told(found["violations"]))


def _told(found: list[dict[str, Any]]) -> Iterator[str]:
    for one in found:
        for node in one["nodes"]:
            why = node["failureSummary"].replace("\n", " ")
            yield f"{one['id']}: {' '.join(map(str, node['target']))}: {why}"


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the screen."""
    wide: int = page.evaluate(
        "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    )
    return wide


def keep(page: Page, name: str, manner: Manner) -> None:
    """Keep a picture of it as an artefact."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{manner}.png")
