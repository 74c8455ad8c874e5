"""A stand-in for Prometheus with answers that the real one does not give on demand."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any

from playground.detector_http import Answer, Exchange, ScriptedServer, as_json

Labels = Mapping[str, str]


def success(kind: str, result: object, **extra: object) -> Answer:
    """A successful answer of a result type, with any further fields of the envelope."""
    return as_json({"status": "success", "data": {"resultType": kind, "result": result}} | extra)


def vector(
    samples: Iterable[tuple[Labels, float | str]], *, age: float = 0, **extra: object
) -> Answer:
    """An instant vector of these samples; their time is `age` seconds before each question.

    A value may be a text such as `NaN`, `+Inf`, `-3` or `1.5`, as Prometheus writes them.
    """
    kept = [(dict(labels), str(value)) for labels, value in samples]

    def answer(exchange: Exchange) -> None:
        at = time.time() - age
        result = [{"metric": labels, "value": [at, value]} for labels, value in kept]
        success("vector", result, **extra)(exchange)

    return answer


def empty() -> Answer:
    """A valid answer without samples."""
    return vector(())


def scalar(value: float) -> Answer:
    """A number in place of a vector."""
    return success("scalar", [time.time(), str(value)])


def matrix() -> Answer:
    """A range vector in place of an instant one."""
    return success("matrix", [{"metric": {}, "values": [[time.time(), "1"]]}])


def warns(samples: Iterable[tuple[Labels, float | str]], *warnings: str) -> Answer:
    """A vector with warnings: the answer may be partial."""
    return vector(samples, warnings=list(warnings))


def failure(kind: str, message: str) -> Answer:
    """Status 200 with an error in the envelope, as some proxies make of a failed query."""
    return as_json({"status": "error", "errorType": kind, "error": message})


def malformed() -> Answer:
    """A success whose samples lack their values."""
    result: list[dict[str, Any]] = [{"metric": {"pod": "shop-1"}}]
    return success("vector", result)


class PrometheusStandIn(ScriptedServer):
    """Answers every query with `answer`, an empty vector at first."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(empty(), tls=tls)
