"""Rules, their objects and approvals, LISTed when somebody looks, and remembered for a moment.

There is no watch of them here: the controller of rules has one, and most installations have none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from kubervisor.errors import ApiError, Forbidden, NotFound
from kubervisor.kube import rule_reading as stored
from kubervisor.kube.client import Api
from kubervisor.ui.documents import LONGEST_LINE, cut
from kubervisor.ui.remembered import PATIENCE, Remembered
from kubervisor.ui.rules_documents import (
    MOST_APPROVALS,
    MOST_OBJECTS,
    MOST_READ,
    MOST_RULES,
    About,
    Approval,
    Rule,
)
from kubervisor.ui.rules_view import about_of, approval_of, by_rule, gravest_first, rule_of

T = TypeVar("T")

ABSENT = "The API server does not know AutopilotRules: remediation rules are not installed here."
FORBIDDEN = (
    "This controller's account may not list AutopilotRules, their objects and approvals. Where "
    "remediation rules are installed, grant it the verb list on autopilotrules, "
    "autopilotruleobjects and actionapprovals of autopilot.libopenstorage.org; where they are not, "
    "there is nothing to see."
)


class Found(NamedTuple):
    """What a look found: `access` and `problem` as in `Answer`, and whether there was `more`."""

    access: str
    problem: str = ""
    rules: tuple[Rule, ...] = ()
    objects: tuple[About, ...] = ()
    approvals: tuple[Approval, ...] = ()
    more: bool = False


class Remediation:
    """For any number of threads; at most one asks the API server at a time.

    Without `namespaces`, objects and approvals are those of all.
    """

    def __init__(
        self,
        api: Api,
        namespaces: Sequence[str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._api, self._namespaces, self._now = api, tuple(namespaces) or (None,), now
        self._remembered = Remembered(self._look, monotonic)

    def read(self) -> Found:
        """What is stored, `FRESH` seconds old at most; blocks while it asks."""
        return self._remembered.read()

    def _look(self) -> Found:
        try:
            rules, more_rules = _capped(stored.list_rules(self._api, timeout=PATIENCE), MOST_RULES)
            objects, more_objects = _capped(self._of(stored.list_rule_objects), MOST_READ)
            approvals, more_approvals = _capped(self._of(stored.list_approvals), MOST_APPROVALS)
        except NotFound:
            return Found("absent", ABSENT)
        except Forbidden:
            return Found("forbidden", FORBIDDEN)
        except ApiError as error:
            return Found("failed", cut(str(error), LONGEST_LINE))
        of_rules, now = by_rule(objects), self._now()
        return Found(
            "open",
            "",
            tuple(rule_of(one, of_rules.get(one.name, [])) for one in rules),
            tuple(about_of(one) for one in gravest_first(objects)[:MOST_OBJECTS]),
            tuple(approval_of(one, now) for one in approvals),
            more_rules or more_objects or more_approvals or len(objects) > MOST_OBJECTS,
        )

    def _of(self, listing: Callable[..., Iterator[T]]) -> Iterator[T]:
        return chain.from_iterable(
            listing(self._api, name, timeout=PATIENCE) for name in self._namespaces
        )


def _capped(found: Iterator[T], most: int) -> tuple[list[T], bool]:
    """So many of them, and whether there are more."""
    listed = list(islice(found, most + 1))
    return listed[:most], len(listed) > most
