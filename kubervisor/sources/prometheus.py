"""Queries to Prometheus and what speaks like it (Thanos, Mimir, VictoriaMetrics).

The requests are prometheus-api-client's. Its reading of the answer is not used: it drops `warnings`
and `resultType`, so a partial answer looks complete, and it wants all of it at once. The session
hands it the answer unread.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TypeAlias, cast

import requests
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3 import Retry, Timeout

from kubervisor.errors import SourceAnswerUnusable
from kubervisor.sources.answers import PIECE, oldest, read_error, read_matrix
from kubervisor.sources.credentials import Credentials
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import MIB, SourceSession, status_error
from kubervisor.sources.vectors import read_vector
from kubervisor.traffic.layout import Layout
from kubervisor.traffic.measurement import Samples, Series
from kubervisor.traffic.rows import Naming, as_it_is

MAX_ANSWER = 32 * MIB
MAX_COMMAS = 500_000
"""Room for 50,000 samples of eight labels, of whatever address a specification names."""

MAX_TRUSTED_ANSWER = 64 * MIB
MAX_TRUSTED_COMMAS = 2_000_000
"""For the administrator's sources, where one query may be for all Services at once: room for
300,000 samples. Not more, for it is still a specification that says what is asked."""

MOST_QUESTIONS = 64
"""Questions of whose last answers the layout is kept for the next: those asked last."""

_Pieces: TypeAlias = Generator[bytes, None, None]
"""An answer, asked for and read as its pieces are taken. Closing it closes the connection, unless
all of it was taken."""


class Prometheus:
    """One Prometheus endpoint; its connections are kept. Safe to use from several threads.

    It has `credentials`, perhaps empty ones, where the administrator named it. All methods take a
    `deadline` in seconds from now and raise SourceError only.
    """

    def __init__(
        self,
        url: str,
        dial: Dial,
        credentials: Credentials | None = None,
        *,
        max_sample_age: float,
        one: Naming = as_it_is,
    ) -> None:
        trusted = credentials is not None
        max_answer = MAX_TRUSTED_ANSWER if trusted else MAX_ANSWER
        self._session = _UnreadSession(url, dial, max_answer, credentials)
        # Retries are the next step's business: one here would outlast the step's deadline.
        self._library = PrometheusConnect(url=url, session=self._session, retry=Retry(0))
        self._title, self._max_sample_age = dial.title, max_sample_age
        self._max_commas = MAX_TRUSTED_COMMAS if trusted else MAX_COMMAS
        self._one = one
        self._layouts: OrderedDict[tuple[str, str], Layout] = OrderedDict()
        self._lock = Lock()

    def query(self, promql: str, *, deadline: float, pod_label: str = "pod") -> Samples:
        """The instant vector of `promql`, to be looked at by `pod_label`."""
        question = promql, pod_label
        with self._lock:
            before = self._layouts.pop(question, None)
        with closing(self._ask(promql, deadline)) as pieces:
            samples = read_vector(
                self._title,
                pieces,
                pod_label,
                max_commas=self._max_commas,
                one=self._one,
                before=before,
            )
        self._refuse_old(samples.oldest)
        with self._lock:
            self._layouts[question] = samples.layout
            if len(self._layouts) > MOST_QUESTIONS:
                self._layouts.popitem(last=False)
        return samples

    def raw(self, selector: str, window: float, *, deadline: float) -> tuple[Series, ...]:
        """Every sample of the last `window` seconds of the series that `selector` names."""
        with closing(self._ask(f"{selector}[{round(1000 * window)}ms]", deadline)) as pieces:
            series = read_matrix(self._title, pieces, max_commas=self._max_commas)
        self._refuse_old(oldest(series) + window)
        return series

    def over(
        self, promql: str, window: float, step: float, *, deadline: float
    ) -> tuple[Series, ...]:
        """The values of `promql` every `step` seconds over the last `window` seconds.

        The instants are whole multiples of the step, so that caches on the way can be of use.
        """
        grid = max(1, round(step))
        end = time.time() // grid * grid
        begin = end - window // grid * grid
        answer = self._library.custom_query_range(
            promql,
            _instant(begin),
            _instant(end),
            str(grid),
            self._params(deadline),
            _total(deadline),
        )
        with closing(cast("_Pieces", answer)) as pieces:
            return read_matrix(self._title, pieces, max_commas=self._max_commas)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()

    def _ask(self, promql: str, deadline: float) -> _Pieces:
        params, total = self._params(deadline), _total(deadline)
        return cast("_Pieces", self._library.custom_query(promql, params, total))

    def _params(self, deadline: float) -> dict[str, str]:
        return {"timeout": f"{deadline:.3f}", "lookback_delta": f"{self._max_sample_age:.3f}"}

    def _refuse_old(self, answered_as_of: float) -> None:
        """A question of now is answered as of now, but for what a proxy kept from an earlier one.

        A matrix is as of its oldest sample plus its window, at the earliest.
        """
        age = time.time() - answered_as_of
        if age > self._max_sample_age:
            raise SourceAnswerUnusable(
                f"{self._title} answered as of {age:.0f} s ago: a cache kept the answer, "
                f"or its clock is behind ours."
            )


def _total(deadline: float) -> Any:
    """The library's annotation knows whole seconds only; requests takes a total as well."""
    return Timeout(total=deadline)


def _instant(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


class _UnreadSession(SourceSession):
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return _Unread(self._pieces(request, **kwargs))

    def _pieces(self, request: requests.PreparedRequest, **kwargs: Any) -> _Pieces:
        with self.opened(request, **kwargs) as response:
            if response.status_code != 200:
                raise status_error(self._title, response.status_code, read_error(response.content))
            yield from response.iter_content(PIECE)


class _Unread(requests.Response):
    """What the library takes its result from: the answer's pieces."""

    def __init__(self, pieces: _Pieces) -> None:
        super().__init__()
        self.status_code = 200
        self._pieces = pieces

    def json(self, **_: Any) -> dict[str, dict[str, _Pieces]]:
        return {"data": {"result": self._pieces}}
