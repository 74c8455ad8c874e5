"""The last known good version: the first one, its new name, and what takes its place.

Pure. A version that pods run well goes before the newest: an object that was deleted and made
again, or a repository that lost its archives, does not move a fleet.
"""

from __future__ import annotations

from dataclasses import replace

from kubervisor.datarollout.decision import choice, gates
from kubervisor.datarollout.decision.state import Change, News, Reason, View
from kubervisor.datarollout.versions import Version


def first_version(view: View, _now: float) -> Change | None:
    """There is none to go back to yet: the one that the pods run already, or the newest."""
    state = view.state
    if state.last_known_good is not None or not view.users:
        return None
    asked_for = choice.pinned(view) if view.policy.pin else choice.newest(view)
    first = choice.most_run(view) or asked_for
    if first is None:
        return None
    message = f"{first.path} is the first version that pods get"
    state = replace(state, last_known_good=first)
    return state, News(Reason.FIRST_VERSION, message, about=first)


def same_bytes_again(view: View, _now: float) -> Change | None:
    """The source has the same bytes again, under another path: that is the version's name now.

    While a candidate is out only where the old path is gone: the candidate came after the old one.
    """
    state, good, candidate = view.state, view.state.last_known_good, view.state.candidate
    state = replace(
        state,
        last_known_good=_renamed(view, good, only_if_gone=candidate is not None),
        candidate=_renamed(view, candidate, only_if_gone=True),
    )
    return None if state == view.state else (state, None)


def last_known_good_gone(view: View, _now: float) -> Change | None:
    """The repository lost what pods would go back to: what most run well takes its place."""
    state, good = view.state, view.state.last_known_good
    if good is None or gates.standstill(view) or view.policy.pin or choice.newest_like(view, good):
        return None
    other = choice.most_run(view) or choice.newest(view)
    if other is None:
        return None
    message = (
        f"{good.path}, the last known good version, is published no more: "
        f"{other.path} takes its place"
    )
    state = replace(state, last_known_good=other)
    if other.is_same(state.candidate):
        state = replace(state, candidate=None, stage=0, stage_at=0.0)
    return state, News(Reason.LAST_KNOWN_GOOD_GONE, message, warning=True, about=other)


def _renamed(view: View, version: Version | None, *, only_if_gone: bool) -> Version | None:
    again = choice.newest_like(view, version) if version else None
    if version is None or again is None or again.path == version.path:
        return version
    is_gone = all(one.path != version.path for one in choice.published(view))
    return again if is_gone or not only_if_gone else version
