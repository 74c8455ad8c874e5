"""The whole controller against a real API server: good versions go out, bad ones come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from kubervisor.cli import main
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet_api import ApiRefused, Json
from playground.fleet_watch import revision
from tests.datarollout.farm import Farm
from tests.datarollout.shelf import Shelf


@pytest.fixture
def farm(taught: LocalCluster, namespace: str) -> Iterator[Farm]:
    with Shelf() as shelf, Farm(taught, namespace, shelf) as farm:
        yield farm


def settled(farm: Farm, count: int = 4, **spec: Any) -> Controller:
    """Pods that have the first version, and a controller that has nothing to do."""
    first = farm.shelf.publish("prices", "one")
    farm.rollout(**spec)
    farm.fleet(count)
    controller = farm.controller()
    farm.wait(lambda: farm.is_settled_on(first), "all have the first version")
    return controller


def metric(farm: Farm, controller: Controller, name: str, **labels: str) -> float:
    """A metric of the source `prices`."""
    found = {"namespace": farm.namespace, "source": "prices"} | labels
    shown = ",".join(f'{label}="{value}"' for label, value in sorted(found.items()))
    return controller.metric(f"kubervisor_data_rollout_{name}{{{shown}}}")


def test_a_good_version_goes_out_in_stages_and_is_promoted(farm: Farm) -> None:
    controller = settled(farm, stages=[25, 50, 100])
    begun: dict[int, int] = {}
    two = farm.shelf.publish("prices", "two")

    def note(body: Json) -> None:
        status = body.get("status", {})
        if status.get("candidate"):
            begun.setdefault(status["stage"]["percent"], revision(body))

    farm.on_rollout = note
    farm.wait(lambda: farm.is_settled_on(two), "all have the second version")
    assert begun.keys() == {25, 50, 100}
    asked = [one.at for one in farm.asked if one.path == two.path]
    assert [sum(at < begun[percent] for at in asked) for percent in (25, 50, 100)] == [0, 1, 2]
    assert len(asked) == 4
    for pod in ("web-00", "web-03"):
        assert farm.paths_of(pod) == ["one.tar.zst", "two.tar.zst"]
    # AutoCrane begins at the end of the list.
    assert next(one.pod for one in farm.asked if one.path == two.path) == "web-03"
    farm.wait(lambda: farm.told("Promoted"), "an Event says so")
    assert {"FirstVersion", "CandidateChosen", "Promoted"} <= {
        entry["reason"] for entry in farm.status()["history"]
    }
    assert farm.status()["users"] == 4
    assert metric(farm, controller, "promotions_total") == 1
    assert metric(farm, controller, "requests_written_total") == 8
    assert metric(farm, controller, "phase", phase="Settled") == 1
    assert metric(farm, controller, "phase", phase="RollingOut") == 0
    assert metric(farm, controller, "users", version="lastKnownGood") == 4
    assert controller.metric("kubervisor_data_repository_up") == 1


def test_a_version_that_harms_its_pods_is_taken_back_everywhere_and_never_goes_out_again(
    farm: Farm,
) -> None:
    controller = settled(farm, stages=[25, 100])
    farm.harmful.add("bad.tar.zst")
    bad = farm.shelf.publish("prices", "bad")
    farm.wait(lambda: farm.status().get("quarantine"), "the version is in quarantine")
    farm.wait(
        lambda: farm.status()["phase"] == "Settled" and farm.count(bad) == 0, "all have the first"
    )
    assert len({one.pod for one in farm.asked if one.path == bad.path}) == 1
    entry = farm.status()["quarantine"][0]
    assert (entry["path"], entry["reason"]) == ("bad.tar.zst", "CandidateFailing")
    farm.shelf.wait_asked(10)
    assert farm.count(bad) == 0
    better = farm.shelf.publish("prices", "better")
    farm.wait(lambda: farm.is_settled_on(better), "the next version goes out")
    assert "failures" not in farm.status()
    assert metric(farm, controller, "rollbacks_total", reason="CandidateFailing") == 1


def test_a_version_that_deployers_cannot_bring_is_taken_back(farm: Farm) -> None:
    settled(farm)
    farm.refused.add("torn.tar.zst")
    torn = farm.shelf.publish("prices", "torn")
    farm.wait(
        lambda: farm.status().get("quarantine", [{}])[0].get("reason") == "DeployersFailing",
        "the version is in quarantine",
    )
    farm.wait(lambda: farm.count(torn) == 0, "nobody is asked for it")


def test_failing_dependants_take_a_version_back_though_its_users_are_well(farm: Farm) -> None:
    farm.pod("shop-0", data="", deps="prices")
    farm.pod("shop-1", data="", deps="prices")
    settled(farm, stages=[25, 100], probation="30s")
    farm.rollout(probation="1s", stages=[25, 100])
    two = farm.shelf.publish("prices", "two")
    farm.wait(lambda: farm.count(two) == 1, "a pod has the candidate")
    farm.rollout(probation="30s", stages=[25, 100])
    farm.annotate("shop-0", **{"status.autocrane.io/x": "error/2026-01-01T00:00:00Z/no prices"})
    farm.wait(lambda: farm.count(two) == 0, "the candidate is taken back")
    assert farm.status()["quarantine"][0]["reason"] == "DependantsFailing"
    assert farm.status()["failingDependants"] == 1


def test_a_pod_that_the_breaker_ejected_is_failing(farm: Farm) -> None:
    settled(farm)
    notes = {"kubervisor/ejected-at": "2026-01-01T00:00:00.000Z", "kubervisor/ejection-id": "x"}
    body = {"metadata": {"labels": {"kubervisor/traffic": "no"}, "annotations": notes}}
    farm.api.merge(f"{farm.pods_path}/web-00", body)
    farm.wait(lambda: farm.status()["failing"] == 1, "it counts as failing")


def test_pause_resume_and_pin(farm: Farm) -> None:
    settled(farm)
    farm.rollout(paused=True)
    two = farm.shelf.publish("prices", "two")
    farm.wait(lambda: farm.status().get("reason") == "Paused", "the status says that it is paused")
    farm.pod("web-late")
    farm.wait(lambda: farm.requested("web-late") == "one.tar.zst", "a new pod has data")
    assert farm.count(two) == 0
    farm.rollout()
    farm.wait(lambda: farm.is_settled_on(two), "it goes on after the pause")
    one = "one.tar.zst"
    farm.rollout(pin=one)
    farm.wait(
        lambda: farm.status()["lastKnownGood"]["path"] == one and farm.requested("web-00") == one,
        "the pinned older version goes out",
    )
    farm.rollout(pin="nobody-knows")
    farm.wait(lambda: farm.condition("Ready")["reason"] == "Pinned", "the pin is said to be wrong")


def test_a_pod_with_two_names_of_a_source_is_asked_under_both(farm: Farm) -> None:
    one = farm.shelf.publish("prices", "one")
    farm.rollout()
    farm.pod("web-0", notes={"data.autocrane.io/tariffs": "prices"})
    farm.controller()
    farm.wait(lambda: farm.is_settled_on(one), "it has the version")
    assert farm.requested("web-0", "tariffs") == "one.tar.zst"
    farm.annotate("web-0", **{"request.data.autocrane.io/tariffs": "garbage"})
    farm.wait(lambda: farm.requested("web-0", "tariffs") == "one.tar.zst", "it is asked again")


def test_objects_are_made_where_pods_use_a_source_and_one_namespace_is_not_flooded(
    farm: Farm,
) -> None:
    for source in ("Prices_v2", "a", "b", "c"):
        farm.shelf.publish(source, "one")
    farm.pod("web-0", data="Prices_v2,a,b,c")
    controller = farm.controller("--max-rollouts=3", "--probation=1")
    farm.wait(lambda: farm.requested("web-0", "b"), "its sources have requests")
    names = {key.partition("/")[2] for key in farm.rollouts.objects}
    assert len(names) == 3
    made = farm.rollouts.objects[f"{farm.namespace}/prices-v2-8e05d963"]
    assert made["spec"] == {"source": "Prices_v2"}
    assert "ownerReferences" not in made["metadata"]
    controller.wait_line(lambda line: "--max-rollouts" in line.get("error", ""), 20, "it says so")
    assert not farm.requested("web-0", "c")


def test_of_two_objects_for_a_source_the_older_is_heeded(farm: Farm) -> None:
    settled(farm)
    farm.wait_for_another_second("prices")
    farm.rollout("other", source="prices", paused=True)
    farm.wait(
        lambda: farm.condition("Ready", "other").get("reason") == "Duplicate", "it is refused"
    )
    two = farm.shelf.publish("prices", "two")
    farm.wait(lambda: farm.is_settled_on(two), "the older one goes on")


UNUSABLE: list[dict[str, Any]] = [
    {"stages": [50, 25, 100]},
    {"stages": [25, 50]},
    {"stages": [25, 25, 100]},
    {"stages": []},
    {"failurePercent": 101},
    {"probation": "soon"},
    {"pin": "x"},
    {"source": "../etc"},
]


def test_the_api_server_refuses_what_cannot_be_meant(farm: Farm) -> None:
    for spec in UNUSABLE:
        with pytest.raises(ApiRefused) as refused:
            farm.rollout(**spec)
        assert refused.value.status == 422


def test_without_the_repository_nothing_goes_forward_and_the_condition_says_so(farm: Farm) -> None:
    settled(farm)
    farm.shelf.down = True
    farm.wait(
        lambda: farm.condition("RepositoryAvailable")["status"] == "False", "the status says so"
    )
    two = farm.shelf.publish("prices", "two")
    farm.pod("web-late")
    farm.wait(lambda: farm.requested("web-late") == "one.tar.zst", "a new pod has data")
    assert farm.count(two) == 0
    farm.shelf.down = False
    farm.wait(lambda: farm.is_settled_on(two), "it goes on with the repository")
    assert farm.condition("RepositoryAvailable")["status"] == "True"


def test_a_dry_run_tells_and_asks_nobody(farm: Farm) -> None:
    farm.shelf.publish("prices", "one")
    farm.fleet(2)
    controller = farm.controller("--dry-run")
    controller.wait_line(lambda line: line["event"] == "Would ask", 20, "it tells its plan")
    farm.wait(lambda: "Dry run" in farm.status().get("message", ""), "the status says so")
    farm.shelf.wait_asked(5)
    assert not any(farm.requested(f"web-0{n}") for n in range(2))


def test_the_check_says_what_is_missing_and_that_nothing_is(farm: Farm) -> None:
    farm.controller("--probation=1", elect=True)
    flags = [
        *("check", "--capability=datarollout", f"--kubeconfig={farm.cluster.kubeconfig}"),
        *(f"--namespace={farm.namespace}", f"--lease-namespace={farm.namespace}"),
    ]
    env = {"KUBERVISOR_DATA_REPOSITORY": farm.shelf.url}
    well = CliRunner().invoke(main, flags, env=env)
    assert well.exit_code == 0, well.output
    assert "the API server serves DataRollouts" in well.output
    assert f"the data repository {farm.shelf.url} answers" in well.output
    farm.shelf.down = True
    ill = CliRunner().invoke(main, flags, env=env)
    assert ill.exit_code == 1
    assert "not ok  The data repository" in ill.output
