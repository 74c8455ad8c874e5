"""A custom detector: asked by GET, it answers with the pods that are outliers.

    python3 detector.py HOST:PORT PROMETHEUS_URL

Its rule is its own: a pod is an outlier that has answered slower than twice the median of all.
"""

from __future__ import annotations

import json
import statistics
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode
from urllib.request import urlopen

QUERY = """
sum by (namespace, pod) (rate(http_request_duration_seconds_sum{namespace="shop"}[10s]))
/ sum by (namespace, pod) (rate(http_request_duration_seconds_count{namespace="shop"}[10s]))
"""


def outliers(prometheus: str) -> list[dict[str, str]]:
    """Namespace and name of each outlier, the worst first."""
    url = f"{prometheus}/api/v1/query?{urlencode({'query': QUERY})}"
    with urlopen(url, timeout=1) as answer:
        result = json.load(answer)["data"]["result"]
    # NaN, where a pod served nothing, compares as False and is left out.
    latencies = [(float(one["value"][1]), one["metric"]) for one in result]
    served = [pair for pair in latencies if pair[0] > 0]
    if len(served) < 3:
        return []
    limit = 2 * statistics.median(latency for latency, _ in served)
    slow = sorted((pair for pair in served if pair[0] > limit), key=lambda pair: -pair[0])
    return [{"namespace": labels["namespace"], "name": labels["pod"]} for _, labels in slow]


class Handler(BaseHTTPRequestHandler):
    """Answers every GET with a PodList."""

    prometheus = ""

    def do_GET(self) -> None:
        """200 with the outliers; 503 when they are not known: then nothing is ejected."""
        try:
            items = [{"metadata": pod} for pod in outliers(self.prometheus)]
        except (OSError, ValueError, KeyError) as error:
            self.send_error(503, f"no measurement: {type(error).__name__}")
            return
        answer = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": items})
        body = f"{answer}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until ended."""
    address, Handler.prometheus = sys.argv[1:]
    host, _, port = address.rpartition(":")
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
