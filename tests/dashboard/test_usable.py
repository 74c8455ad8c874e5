"""Whoever cannot see, has no mouse, or holds a phone can use the pages too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import ADRIFT, CART, SHOP, World
from tests.dashboard.looking import MANNERS, Looking, keep, overflow, shown, violations

PAGES = ["", SHOP, CART, ADRIFT, f"{SHOP}/what-if", f"{SHOP}/spec", f"{SHOP}/events"]


@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "fleet")
def test_axe_finds_nothing_wrong_in_any_light_or_width(
    world: World, looking: Looking, name: str
) -> None:
    page = looking.at(world.path(name), axe=True)
    for manner in MANNERS:
        shown(page, manner)
        assert violations(page) == [], manner
        assert overflow(page) <= 0, manner
        keep(page, name.replace("/", "-") or "fleet", manner)


def test_the_keyboard_reaches_a_row_opens_it_and_comes_back(world: World, looking: Looking) -> None:
    page = looking.at(world.path())
    row = page.get_by_role("table").get_by_role("link", name=CART)
    for _ in range(40):
        page.keyboard.press("Tab")
        if row.evaluate("link => link === document.activeElement"):
            break
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=CART).first).to_be_visible()
    assert page.url.endswith(world.path(CART))

    page.keyboard.press("Escape")
    expect(page.get_by_role("table", name="Services")).to_be_visible()
    expect(page.get_by_role("table").get_by_role("link", name=CART)).to_be_focused()


def test_arrows_move_from_row_to_row(world: World, looking: Looking) -> None:
    page = looking.at(world.path())
    rows = page.locator("[data-row]")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(rows.last).to_be_focused()
    page.keyboard.press("Home")
    expect(rows.first).to_be_focused()


def test_a_search_leaves_what_it_names(world: World, looking: Looking) -> None:
    page = looking.at(world.path())
    page.keyboard.press("/")
    page.keyboard.type(ADRIFT)
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.get_by_role("table").get_by_role("link", name=ADRIFT)).to_be_visible()
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?q={ADRIFT}")
