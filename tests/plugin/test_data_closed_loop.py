"""A person sees, and steers by `kubectl kubervisor data`, what the real controller does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from kubervisor.cli import main
from kubervisor.kube.client import connect
from kubervisor.ui.rollouts import Rollouts
from playground.cluster import LocalCluster
from tests.datarollout.farm import Farm
from tests.datarollout.shelf import Shelf
from tests.plugin.conftest import Plugin


@pytest.fixture
def farm(taught: LocalCluster, namespace: str) -> Iterator[Farm]:
    with Shelf() as shelf, Farm(taught, namespace, shelf) as farm:
        yield farm


def test_pause_resume_pin_and_unpin_are_heard(farm: Farm, plugin: Plugin) -> None:
    first = farm.shelf.publish("prices", "first-one")
    farm.fleet(4)
    farm.controller("--probation=1", elect=True)
    farm.wait(lambda: farm.is_settled_on(first), "all have the first version")
    assert plugin("data", "status", "prices").err == ""

    plugin("data", "pause", "prices")
    second = farm.shelf.publish("prices", "second-one")
    farm.wait(
        lambda: (
            (farm.status().get("newest") or {}).get("path") == second.path
            and farm.status()["observedGeneration"] == 2
        ),
        "the controller knows of the second version and of the pause",
    )
    assert plugin("data").rows[1][:4] == ["prices", "Paused", "Paused", "first-one"]
    assert "it is paused" in plugin("data", "explain", "prices").out
    plugin("data", "resume", "prices")
    farm.wait(lambda: farm.is_settled_on(second), "it goes out")
    deployed = [row[4:6] for row in plugin("data", "pods", "prices", "--no-headers").rows]
    assert deployed == [["second-one", "ready"]] * 4

    plugin("data", "pin", "prices", "first-one")
    farm.wait(lambda: farm.is_settled_on(first), "the older one is out again")
    plugin("data", "unpin", "prices")
    farm.wait(lambda: farm.is_settled_on(second), "and the newest again")


def test_what_was_taken_back_is_told_everywhere(
    farm: Farm, plugin: Plugin, taught: LocalCluster
) -> None:
    first = farm.shelf.publish("prices", "first-one")
    farm.rollout(probation="2s")
    farm.fleet(4)
    farm.controller("--stages=25,50,100")
    farm.wait(lambda: farm.is_settled_on(first), "all have the first version")
    farm.harmful.add("poison.tar.zst")
    farm.shelf.publish("prices", "poison")
    farm.wait(lambda: farm.status().get("quarantine") and farm.is_settled_on(first), "all are back")
    told = plugin("data", "explain", "prices").out
    assert "is settled on first-one with 4 pods" in told
    assert "the newest version, poison, is in quarantine" in told
    assert f"kubectl kubervisor data pin prices poison -n {farm.namespace}" in told
    ready = farm.condition("Ready")["status"] == "True"
    about = plugin("data", "status", "prices", code=0 if ready else 1).out
    assert "25 %, then 50 %, then 100 %, each proven for 2s" in about

    own = ["data", "status", "-n", farm.namespace, "-o", "json"]
    answer = CliRunner().invoke(main, [*own, f"--kubeconfig={taught.kubeconfig}"])
    (one,) = json.loads(answer.output)["rollouts"]
    assert one["status"]["quarantine"][0]["reason"] == "CandidateFailing"

    api = connect(str(taught.kubeconfig), user_agent="test")
    (shown,) = Rollouts(api, (farm.namespace,)).read().rollouts
    api.close()
    assert (shown.level, shown.failures, shown.rules.stages) == ("notice", 1, [25, 50, 100])
    assert shown.rules.failure_percent == 25
    assert shown.history[-1].reason == "FirstVersion"
