"""What the dashboard may read of workflows, and for whom: nothing, unless the chart is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from kubervisor.kube.client import connect
from kubervisor.ui.workflows import Found, PhaseWorkflows
from playground.cluster import LocalCluster
from playground.fleet_api import Api, ApiRefused
from tests import workflow_bodies as bodies
from tests.integration.guard import until
from tests.namespaces import fresh_namespace
from tests.security.chart import TRAFFIC, Release

CLUSTER_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
OWN = "/apis/examples.io/v1/namespaces/{}/canarydeployments"


@pytest.fixture
def shop(admin: Api) -> Iterator[str]:
    """A namespace with a workflow, whose operator was deployed with the role that lets others read
    its kind.
    """
    namespace = fresh_namespace(admin)
    rule = {
        "apiGroups": [bodies.GROUP],
        "resources": ["canarydeployments"],
        "verbs": ["get", "list", "watch"],
    }
    label = {"kubervisor.k8s.io/aggregate-to-workflow-viewer": "true"}
    role = {"metadata": {"name": f"{namespace}-viewer", "labels": label}, "rules": [rule]}
    with bodies.defined(admin, bodies.a_definition()):
        bodies.put(admin, bodies.an_object("shop", {}), namespace)
        admin.create(CLUSTER_ROLES, role)
        yield namespace
    admin.delete(f"{CLUSTER_ROLES}/{namespace}-viewer")


def seen_by(release: Release, *namespaces: str) -> Callable[[], Found]:
    """What the dashboard of a release sees of workflows, each time anew."""
    door = connect(str(release.token()), user_agent="test")
    return lambda: PhaseWorkflows(door, namespaces).read()


def names(found: Found) -> list[str]:
    return [one.name for one in found.workflows]


def test_it_sees_nothing_of_workflows_by_default(cluster: LocalCluster, shop: str) -> None:
    with Release(cluster) as release:
        assert seen_by(release, shop)().access == "forbidden"


@pytest.mark.parametrize("is_wide", [True, False], ids=["cluster", "namespaces"])
def test_where_the_chart_is_told_so_it_reads_what_operators_let_it_and_writes_nothing(
    cluster: LocalCluster, admin: Api, shop: str, *, is_wide: bool
) -> None:
    other = fresh_namespace(admin)
    bodies.put(admin, bodies.an_object("other", {}), other)
    values: dict[str, Any] = {} if is_wide else {"namespaces": [shop]}
    with Release(cluster, dashboard={"workflows": True}, **values) as release:
        look = seen_by(release, *(() if is_wide else (shop,)))
        until(lambda: "shop" in names(look()), "the dashboard sees the workflow")
        assert names(look()) == (["other", "shop"] if is_wide else ["shop"])
        with closing(Api(release.token(TRAFFIC))) as thief:
            for path, body in (
                (f"{OWN.format(shop)}/shop", {"spec": {"deployment": "x"}}),
                (f"{OWN.format(shop)}/shop/status", {"status": {"phase": "RollBack"}}),
            ):
                with pytest.raises(ApiRefused, match="cannot patch resource"):
                    thief.merge(path, body)
            definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
            with pytest.raises(ApiRefused, match="cannot patch resource"):
                thief.merge(f"{definitions}/canarydeployments.examples.io", {"metadata": {}})
        if not is_wide:
            everything = seen_by(release)()
            assert everything.kinds[0].problem
