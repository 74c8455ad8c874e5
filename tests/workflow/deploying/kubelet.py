"""What a kubelet does when somebody reads logs: the API server asks it, the tests say the lines."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json

Lines = SimpleQueue[str | None]
"""What a pod says: a line, and None at its end."""


class Kubelet(ThreadingHTTPServer):
    """One that has a log for each of some pods. `follows` has those whose log was followed."""

    daemon_threads = True

    def __init__(self, cluster: LocalCluster, logs: Mapping[str, Lines]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.logs, self.followed = logs, set[str]()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cluster.pki.certificate, cluster.pki.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)


class _Handler(BaseHTTPRequestHandler):
    server: Kubelet
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        _, of, _, pod, _ = address.path.split("/")
        assert of == "containerLogs"
        if parse_qs(address.query).get("follow") == ["true"]:
            self.server.followed.add(pod)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while (line := self.server.logs[pod].get()) is not None:
            data = line.encode() + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """The tests' output is their own."""


@contextmanager
def node_with_logs(
    cluster: LocalCluster, admin: Api, name: str, logs: Mapping[str, Lines]
) -> Iterator[Kubelet]:
    """A node of that name, on which the pods of `logs` may be, and its kubelet."""
    with Kubelet(cluster, logs) as kubelet:
        thread = threading.Thread(target=kubelet.serve_forever, name="kubelet", daemon=True)
        thread.start()
        path = f"/api/v1/nodes/{name}"
        admin.apply(path, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        status: Json = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.server_port}},
        }
        try:
            admin.merge(f"{path}/status", {"status": status})
            yield kubelet
        finally:
            admin.delete(path)
            kubelet.shutdown()
            thread.join()
