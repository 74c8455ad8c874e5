"""A watch of a collection, held against what the API server has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.fleet_watch import Watch, await_object

WITHIN = 30.0


@pytest.fixture
def api(cluster: LocalCluster) -> Iterator[Api]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield api


@pytest.fixture
def path(namespace: str) -> str:
    return f"{namespace_path(namespace)}/configmaps"


def put(api: Api, path: str, name: str, value: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    api.apply(f"{path}/{name}", body | {"data": {"value": value}})


def test_caught_up_it_has_told_of_what_came_changed_and_went(api: Api, path: str) -> None:
    def value(body: Json) -> str:
        return str(body.get("data", {}).get("value"))

    put(api, path, "goes", "1")
    put(api, path, "stays", "1")
    with Watch(api, path, value) as watch:
        for turn in range(20):
            put(api, path, "stays", f"{turn}")
            put(api, path, f"new-{turn}", "1")
            watch.catch_up(WITHIN)
            names = {key.partition("/")[2]: said for key, said in watch.objects.items()}
            assert names["stays"] == f"{turn}"
            assert names[f"new-{turn}"] == "1"
        api.delete(f"{path}/goes")
        watch.catch_up(WITHIN)
        assert "goes" not in {key.partition("/")[2] for key in watch.objects}


def test_what_lacks_a_key_that_is_awaited_is_not_there_yet(api: Api, path: str) -> None:
    api.apply(
        f"{path}/late", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "late"}}
    )
    with pytest.raises(TimeoutError):
        await_object(api, path, "late", lambda body: body["data"]["value"] == "1", 0.2)
    put(api, path, "late", "1")
    found = await_object(api, path, "late", lambda body: body["data"]["value"] == "1", WITHIN)
    assert found["data"] == {"value": "1"}
