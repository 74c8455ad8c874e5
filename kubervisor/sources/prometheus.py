"""Instant queries to Prometheus and what speaks like it (Thanos, Mimir, VictoriaMetrics).

The request is prometheus-api-client's. Its reading of the answer is not used: it drops `warnings`
and `resultType`, so a partial answer looks complete. The session hands it samples that are decoded
already, straight from the bytes.
"""

from __future__ import annotations

import math
import time
from typing import Any

import msgspec
import requests
from prometheus_api_client.prometheus_connect import PrometheusConnect
from urllib3 import Retry, Timeout

from kubervisor.errors import SourceAnswerUnusable, SourceRejected
from kubervisor.sources.credentials import Credentials
from kubervisor.sources.dial import Dial
from kubervisor.sources.http import MIB, SourceSession, excerpt, status_error
from kubervisor.traffic.model import Sample

MAX_ANSWER = 32 * MIB

# A comma stands before nearly every value of an answer, and a value costs up to 150 bytes once it
# is decoded: this keeps the smallest values from growing 32 MiB to half a gigabyte. It leaves room
# for 50,000 samples of eight labels.
_MAX_COMMAS = 500_000

# Go writes a float64 with at most 326 characters; parsing longer ones is work for nothing.
_MAX_NUMBER = 400


class _Series(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: tuple[float, str] | None = None


class _Data(msgspec.Struct):
    resultType: str
    result: msgspec.Raw


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_VECTOR = msgspec.json.Decoder(list[_Series])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Prometheus:
    """One Prometheus endpoint; its connections are kept. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        dial: Dial,
        credentials: Credentials | None = None,
        *,
        max_sample_age: float,
    ) -> None:
        self._session = _SampleSession(url, dial, MAX_ANSWER, credentials)
        # Retries are the next step's business: one here would outlast the step's deadline.
        self._library = PrometheusConnect(url=url, session=self._session, retry=Retry(0))
        self._title, self._max_sample_age = dial.title, max_sample_age

    def query(self, promql: str, *, deadline: float) -> tuple[Sample, ...]:
        """The instant vector of `promql`; `deadline` in seconds from now. Raises SourceError."""
        # The library's annotation knows whole seconds only; requests takes a total as well.
        total: Any = Timeout(total=deadline)
        params = {"timeout": f"{deadline:.3f}", "lookback_delta": f"{self._max_sample_age:.3f}"}
        samples: tuple[Sample, ...] = self._library.custom_query(promql, params, total)
        self._refuse_old(samples)
        return samples

    def _refuse_old(self, samples: tuple[Sample, ...]) -> None:
        """An instant query is answered as of now, but for what a proxy kept from an earlier one."""
        age = time.time() - min((sample.at for sample in samples), default=math.inf)
        if age > self._max_sample_age:
            raise SourceAnswerUnusable(
                f"{self._title} answered as of {age:.0f} s ago: a cache kept the answer, "
                f"or its clock is behind ours."
            )

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()


class _SampleSession(SourceSession):
    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        response = super().send(request, **kwargs)
        if response.status_code != 200:
            raise status_error(self._title, response.status_code, _said(response.content))
        return _Samples(read_vector(self._title, response.content))


class _Samples(requests.Response):
    """What the library takes its result from."""

    def __init__(self, samples: tuple[Sample, ...]) -> None:
        super().__init__()
        self.status_code = 200
        self._samples = samples

    def json(self, **_: Any) -> dict[str, dict[str, tuple[Sample, ...]]]:
        return {"data": {"result": self._samples}}


def read_vector(title: str, body: bytes) -> tuple[Sample, ...]:
    """The samples of an answer to an instant query, their values as sent, NaN included.

    Raises SourceRejected where the answer is an error, SourceAnswerUnusable where it is anything
    but a complete instant vector. `infos` (annotations on correct answers) are ignored.
    """
    if body.count(b",") > _MAX_COMMAS:
        raise SourceAnswerUnusable(
            f"{title} answered too many series or labels; aggregate the query."
        )
    try:
        answer = _ANSWER.decode(body)
        data = _complete(title, answer)
        return tuple(_sample(title, series) for series in _VECTOR.decode(data.result))
    except _UNREADABLE as error:
        raise SourceAnswerUnusable(
            f"{title} did not answer as a Prometheus does ({excerpt(str(error))}). Check that the "
            f"address is a Prometheus."
        ) from None


def _complete(title: str, answer: _Answer) -> _Data:
    if answer.status != "success":
        raise SourceRejected(
            f"{title} rejected the query: {excerpt(answer.error) or 'no reason given'}."
        )
    if answer.warnings:
        raise SourceAnswerUnusable(
            f"{title} answered with a warning, so the answer may be partial: "
            f"{excerpt(answer.warnings[0])}."
        )
    if answer.data is None or answer.data.resultType != "vector":
        kind = excerpt(answer.data.resultType, 20) if answer.data else "success without data"
        raise SourceAnswerUnusable(
            f"{title} answered a {kind}; the query must give an instant vector."
        )
    return answer.data


def _sample(title: str, series: _Series) -> Sample:
    if series.value is None:
        raise SourceAnswerUnusable(
            f"{title} answered a native histogram; take a number from it in the query, for "
            f"instance with histogram_fraction."
        )
    at, text = series.value
    try:
        if len(text) > _MAX_NUMBER or not math.isfinite(at):
            raise ValueError
        return Sample(series.metric, float(text), at)
    except ValueError:
        raise SourceAnswerUnusable(f"{title} answered a value that is not a number.") from None


def _said(body: bytes) -> str:
    """Prometheus's own explanation; empty where the body is not an error of Prometheus."""
    try:
        return excerpt(_ANSWER.decode(body).error)
    except _UNREADABLE:
        return ""
