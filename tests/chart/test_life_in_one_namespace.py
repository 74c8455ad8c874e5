"""The same life with Roles alone, and an upgrade in the midst of it."""

from __future__ import annotations

from contextlib import ExitStack

from kubervisor.kube import access
from playground.cluster import LocalCluster
from playground.detector import Detector
from playground.fleet import Fleet
from playground.fleet_api import Api, Json
from tests.chart.installed import Installed
from tests.chart.shop import WITHIN, accounts, assert_let_go, guard, wait_out
from tests.namespaces import fresh_namespace


def test_a_release_of_one_namespace_does_the_same_with_roles_alone(
    defined: LocalCluster, admin: Api, opened: ExitStack
) -> None:
    detector = opened.enter_context(Detector())
    namespace, shop = fresh_namespace(admin), fresh_namespace(admin)
    values: Json = {
        "namespaces": [shop],
        "settings": {"allowSources": ["127.0.0.1:*"]},
        # The definition is there, and is not this release's.
        "crds": {"enabled": False},
    }
    installed = opened.enter_context(Installed(defined, namespace, values))
    fleet = opened.enter_context(Fleet(admin, "shop", size=4, namespace=shop, selects_traffic=True))
    guard(admin, shop, detector.address, period=600)
    detector.outliers(fleet.pods()[0])
    wait_out(fleet, 1)

    # The pod stays out while one controller hands over to another, which has a bound more.
    installed.upgrade({"settings": {"minFloorPercent": 75}})
    detector.outliers(*fleet.pods())
    detector.wait_requests(len(detector.requests) + 4, WITHIN)
    wait_out(fleet, 1)

    told = installed.test()
    assert "not ok" not in told, told
    assert f"the controller's account has its {len(access.TRAFFIC)} rights in {shop}" in told

    assert installed.refusals() == set()

    installed.uninstall()
    assert_let_go(admin, fleet, installed)
    assert accounts(admin, namespace) == {"default"}
