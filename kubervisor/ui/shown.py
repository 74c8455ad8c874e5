"""How long what is stored may be where a page shows it."""

from __future__ import annotations

from kubervisor import instants
from kubervisor.kube import conditions as stored
from kubervisor.ui.documents import LONGEST_LINE, Condition, cut

LONGEST_MESSAGE = 1024
UNREADABLE = "The object is there, but its spec or its status cannot be read."


def line(text: str) -> str:
    """`text`, cut to what a line has room for."""
    return cut(text, LONGEST_LINE)


def condition_of(one: stored.Condition, *, good: bool) -> Condition:
    """A condition, `good` where it is as it should be."""
    return Condition(
        type=line(one.type),
        status=line(one.status),
        reason=line(one.reason),
        message=cut(one.message, LONGEST_MESSAGE),
        since=instants.parse(one.last_transition_time),
        good=good,
    )
