"""The workload over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests

from playground.faults import Fault, main
from playground.workload import PodName, Workload
from playground.workload_server import WorkloadServer

POD = PodName("shop", "shop-1")


@pytest.fixture
def server() -> Iterator[WorkloadServer]:
    workload = Workload()
    workload.add(POD, "uid-1")
    with WorkloadServer(workload) as server:
        yield server


def test_a_request_is_answered_by_the_pods_fault_and_shows_in_its_metrics(
    server: WorkloadServer,
) -> None:
    with requests.Session() as client:
        answered = [client.get(f"{server.url}/pods/{POD}/")]
        client.put(f"{server.url}/pods/{POD}/fault", json={"errors": 1, "code": 503})
        answered.append(client.get(f"{server.url}/pods/{POD}/basket?id=1"))
        page = client.get(f"{server.url}/pods/{POD}/metrics")

    assert [answer.status_code for answer in answered] == [200, 503]
    assert 'http_requests_total{code="503"} 1' in page.text


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param({"errors": 50}, "share from 0 to 1", id="a percentage is not a share"),
        pytest.param({"error": 0.5}, "`error`", id="a misspelt field is named"),
        pytest.param({"code": 200}, "400 to 599", id="success is not a fault"),
        pytest.param({"code": 404}, "no such pod", id="404 is for pods that do not run"),
        pytest.param({"slow": 0}, "above 0", id="a factor of zero is no slow-down"),
        pytest.param({"leak": -1}, "0 or more", id="memory does not leak away"),
        pytest.param({"hang": "yes"}, "bool", id="a text is not a switch"),
        pytest.param([], "object", id="a list is no fault"),
    ],
)
def test_a_wrong_fault_is_refused_and_changes_nothing(
    server: WorkloadServer, fault: object, says: str
) -> None:
    refused = requests.put(f"{server.url}/pods/{POD}/fault", json=fault)

    assert refused.status_code == 400
    assert says in refused.text
    assert requests.get(f"{server.url}/pods/{POD}/").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/pods/shop/gone/", 404, id="a pod that does not run"),
        pytest.param("/pods/shop/gone/metrics", 404, id="the metrics of a pod that does not run"),
        pytest.param("/elsewhere", 404, id="an unknown page"),
        pytest.param("/metrics/aggregate", 400, id="an aggregate without a shard"),
        pytest.param("/metrics/aggregate?shard=2&of=2", 400, id="a shard past the last one"),
    ],
)
def test_what_is_not_there_is_an_error(server: WorkloadServer, path: str, status: int) -> None:
    assert requests.get(server.url + path).status_code == status


def test_a_pod_without_metrics_answers_503_on_its_metrics_page(server: WorkloadServer) -> None:
    server.workload.set_fault(POD, Fault(no_metrics=True))

    assert requests.get(f"{server.url}/pods/{POD}/metrics").status_code == 503
    assert requests.get(f"{server.url}/pods/{POD}/").status_code == 200


def test_a_hanging_pod_lets_the_client_time_out_and_others_are_served(
    server: WorkloadServer,
) -> None:
    server.workload.add(PodName("shop", "shop-2"))
    server.workload.set_fault(POD, Fault(hang=True))

    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{server.url}/pods/{POD}/", timeout=0.2)
    assert requests.get(f"{server.url}/pods/shop/shop-2/").status_code == 200


def test_requests_that_arrive_in_pieces_and_together_are_all_answered(
    server: WorkloadServer,
) -> None:
    request = f"GET /pods/{POD}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(request[:20])
        client.sendall(request[20:] + request)
        received = b""
        while received.count(b"ok\n") < 2:
            received += client.recv(4096)

    assert received.count(b"HTTP/1.1 200 OK") == 2


def test_discovery_lists_each_pod_with_its_labels_and_its_metrics_page(
    server: WorkloadServer,
) -> None:
    assert requests.get(f"{server.url}/sd").json() == [
        {
            "targets": [server.address],
            "labels": {
                "__metrics_path__": "/pods/shop/shop-1/metrics",
                "namespace": "shop",
                "pod": "shop-1",
            },
        }
    ]


def test_the_command_makes_a_pod_go_wrong_and_well_again(
    server: WorkloadServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([server.url, str(POD), "--errors", "1"]) == 0
    assert requests.get(f"{server.url}/pods/{POD}/").status_code == 500
    assert main([server.url, str(POD)]) == 0
    assert requests.get(f"{server.url}/pods/{POD}/").status_code == 200
    assert "shop/shop-1 is healthy" in capsys.readouterr().out


def test_the_command_says_which_pod_does_not_run(
    server: WorkloadServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([server.url, "shop/gone", "--errors", "1"]) == 1
    assert "no pod shop/gone runs" in capsys.readouterr().err


def test_nothing_listens_after_close() -> None:
    with WorkloadServer(Workload()) as server:
        pass
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url)


def test_a_pod_has_its_page_under_its_own_address_as_a_proxy_shows_it(
    server: WorkloadServer,
) -> None:
    server.workload.add(POD, "uid-1", "10.244.0.7")
    proxies = {"http": server.url}

    def get(url: str) -> requests.Response:
        return requests.get(url, proxies=proxies, timeout=10)

    assert 'http_requests_total{code="200"}' in get("http://10.244.0.7:8080/metrics").text
    assert get("http://10.244.0.8:8080/metrics").status_code == 404
    server.workload.remove(POD, "uid-1")
    assert get("http://10.244.0.7:8080/metrics").status_code == 404
