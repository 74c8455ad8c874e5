"""Whoever has the watchdogs' token can say that a pod is in error and evict it; nothing else."""

from __future__ import annotations

from contextlib import closing

import pytest

from playground.fleet_api import Api, Json
from tests.integration.guard import until
from tests.security.chart import WATCHDOG
from tests.security.thief import NO_RIGHT, PATCH_POD, POLICY, RIGHTS, THEIRS, Thief, merged

STATUS, EXPIRY = "status.autocrane.io/", "expiry.autocrane.io/"
HEALTH = f"{STATUS}health"


@pytest.mark.parametrize(
    ("args", "by"),
    [
        *(pytest.param([*PATCH_POD, to], POLICY, id=deed) for deed, to in THEIRS.items()),
        *(pytest.param(args, RIGHTS, id=deed) for deed, args in NO_RIGHT.items()),
        pytest.param(
            [*PATCH_POD, merged(labels={f"{STATUS}other": "x"})], POLICY, id="a similar label"
        ),
        pytest.param([*PATCH_POD, merged(labels={"kubervisor/traffic": "no"})], POLICY, id="eject"),
        pytest.param(
            [*PATCH_POD, merged(annotations={"probe.autocrane.io/x": "POD_IP:1/x"})],
            POLICY,
            id="have a pod probed",
        ),
        pytest.param(
            [*PATCH_POD, merged(annotations={"status.autocrane.io.x/y": "x"})],
            POLICY,
            id="a similar prefix",
        ),
        pytest.param(["get", "services"], RIGHTS, id="read Services"),
        pytest.param(["get", "kvs"], RIGHTS, id="read guards"),
    ],
)
def test_it_cannot(args: list[str], by: str, thief: Thief) -> None:
    said = thief.kubectl(WATCHDOG, *args, f"--namespace={thief.guarded}")

    assert "orbidden" in said
    assert by in said


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["get", "pods"], id="read pods"),
        pytest.param([*PATCH_POD, merged(labels={HEALTH: "error"})], id="mark one"),
    ],
)
def test_in_other_namespaces_it_cannot(args: list[str], thief: Thief) -> None:
    for namespace in (thief.other, "kube-system", thief.release.namespace):
        assert RIGHTS in thief.kubectl(WATCHDOG, *args, f"--namespace={namespace}")
    assert RIGHTS in thief.evict(WATCHDOG, "serving", thief.other)


def test_it_says_what_watchdogs_say_and_takes_it_back(thief: Thief) -> None:
    path = thief.pod("probed", "yes")
    said = {
        f"{STATUS}disk": "error/2026-01-01T00:00:00Z/full",
        f"{EXPIRY}disk": "2026-01-02T00:00:00Z",
    }
    with closing(Api(thief.tokens[WATCHDOG])) as api:
        api.merge(path, {"metadata": {"annotations": said, "labels": {HEALTH: "error"}}})
        metadata = thief.admin.get(path)["metadata"]
        assert said.items() <= metadata["annotations"].items()
        assert metadata["labels"][HEALTH] == "error"

        none: Json = dict.fromkeys(said)
        api.merge(path, {"metadata": {"annotations": none, "labels": {HEALTH: None}}})
    metadata = thief.admin.get(path)["metadata"]
    assert not {*said, HEALTH} & {*metadata["annotations"], *metadata["labels"]}


@pytest.mark.parametrize("health", ["info", "warning", "Unknown", None])
def test_it_evicts_no_pod_that_is_not_marked_in_error(health: str | None, thief: Thief) -> None:
    name = f"spared-{str(health).lower()}"
    path = thief.pod(name, "yes")
    thief.admin.merge(path, {"metadata": {"labels": {HEALTH: health}}})

    assert POLICY in thief.evict(WATCHDOG, name)
    assert POLICY in thief.evict(WATCHDOG, name, labelled=False)
    assert thief.admin.exists(path)


@pytest.mark.parametrize("health", ["error", "Error"])
def test_it_evicts_a_pod_that_is(health: str, thief: Thief) -> None:
    name = f"failing-{'as-posted' if health == 'Error' else 'as-probed'}"
    path = thief.pod(name, "yes")
    thief.admin.merge(path, {"metadata": {"labels": {HEALTH: health}}})

    assert POLICY in thief.evict(WATCHDOG, name, labelled=False)
    until(lambda: not thief.evict(WATCHDOG, name), "its eviction is accepted")
    until(lambda: not thief.admin.exists(path), "it is gone")
