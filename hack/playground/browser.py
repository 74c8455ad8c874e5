"""Debian's Chromium, driven by Playwright, which brings no browser of its own here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright


class NoBrowser(RuntimeError):
    """There is no Chromium; the message is the line that installs it."""


def program() -> str:
    """Where Chromium is. Raises NoBrowser."""
    found = shutil.which("chromium")
    if found is None:
        raise NoBrowser("the dashboard is looked at in Chromium: apt-get install chromium")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser, which ends with the context. Raises NoBrowser.

    Meanwhile a loop runs in this thread, so no other can: servers of the playground come first.
    """
    found = program()
    with sync_playwright() as playwright:
        # /dev/shm is small in containers.
        flags = ["--disable-dev-shm-usage", "--font-render-hinting=none"]
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        try:
            yield browser
        finally:
            browser.close()
