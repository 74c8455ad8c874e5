"""The past of a Prometheus-compatible server: expressions over a time, and raw samples.

Answers are large and become arrays straight away. The caller bounds each by the time it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from urllib3 import Timeout

from kubervisor.errors import SourceAnswerUnusable, SourceRejected
from kubervisor.source_settings import NamedSource
from kubervisor.sources.answers import read_error
from kubervisor.sources.credentials import Credentials
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import MIB, SourceSession, excerpt, status_error
from kubervisor.sources.lookups import Lookups

MAX_ANSWER = 256 * MIB
DEADLINE = 120.0
"""Seconds for one answer: Prometheus itself gives a query two minutes."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One series over a time: its labels, instants (Unix seconds, ascending) and values."""

    labels: Mapping[str, str]
    times: Array
    values: Array


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: msgspec.Raw = msgspec.Raw()
    value: msgspec.Raw = msgspec.Raw()


class _Data(msgspec.Struct):
    resultType: str
    result: list[_Series]


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_POINTS = msgspec.json.Decoder(list[tuple[float, float]], strict=False)
_POINT = msgspec.json.Decoder(tuple[float, float], strict=False)


class History:
    """One server, asked for its past. All methods raise SourceError."""

    def __init__(self, source: NamedSource, *, max_sample_age: float) -> None:
        self._title, self._url = f"Source {source.url}", source.url.rstrip("/")
        dial = Dial(self._title, source.host, source.port, Lookups(), _no_refusal)
        self._session = SourceSession(self._url, dial, MAX_ANSWER, Credentials(source))
        self._max_sample_age = max_sample_age

    def over(self, promql: str, start: float, end: float, step: float) -> tuple[Line, ...]:
        """The expression at `start` and every `step` seconds up to `end`: what instant queries
        would have answered then.
        """
        when = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return self._ask("query_range", promql, when, "matrix")

    def raw(self, selector: str, start: float, end: float) -> tuple[Line, ...]:
        """Every sample after `start` and up to `end` of the series that `selector` names."""
        promql = f"{selector}[{round(1000 * (end - start))}ms]"
        lines = self._ask("query", promql, {"time": f"{end:.3f}"}, "matrix")
        # Prometheus 2 answers with the sample at the very start too.
        return tuple(_after(line, start) for line in lines)

    def at(self, promql: str, at: float) -> tuple[Line, ...]:
        """The expression at one instant: lines of one value."""
        return self._ask("query", promql, {"time": f"{at:.3f}"}, "vector")

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()

    def _ask(
        self, endpoint: str, promql: str, when: Mapping[str, str], kind: str
    ) -> tuple[Line, ...]:
        # The annotation knows whole seconds only; requests takes a total as well.
        total: Any = Timeout(total=DEADLINE)
        params = {
            "query": promql,
            "timeout": f"{DEADLINE:.0f}",
            "lookback_delta": f"{self._max_sample_age:.3f}",
            **when,
        }
        response = self._session.get(f"{self._url}/api/v1/{endpoint}", params=params, timeout=total)
        if response.status_code != 200:
            raise status_error(self._title, response.status_code, read_error(response.content))
        return self._read(response.content, kind)

    def _read(self, body: bytes, kind: str) -> tuple[Line, ...]:
        try:
            # Go writes +Inf, which no JSON reader takes for a number.
            answer = _ANSWER.decode(body.replace(b'"+Inf"', b'"Inf"'))
            self._refuse_partial(answer, kind)
            return tuple(self._line(one) for one in answer.data.result) if answer.data else ()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SourceAnswerUnusable(
                f"{self._title} did not answer as a Prometheus does ({excerpt(str(error))}). "
                f"Check that the address is a Prometheus."
            ) from None

    def _refuse_partial(self, answer: _Answer, kind: str) -> None:
        if answer.status != "success":
            said = excerpt(answer.error) or "no reason given"
            raise SourceRejected(f"{self._title} rejected the query: {said}.")
        if answer.warnings:
            raise SourceAnswerUnusable(
                f"{self._title} answered with a warning, so the answer may be partial: "
                f"{excerpt(answer.warnings[0])}."
            )
        if answer.data is None or answer.data.resultType != kind:
            got = excerpt(answer.data.resultType, 20) if answer.data else "success without data"
            raise SourceAnswerUnusable(f"{self._title} answered a {got} instead of a {kind}.")

    def _line(self, one: _Series) -> Line:
        if one.values:
            points = np.array(_POINTS.decode(one.values), dtype=np.float64).reshape(-1, 2)
        elif one.value:
            points = np.array([_POINT.decode(one.value)], dtype=np.float64)
        else:
            raise SourceAnswerUnusable(
                f"{self._title} answered a native histogram; take a number from it in the query, "
                f"for instance with histogram_fraction."
            )
        # Two contiguous columns instead of one array of pairs.
        return Line(one.metric, points[:, 0].copy(), points[:, 1].copy())


def _after(line: Line, start: float) -> Line:
    first = int(np.searchsorted(line.times, start, side="right"))
    return Line(line.labels, line.times[first:], line.values[first:]) if first else line


def _no_refusal(_: str) -> None:
    """The operator named the address."""
