"""Several collections, waited for as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import Watch
from playground.watches import Watches


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


def config_map(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def secret(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}


def has(watch: Watch[Json], key: str) -> bool:
    return key in watch.objects


def test_once_one_collection_has_what_is_awaited_the_others_have_what_was_stored_before(
    api: Api, namespace: str
) -> None:
    space = namespace_path(namespace)
    with Watches(api, lambda: "") as watches:
        maps, secrets = watches.add(f"{space}/configmaps"), watches.add(f"{space}/secrets")
        for turn in range(20):
            api.create(f"{space}/secrets", secret(f"s{turn}"))
            api.create(f"{space}/configmaps", config_map(f"m{turn}"))
            watches.wait(partial(has, maps, f"{namespace}/m{turn}"), "it is there")
            assert f"{namespace}/s{turn}" in secrets.objects


def test_a_change_is_told_before_who_waits_for_it_looks(api: Api, namespace: str) -> None:
    path, told = f"{namespace_path(namespace)}/configmaps", list[Json | None]()
    with Watches(api, lambda: "") as watches:
        maps = watches.add(path, told.append)
        api.create(path, config_map("one"))
        watches.wait(partial(has, maps, f"{namespace}/one"), "it is there")
        assert [body["metadata"]["name"] for body in told if body][-1] == "one"
        api.delete(f"{path}/one")
        watches.wait(lambda: f"{namespace}/one" not in maps.objects, "it is gone")
        assert told[-1] is None


def test_who_waits_in_vain_is_shown_what_there_is(api: Api) -> None:
    with (
        Watches(api, lambda: "nothing at all") as watches,
        pytest.raises(TimeoutError, match="that it rains: nothing at all"),
    ):
        watches.wait(lambda: False, "it rains", within=0.1)
