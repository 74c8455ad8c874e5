"""What the same answers cost whoever only takes them off the wire: the floor of LIST and watch."""

from __future__ import annotations

import http.client
import re
import time
from contextlib import closing

_TOKEN = re.compile(rb'"continue":"(\d+)"')
PAGE = 500


def list_raw(port: int) -> float:
    """Seconds that reading all pages of pods takes, without decoding them."""
    began, token = time.monotonic(), b""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        while True:
            page = f"/api/v1/pods?limit={PAGE}" + (f"&continue={token.decode()}" if token else "")
            connection.request("GET", page)
            found = _TOKEN.search(connection.getresponse().read()[:200])
            if found is None:
                return time.monotonic() - began
            token = found[1]


def watch_raw(port: int, seconds: float) -> float:
    """Seconds of processor time that each event of a watch takes its reader, undecoded; 0 where
    none came.
    """
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/api/v1/pods?watch=1")
        stream, events = connection.getresponse(), 0
        began, used = time.monotonic(), time.thread_time()
        while time.monotonic() - began < seconds and (read := stream.read1(1 << 16)):
            events += read.count(b"\n")
        return (time.thread_time() - used) / events if events else 0.0
