"""The DataRollouts, LISTed when somebody looks, and remembered for a moment.

There is no watch of them here: the controller of data has one, and most installations have no data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from kubervisor.errors import ApiError, Forbidden, NotFound
from kubervisor.kube import rollout_reading as stored
from kubervisor.kube.client import Api
from kubervisor.ui.data_documents import MOST_ROLLOUTS, Rollout
from kubervisor.ui.documents import LONGEST_LINE, cut
from kubervisor.ui.remembered import PATIENCE, Remembered
from kubervisor.ui.rollout_documents import rollout_of

ABSENT = "The API server does not know DataRollouts: data deployments are not installed here."
FORBIDDEN = (
    "This controller's account may not list DataRollouts. Where data deployments are installed, "
    "grant it the verb list on datarollouts.kubervisor.k8s.io; where they are not, there is "
    "nothing to see."
)


class Found(NamedTuple):
    """What a look found: `access` and `problem` as in `Answer`, and whether there were `more`."""

    access: str
    problem: str = ""
    rollouts: tuple[Rollout, ...] = ()
    more: bool = False


class Rollouts:
    """For any number of threads; at most one asks the API server at a time.

    Without `namespaces`, those of all.
    """

    def __init__(
        self,
        api: Api,
        namespaces: Sequence[str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api, self._namespaces = api, tuple(namespaces) or (None,)
        self._remembered = Remembered(self._look, monotonic)

    def read(self) -> Found:
        """The rollouts by namespace and name, `FRESH` seconds old at most; blocks while it asks."""
        return self._remembered.read()

    def _look(self) -> Found:
        try:
            found = [rollout_of(one) for one in islice(self._all(), MOST_ROLLOUTS + 1)]
        except NotFound:
            return Found("absent", ABSENT)
        except Forbidden:
            return Found("forbidden", FORBIDDEN)
        except ApiError as error:
            return Found("failed", cut(str(error), LONGEST_LINE))
        return Found("open", "", tuple(found[:MOST_ROLLOUTS]), len(found) > MOST_ROLLOUTS)

    def _all(self) -> Iterator[stored.Rollout]:
        return chain.from_iterable(
            stored.list_rollouts(self._api, name, timeout=PATIENCE) for name in self._namespaces
        )
