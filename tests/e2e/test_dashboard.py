"""The dashboard of a real controller: what happens to pods is there to see, as it happens."""

from __future__ import annotations

import socket
import subprocess
import sys

from playground.cluster import LocalCluster
from tests.e2e.scene import FOREVER, WITHIN, Scene
from tests.ui.client import Client


def test_an_ejection_and_the_return_appear_on_the_open_page(scene: Scene) -> None:
    controller = scene.controller()
    fleet = scene.fleet(4)
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": 3})
    scene.wait_condition("SourcesAvailable")
    client, pod = Client(controller.dashboard), fleet.pods()[1]
    with client.stream(f"/api/services/{scene.namespace}/shop/stream") as stream:
        assert [one["state"] for one in stream.until("service")["pods"]] == ["serving"] * 4
        scene.detector.outliers(pod)
        while not (service := stream.until("service"))["decisions"]:
            pass
        (decision,) = service["decisions"]
        assert (decision["action"], decision["pod"]) == ("Ejected", pod.name)
        assert "may eject 2" in decision["evidence"]
        assert decision["numbers"] is not None
        scene.detector.outliers()
        while (service := stream.until("service"))["decisions"][0]["action"] != "Returned":
            pass
        while not {one["reason"] for one in service["events"]} >= {"PodEjected", "PodReturned"}:
            service = stream.until("service")
        history = client.ask(f"/api/services/{scene.namespace}/shop/history").json
        pods = history["breakers"]["oracle"]["pods"].values()
        assert [one["name"] for one in pods if "o" in one["judged"]] == [pod.name]
        # An open page keeps nobody from ending.
        assert controller.stop() == 0


def test_a_standby_shows_the_same_list_and_says_who_leads(scene: Scene) -> None:
    leader = scene.controller()
    scene.wait_leading(leader)
    fleet = scene.fleet(3)
    pod = fleet.pods()[0]
    scene.detector.outliers(pod)
    scene.guard(scene.breaker(), defaultActivator={"period": FOREVER})
    standby = scene.controller()
    scene.wait_status(lambda s: s.get("fleet", {}).get("ejected") == 1, "one is ejected")
    leads, waits = Client(leader.dashboard), Client(standby.dashboard)

    def out(client: Client) -> list[str]:
        return [
            one["pod"] for row in client.ask("/api/fleet").json["services"] for one in row["out"]
        ]

    scene.until(lambda: out(leads) == out(waits) == [pod.name], "both lists say who is out")
    leading, waiting = (one.ask("/api/fleet").json["controller"] for one in (leads, waits))
    assert (leading["leading"], waiting["leading"]) == (True, False)
    assert leading["identity"] == leading["leader"] == waiting["leader"] != waiting["identity"]


def test_an_address_of_the_dashboard_that_is_taken_is_told(cluster: LocalCluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = ("run", f"--kubeconfig={cluster.kubeconfig}", "--listen=127.0.0.1:0")
        ended = subprocess.run(
            [sys.executable, "-m", "kubervisor", *command, f"--dashboard-listen={address}"],
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    assert ended.returncode == 2
    assert f"cannot listen on {address}: address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr
