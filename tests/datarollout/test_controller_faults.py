"""The controller against a real API server when something goes wrong: crashes, another leader,
missing rights, conflicts, hostile annotations. What it decided stays so, and no pod pays for it.
"""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kubervisor.datarollout.needs import REQUEST, STATUS
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.fleet_api import Json
from tests.datarollout.account import Account
from tests.datarollout.farm import Farm
from tests.datarollout.shelf import Shelf
from tests.namespaces import passing_namespace

LOOKS = 10


@pytest.fixture
def farm(taught: LocalCluster, namespace: str) -> Iterator[Farm]:
    with Shelf() as shelf, Farm(taught, namespace, shelf) as farm:
        yield farm


def is_straight(farm: Farm, pods: int) -> bool:
    """Whether each pod was asked for one version after the other, and for none of them twice."""
    paths = [farm.paths_of(f"web-{number:02}") for number in range(pods)]
    return all(len(asked) == len(set(asked)) for asked in paths)


def test_a_second_leader_goes_on_in_the_middle_of_a_stage(farm: Farm) -> None:
    one = farm.shelf.publish("prices", "one")
    farm.rollout(stages=[25, 100])
    farm.fleet(4)
    first = farm.controller(elect=True)
    farm.wait(lambda: farm.is_settled_on(one), "all have the first version")
    farm.controller(elect=True)
    two = farm.shelf.publish("prices", "two")
    farm.wait(lambda: farm.count(two) == 1, "the first stage has begun")
    first.stop(signal.SIGKILL)
    farm.wait(lambda: farm.is_settled_on(two), "the other one finishes it")
    assert is_straight(farm, 4)


def test_a_leader_that_froze_and_wakes_writes_nothing_any_more(farm: Farm) -> None:
    one = farm.shelf.publish("prices", "one")
    farm.rollout(stages=[25, 100])
    farm.fleet(4)
    frozen = farm.controller(elect=True)
    farm.wait(lambda: farm.is_settled_on(one), "all have the first version")
    farm.controller(elect=True)
    farm.harmful.add("bad.tar.zst")
    frozen.send_signal(signal.SIGSTOP)
    bad = farm.shelf.publish("prices", "bad")
    farm.wait(lambda: farm.status().get("quarantine"), "the other one takes the version back")
    farm.wait(lambda: farm.count(bad) == 0, "all have the first version again")
    asked = len(farm.asked)
    frozen.send_signal(signal.SIGCONT)
    frozen.wait_line(lambda line: line["event"] == "Stopped", 30, "it ends")
    farm.shelf.wait_asked(LOOKS)
    assert len(farm.asked) == asked


def test_killed_between_state_and_requests_it_goes_on_from_the_state(farm: Farm) -> None:
    one = farm.shelf.publish("prices", "one")
    farm.rollout(stages=[50, 100])
    farm.fleet(4)
    controller = farm.controller()
    farm.wait(lambda: farm.is_settled_on(one), "all have the first version")
    killed: list[str] = []

    def kill(body: Json) -> None:
        """At the first sight of each new state: its requests are under way or not yet."""
        state = json.dumps([body.get("status", {}).get(key) for key in ("candidate", "stage")])
        if "two.tar.zst" in state and state not in killed:
            killed.append(state)
            controller.send_signal(signal.SIGKILL)

    farm.on_rollout = kill
    two = farm.shelf.publish("prices", "two")
    for states in (1, 2):
        farm.wait(partial(has, killed, states), f"state {states} is stored")
        controller.stop(signal.SIGKILL)
        controller.restart()
    farm.wait(lambda: farm.is_settled_on(two), "all have the second version")
    assert is_straight(farm, 4)


def has(some: list[str], many: int) -> bool:
    return len(some) == many


def test_what_is_decided_and_was_never_asked_for_is_asked_for_by_the_next(
    farm: Farm, tmp_path: Path
) -> None:
    account = Account(farm.api, farm.namespace)
    kubeconfig = account.kubeconfig(farm.cluster, tmp_path)
    farm.shelf.publish("prices", "one")
    farm.rollout()
    farm.fleet(2)
    lacking = farm.controller(kubeconfig=kubeconfig)
    farm.wait(
        lambda: farm.condition("Ready").get("reason") == "RequestsFailing",
        "the status says that no pod can be asked",
    )
    assert "2 pods could not be asked" in farm.condition("Ready")["message"]
    assert farm.status()["lastKnownGood"]["path"] == "one.tar.zst"
    lacking.stop(signal.SIGKILL)
    two = farm.shelf.publish("prices", "two")
    farm.controller()
    farm.wait(lambda: farm.is_settled_on(two), "all have the second version")
    assert farm.paths_of("web-00")[0] == "one.tar.zst"


