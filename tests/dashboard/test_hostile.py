"""Names and messages of others are shown as text, however they are made."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import ADRIFT, CART, World
from tests.dashboard.hostile import EVIDENCE, SCRIPT
from tests.dashboard.looking import MANNERS, Looking, Manner, keep, overflow


@pytest.fixture(scope="module")
def hostile(world: World) -> World:
    """A spec and the annotation of a pod that is out have it too, not only the cart's status."""
    pod = world.cart.pod(world.ejected.name)
    assert pod is not None
    world.cart.annotate(pod, "kubervisor/evidence", EVIDENCE)
    query = f'up{{pod="{SCRIPT.replace(chr(34), chr(39))}"}}'
    breaker = {"threshold": {"prometheusService": "nowhere.svc", "promQL": query, "above": 1}}
    world.scene.guard({"name": "odd", **breaker}, name=ADRIFT, service="nowhere")
    return world


@pytest.mark.parametrize("manner", [MANNERS[0], MANNERS[-1]], ids=str)
def test_it_is_shown_as_text(hostile: World, looking: Looking, manner: Manner) -> None:
    for path in (hostile.path(), hostile.path(CART)):
        page = looking.at(path, manner)
        expect(page.get_by_text(SCRIPT).first).to_be_visible()
        keep(page, "hostile" if path == "/" else "hostile-service", manner)
        assert page.evaluate("window.owned") is None
        assert page.locator("img, main script").count() == 0
        assert overflow(page) <= 0
    page = looking.at(f"{hostile.path(ADRIFT)}/spec", manner)
    expect(page.get_by_text("<script>window.owned=1</script>").first).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert overflow(page) <= 0


def test_what_reverses_text_ends_with_its_field(hostile: World, looking: Looking) -> None:
    page = looking.at(hostile.path(CART))
    page.get_by_role("button").filter(has_text=SCRIPT).first.click()
    said = page.get_by_role("region", name="Evidence").get_by_text("gnp.exe").first
    isolated = "e => { const s = getComputedStyle(e.closest('bdi') ?? e); return s.unicodeBidi; }"
    assert said.evaluate(isolated) in ("isolate", "isolate-override", "plaintext")


def test_a_path_that_leads_nowhere_is_text_too(hostile: World, looking: Looking) -> None:
    page = looking.at(hostile.path())
    page.evaluate(
        "history.pushState(null, '', '/<b>x'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    expect(page.get_by_text("is no page of the dashboard")).to_be_visible()
    assert page.locator("main b").count() == 0
