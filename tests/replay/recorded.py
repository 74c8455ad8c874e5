"""A stand-in for a Prometheus of which only the past is asked: arrays behind its HTTP API.

It answers what a Prometheus would for `query_range`, and for `query` of a selector with a range.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

MOST_POINTS = 11_000
LOOKBACK = 75.0


@dataclass(slots=True, eq=False)
class Recorded:
    """One series: its labels, instants and values."""

    labels: Mapping[str, str]
    times: np.ndarray[tuple[int], np.dtype[np.float64]]
    values: np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(slots=True)
class Record:
    """What has been recorded, by the expression that asks for it; and what was asked."""

    series: dict[str, list[Recorded]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    error: str = ""

    def add(self, promql: str, labels: Mapping[str, str], times: object, values: object) -> None:
        self.series.setdefault(promql, []).append(
            Recorded(labels, np.asarray(times, dtype=float), np.asarray(values, dtype=float))
        )

    def answer(self, endpoint: str, query: dict[str, str]) -> tuple[int, object]:
        self.asked.append({"endpoint": endpoint, **query})
        if self.error:
            return self.status, {"status": "error", "error": self.error}
        if endpoint == "query_range":
            return self._range(query)
        return self._raw(query)

    def _range(self, query: dict[str, str]) -> tuple[int, object]:
        start, end, step = (float(query[name]) for name in ("start", "end", "step"))
        count = int((end - start) / step + 1e-6) + 1
        if count > MOST_POINTS:
            said = "exceeded maximum resolution of 11,000 points per timeseries"
            return 400, {"status": "error", "error": said}
        times = start + np.arange(count) * step
        result = []
        promql = query["query"]
        if promql.startswith("kube_"):
            promql = promql.partition("{")[0]
        for series in self.series.get(promql, []):
            latest = np.searchsorted(series.times, times + 1e-6) - 1
            known = (latest >= 0) & (times - series.times[latest] < LOOKBACK)
            points = zip(times[known].tolist(), series.values[latest[known]].tolist(), strict=True)
            result.append((series.labels, [[at, _number(value)] for at, value in points]))
        return 200, _matrix(result)

    def _raw(self, query: dict[str, str]) -> tuple[int, object]:
        found = re.fullmatch(r"(?P<selector>.*)\[(?P<ms>\d+)ms\]", query["query"], re.DOTALL)
        if found is None:
            return self._instant(query)
        end = float(query["time"])
        start = end - int(found["ms"]) / 1000
        result = []
        for series in self.series.get(found["selector"], []):
            there = (series.times > start + 1e-6) & (series.times <= end + 1e-6)
            points = zip(series.times[there].tolist(), series.values[there].tolist(), strict=True)
            result.append((series.labels, [[at, _number(value)] for at, value in points]))
        return 200, _matrix(result)

    def _instant(self, query: dict[str, str]) -> tuple[int, object]:
        """Of kube-state-metrics, by the name of the metric: whatever the selector says."""
        found = re.match(r"last_over_time\((?P<metric>\w+)", query["query"])
        result = [
            {
                "metric": line.labels,
                "value": [float(query["time"]), _number(float(line.values[-1]))],
            }
            for line in self.series.get(found["metric"] if found else "", [])
        ]
        return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}


def _number(value: float) -> str:
    special = {np.inf: "+Inf", -np.inf: "-Inf"}
    return "NaN" if np.isnan(value) else special.get(value) or repr(value)


def _matrix(result: list[tuple[Mapping[str, str], list[list[object]]]]) -> object:
    found = [{"metric": labels, "values": values} for labels, values in result if values]
    return {"status": "success", "data": {"resultType": "matrix", "result": found}}


@contextmanager
def serving(record: Record) -> Iterator[str]:
    """The URL under which the record is asked, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            status, answer = record.answer(url.path.rpartition("/")[2], query)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