def test_a_namespace_without_rights_holds_up_no_other(farm: Farm, tmp_path: Path) -> None:
    with (
        passing_namespace(farm.cluster) as other,
        Farm(farm.cluster, other, farm.shelf) as neighbour,
    ):
        account = Account(farm.api, farm.namespace, other)
        account.ask(other, may=True)
        one = farm.shelf.publish("prices", "one")
        for each in (farm, neighbour):
            each.rollout()
            each.fleet(3)
        farm.controller(
            f"--namespace={other}", kubeconfig=account.kubeconfig(farm.cluster, tmp_path)
        )
        neighbour.wait(lambda: neighbour.is_settled_on(one), "the other namespace has data")
        two = farm.shelf.publish("prices", "two")
        neighbour.wait(lambda: neighbour.is_settled_on(two), "and gets new data")
        assert farm.condition("Ready")["reason"] == "RequestsFailing"
        account.ask(farm.namespace, may=True)
        farm.wait(lambda: farm.all_on(two), "with the right it has data too")
        account.ask(other, may=False)
        neighbour.pod("web-late")
        neighbour.wait(
            lambda: neighbour.condition("Ready").get("reason") == "RequestsFailing",
            "a right that is taken away is told of",
        )


def test_people_who_change_the_object_all_the_time_do_not_stop_it(farm: Farm) -> None:
    one = farm.shelf.publish("prices", "one")
    farm.rollout()
    farm.fleet(3)
    farm.controller()
    farm.wait(lambda: farm.is_settled_on(one), "all have the first version")
    two, path = farm.shelf.publish("prices", "two"), f"{farm.rollouts_path}/prices"

    def meddle(body: Json) -> None:
        """Change it whenever the controller has."""
        seen = str(body["metadata"]["resourceVersion"])
        managers = body["metadata"].get("managedFields", ({},))
        if not farm.is_settled_on(two) and managers[-1].get("subresource") == "status":
            farm.api.merge(path, {"metadata": {"annotations": {"seen": seen}}})

    farm.on_rollout = meddle
    farm.wait(lambda: farm.is_settled_on(two), "all have the second version")
    assert is_straight(farm, 3)


def test_hostile_annotations_harm_nobody_else(farm: Farm) -> None:
    good = farm.shelf.publish("prices", "one")
    farm.rollout(stages=[100])
    far = {"Path": "../../etc", "Hash": "0" * 64, "UnixTimestampSeconds": 1e300}
    hostile = {
        "nothing": {f"{REQUEST}prices": ""},
        "binary": {f"{REQUEST}prices": "\u0000\u202e", f"{STATUS}prices": "\x1b[2J"},
        "deep": {f"{STATUS}prices": "[" * 5000, f"{REQUEST}prices": _based("[" * 3000)},
        "long": {f"{REQUEST}prices": "A" * 100_000, f"{STATUS}prices": "B" * 50_000},
        "path": {f"{REQUEST}prices": _based(json.dumps(far)), f"{STATUS}prices": json.dumps(far)},
        "many": {f"data.autocrane.io/x{number}": "prices" for number in range(200)},
        "names": {
            "store.autocrane.io/data": "prices,../x,,*,\u0661, prices,http://h/x",
            "a/b": "c",
        },
        "watch": {"status.autocrane.io/x": "error/soon/\u202e", "expiry.autocrane.io/x": "never"},
    }
    for name, notes in hostile.items():
        farm.pod(f"bad-{name}", notes=notes)
    farm.fleet(20)
    controller = farm.controller()
    farm.wait(lambda: farm.count(good) == 28, "all have the first version")
    two = farm.shelf.publish("prices", "two")
    farm.wait(lambda: farm.count(two) == 28, "all have the second version")
    errors = [line for line in controller.lines() if line.get("level") == "error"]
    assert not errors
    assert {key.partition("/")[2] for key in farm.rollouts.objects} == {"prices"}


def test_nothing_happens_so_nothing_is_written(farm: Farm) -> None:
    one = farm.shelf.publish("prices", "one")
    farm.rollout()
    farm.harmful.add("bad.tar.zst")
    farm.fleet(20)
    farm.silent.add("web-silent")
    farm.pod("web-silent")
    controller = farm.controller(elect=True)
    farm.wait(lambda: farm.status().get("onLastKnownGood") == 21, "all have the first version")
    bad = farm.shelf.publish("prices", "bad")
    farm.wait(lambda: farm.status().get("quarantine"), "one version is in quarantine")
    farm.wait(lambda: farm.count(bad) == 0, "all are back")
    farm.wait(lambda: farm.told("RolledBack"), "the last Event is written")
    quiet(farm, controller)
    before, versions = writes(controller), _versions(farm)
    farm.shelf.wait_asked(LOOKS)
    assert writes(controller) == before
    assert _versions(farm) == versions
    assert farm.shelf.unchanged
    assert one.path == farm.status()["lastKnownGood"]["path"]


def quiet(farm: Farm, controller: Controller) -> None:
    """Return once nothing was written from one look to the next."""
    last = -1.0
    while last != (last := writes(controller)):
        farm.shelf.wait_asked(3)


def writes(controller: Controller) -> float:
    """Requests that write, but for the Lease's."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in controller.page("/metrics").splitlines()
        if line.startswith("kubervisor_api_requests_total{")
        and any(f'verb="{verb}"' in line for verb in ("create", "patch", "update", "delete"))
        and 'resource="leases"' not in line
    )


def _versions(farm: Farm) -> dict[str, str]:
    bodies = {**farm.rollouts.objects, **farm.pods.objects, **farm.events.objects}
    return {key: body["metadata"]["resourceVersion"] for key, body in bodies.items()}


def _based(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
