"""Which version is the last known good one to begin with, and which one goes out next.

Pure. Versions come in the manifest's order, the oldest first: commits of the same second are still
one after the other.
"""

from __future__ import annotations

from collections import Counter

from kubervisor.datarollout.decision.state import Quarantined, View
from kubervisor.datarollout.decision.users import runs
from kubervisor.datarollout.versions import Version

SHORTEST_PIN = 6
"""Characters of a path or digest that stand for the whole."""


def published(view: View) -> tuple[Version, ...]:
    """What the repository publishes, the oldest first; nothing where it cannot be asked."""
    return view.published or ()


def newest_like(view: View, version: Version) -> Version | None:
    """The newest published version with the same bytes."""
    return next((one for one in reversed(published(view)) if one.is_same(version)), None)


def pinned(view: View) -> Version | None:
    """The version that people asked for: the whole path or digest goes before the beginning of one.

    None where nobody did, where it is not known, and where it could be more than one.
    """
    pin, state = view.policy.pin, view.state
    ours = [one for one in (state.last_known_good, state.candidate) if one]
    known = [*ours, *published(view)] if pin else []
    found = [one for one in known if pin == one.path or pin.upper() == one.sha256]
    if not found and len(pin) >= SHORTEST_PIN:
        found = [
            one for one in known if one.path.startswith(pin) or one.sha256.startswith(pin.upper())
        ]
    return found[-1] if len({one.sha256 for one in found}) == 1 else None


def quarantined(view: View, version: Version) -> Quarantined | None:
    """The entry that keeps `version` from going out; a pin set since then lifts it."""
    entry = next((one for one in view.state.quarantine if one.version.is_same(version)), None)
    if entry is None or not version.is_same(pinned(view)):
        return entry
    return entry if view.policy.generation <= entry.generation else None


def later_ones(view: View) -> tuple[Version, ...]:
    """What is published after the last known good one, under the path by which we know it: its
    bytes may have come again since. Where that is not published, nobody knows the order of two of
    the same second: then the other is later.
    """
    order, good = published(view), view.state.last_known_good
    same = [place for place, one in enumerate(order) if one.is_same(good)]
    places = [place for place in same if good and order[place].path == good.path] or same
    if places:
        return order[places[-1] + 1 :]
    return tuple(one for one in order if good is None or one.at >= good.at)


def is_later(view: View, version: Version) -> bool:
    """Whether `version` came after the last known good one."""
    good = view.state.last_known_good
    if good is None or newest_like(view, version) is None:
        return good is None or version.at >= good.at
    return any(one.is_same(version) for one in later_ones(view))


def next_version(view: View) -> Version | None:
    """The version that should go out: the pinned one, else the newest later one; none in
    quarantine, and not what is the last known good one already.
    """
    target, good = pinned(view), view.state.last_known_good
    choices = later_ones(view)
    if view.policy.pin:
        choices = tuple(one for one in published(view) if one.is_same(target))
    return next(
        (
            one
            for one in reversed(choices)
            if not one.is_same(good) and quarantined(view, one) is None
        ),
        None,
    )


def most_run(view: View) -> Version | None:
    """The published version, not in quarantine, that most users run and are well with; of two the
    newer.
    """
    free = {one.sha256: one for one in published(view) if not quarantined(view, one)}
    counts = Counter(
        user.deployed.version.sha256
        for user in view.users
        if user.deployed and runs(user, user.deployed.version) and user.failing_since is None
    )
    run = [(counts[digest], place) for place, digest in enumerate(free) if counts[digest]]
    return tuple(free.values())[max(run)[1]] if run else None


def newest(view: View) -> Version | None:
    """The newest published version that is not in quarantine."""
    return next((one for one in reversed(published(view)) if not quarantined(view, one)), None)
