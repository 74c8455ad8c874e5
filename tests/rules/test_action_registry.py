"""The actions there are, and those that are known and not done."""

from __future__ import annotations

import pytest

from kubervisor.kube.access import ACTIONS as RIGHTS
from kubervisor.rules.actions.registry import ACTIONS, DEFAULT_ENABLED, NOT_SUPPORTED
from kubervisor.rules_settings import ACTIONS as ENDS
from kubervisor.rules_settings import RulesSettings


def ends_of(names: object) -> tuple[str, ...]:
    return tuple(name.partition(".action")[2][1:] for name in names)  # type: ignore[attr-defined]


def test_the_settings_and_the_rights_know_the_same_actions() -> None:
    assert set(ends_of(ACTIONS)) == set(ENDS)
    assert set(RIGHTS) == set(ENDS)


def test_what_an_administrator_need_not_name_is_enabled_by_the_settings() -> None:
    assert RulesSettings().actions == ends_of(DEFAULT_ENABLED)


def test_every_action_is_found_by_its_own_name() -> None:
    assert {name: action.name for name, action in ACTIONS.items()} == {n: n for n in ACTIONS}
    assert all(action.kinds for action in ACTIONS.values())


@pytest.mark.parametrize("name", sorted(NOT_SUPPORTED))
def test_what_is_not_done_is_answered_with_what_to_do_instead(name: str) -> None:
    assert name not in ACTIONS
    assert "pxctl" in NOT_SUPPORTED[name] or "pod/evict" in NOT_SUPPORTED[name]
