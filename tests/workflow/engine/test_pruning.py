"""What is deleted is what the resource has, and nothing that has taken its name."""

from __future__ import annotations

from contextlib import closing

from kubervisor.workflow.scheduler.inventory import Ref
from playground.fleet_api import Api
from playground.fleet_manifests import namespace_path
from tests.namespaces import passing_namespace
from tests.workflow.engine.desk import Desk
from tests.workflow.engine.scene import OWNER


def a(name: str = "a") -> dict[str, object]:
    return {"metadata": {"name": name}, "data": {"value": "1"}}


def test_what_was_written_is_deleted_before_any_watch_has_shown_it(desk: Desk) -> None:
    desk.apply(configmaps=[a("a"), a("b")])
    gone, failure = desk.prune("configmaps", "b")
    assert (gone, failure) == ((Ref("configmaps", desk.scene.namespace, "a"),), None)
    assert not desk.scene.api.exists(desk.path("a"))
    assert desk.scene.api.exists(desk.path("b"))


def test_what_was_deleted_is_not_deleted_twice(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    desk.prune("configmaps")
    assert desk.prune("configmaps") == ((), None)


def test_what_a_watch_has_shown_is_deleted_after_a_crash(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    desk.show("a")
    desk.restart()
    desk.prune("configmaps")
    assert not desk.scene.api.exists(desk.path("a"))


def test_one_that_has_taken_its_name_stays(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    desk.show("a")
    desk.scene.api.delete(desk.path("a"))
    desk.scene.config_map("a", "theirs")
    assert desk.prune("configmaps") == ((), None)
    assert desk.stored("a")["data"] == {"value": "theirs"}


def test_kinds_that_nobody_speaks_of_stay(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    assert desk.prune("services") == ((), None)
    assert desk.scene.api.exists(desk.path("a"))


def test_a_sweep_deletes_what_is_in_other_namespaces_shown_or_not(desk: Desk) -> None:
    desk.apply(configmaps=[a()])
    with (
        passing_namespace(desk.scene.cluster) as other,
        closing(Api(desk.scene.cluster.kubeconfig)) as api,
    ):
        path = f"{namespace_path(other)}/configmaps"
        for name, owner in (("ours", desk.resource.uid), ("theirs", "another")):
            body = {**a(name), "apiVersion": "v1", "kind": "ConfigMap"}
            body["metadata"] = {"name": name, "labels": {OWNER: owner}}
            api.create(path, body)
        desk.sweep()
        assert not api.exists(f"{path}/ours")
        assert api.exists(f"{path}/theirs")
    assert desk.scene.api.exists(desk.path("a"))
