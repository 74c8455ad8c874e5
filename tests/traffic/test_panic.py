"""The panic guard per peer group, and a newer version that is the outlier."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kubervisor.traffic.breaker import plan_ejections
from kubervisor.traffic.evidence import Memory, remember
from kubervisor.traffic.model import Fleet, Pod
from kubervisor.traffic.peers import affected_pods, group_of, panicking_groups, version_outlier
from kubervisor.traffic.plan import Action, Plan
from kubervisor.traffic.policy import BudgetPolicy
from tests.builders import (
    NOW,
    FleetDraft,
    PodDraft,
    a_breaker,
    a_fleet,
    a_pod,
    a_policy,
    a_verdict,
    fleet_of,
    names,
    reasons,
)

BY_HASH = ""


def panic(
    fleet: FleetDraft, *outliers: str, threshold: int | None = 50, peer_group: str | None = None
) -> set[str]:
    return set(
        panicking_groups(
            fleet,
            affected_pods(fleet, fleet.uids(*outliers), "errors"),
            peer_group=peer_group,
            threshold_percent=threshold,
        )
    )


def drafts(fleet: Fleet) -> list[PodDraft]:
    return [pod for pod in fleet.pods if isinstance(pod, PodDraft)]


def version(name: str, size: int, *, created: float = NOW - 3600) -> list[PodDraft]:
    return [a_pod(f"{name}-{index}").of_version(name, created=created) for index in range(size)]


@pytest.mark.parametrize(
    ("fleet", "outliers", "panics"),
    [
        pytest.param(a_fleet(4), ["pricer-00"], False, id="1 of 4: below the threshold"),
        pytest.param(a_fleet(4), ["pricer-00", "pricer-01"], True, id="2 of 4 reach it"),
        pytest.param(a_fleet(3), ["pricer-00"], False, id="1 of 3: below"),
        pytest.param(a_fleet(3), ["pricer-00", "pricer-01"], True, id="2 of 3 reach it"),
        pytest.param(a_fleet(2), ["pricer-00", "pricer-01"], False, id="a group of 2 never panics"),
        pytest.param(
            a_fleet(4).with_ejected(), ["pricer-00"], True, id="pods already out are counted"
        ),
        pytest.param(
            a_fleet(4).with_ejected(ready=False), ["pricer-00"], True, id="even when they crash"
        ),
        pytest.param(a_fleet(4).with_paused(), ["pricer-00"], True, id="so are paused ones"),
        pytest.param(
            a_fleet(4).with_ejected(by="latency"),
            ["pricer-00"],
            False,
            id="pods that another breaker has out are not",
        ),
        pytest.param(
            a_fleet(4).with_manual_holds(), ["pricer-00"], False, id="nor those held by hand"
        ),
        pytest.param(
            a_fleet(4).with_unconfirmed(Action.EJECT, "pricer-03"),
            ["pricer-00"],
            True,
            id="unconfirmed ejections are",
        ),
    ],
)
def test_a_breaker_panics_when_outliers_and_pods_it_has_out_reach_the_threshold(
    fleet: FleetDraft, outliers: list[str], panics: bool
) -> None:
    assert bool(panic(fleet, *outliers)) is panics


def test_without_a_threshold_nothing_panics() -> None:
    fleet = a_fleet(4)

    assert panic(fleet, *(pod.name for pod in fleet.pods), threshold=None) == set()


def test_groups_panic_one_by_one() -> None:
    fleet = fleet_of(*version("old", 4), *version("new", 3))

    assert panic(fleet, "new-0", "new-1", "old-0", peer_group=BY_HASH) == {"new"}


@pytest.mark.parametrize(
    ("pod", "peer_group", "group"),
    [
        pytest.param(a_pod().of_version("7d9"), None, "", id="no groups: all are one"),
        pytest.param(a_pod().of_version("7d9"), BY_HASH, "7d9", id="the template hash"),
        pytest.param(
            a_pod().labelled(**{"controller-revision-hash": "r5"}),
            BY_HASH,
            "r5",
            id="else the revision hash",
        ),
        pytest.param(a_pod(), BY_HASH, "", id="else the Service"),
        pytest.param(a_pod().of_version("7d9").labelled(zone="b"), "zone", "b", id="a named label"),
        pytest.param(a_pod().of_version("7d9"), "zone", "", id="a named label that is missing"),
    ],
)
def test_the_peer_group_of_a_pod(pod: Pod, peer_group: str | None, group: str) -> None:
    assert group_of(pod, peer_group) == group


class TestPlanning:
    """What panic and versions do to a plan."""

    def plan(self, fleet: Fleet, *outliers: str, peer_group: str | None = BY_HASH) -> Plan:
        breaker = a_breaker()
        policy = a_policy(
            breaker, budget=BudgetPolicy(panic_threshold_percent=50), peer_group=peer_group
        )
        verdict = a_verdict(fleet, outliers, window=30)
        memory = remember(Memory(), verdict, steps=1)
        return plan_ejections(fleet, verdict, breaker, policy, memory, now=NOW)

    def test_a_panicking_group_ejects_nobody(self) -> None:
        plan = self.plan(a_fleet(4), "pricer-00", "pricer-01")

        assert plan.intents == ()
        assert plan.panicking == ("",)
        assert reasons(plan) == {"pricer-00": "Panicking", "pricer-01": "Panicking"}

    def test_the_other_group_goes_on(self) -> None:
        plan = self.plan(
            fleet_of(*version("old", 4), *version("new", 3)), "new-0", "new-1", "old-0"
        )

        assert names(plan) == ["old-0"]
        assert plan.panicking == ("new",)


class TestVersions:
    """The newer of two template hashes is the outlier."""

    OLD, NEW = NOW - 86400, NOW - 60

    def fleet(self, old: int = 4, new: int = 4) -> FleetDraft:
        return fleet_of(
            *version("v1", old, created=self.OLD), *version("v2", new, created=self.NEW)
        )

    def outlier(self, fleet: FleetDraft, *outliers: str, peer_group: str | None = BY_HASH) -> str:
        return version_outlier(fleet, fleet.uids(*outliers), peer_group=peer_group)

    def test_half_of_the_newer_and_none_of_the_older(self) -> None:
        assert self.outlier(self.fleet(), "v2-0", "v2-1") == "v2"

    def test_less_than_half_of_the_newer_is_a_matter_of_pods(self) -> None:
        assert self.outlier(self.fleet(), "v2-0") == ""

    def test_both_versions_are_a_matter_of_the_fleet(self) -> None:
        assert self.outlier(self.fleet(), "v1-0", "v1-1", "v2-0", "v2-1") == ""

    def test_the_older_version_is_no_version_outlier(self) -> None:
        assert self.outlier(self.fleet(), "v1-0", "v1-1", "v1-2") == ""

    def test_one_version_is_no_version_outlier(self) -> None:
        assert self.outlier(self.fleet(old=0), "v2-0", "v2-1", "v2-2") == ""

    def test_a_rollback_makes_the_old_template_the_newer_group(self) -> None:
        fleet = fleet_of(*version("v1", 2, created=self.NEW), *version("v2", 4, created=self.OLD))

        assert self.outlier(fleet, "v1-0", "v1-1") == "v1"

    def test_a_replaced_pod_of_the_older_version_does_not_make_it_the_newer(self) -> None:
        fleet = self.fleet()
        replaced = a_pod("v1-9").of_version("v1", created=NOW)

        assert self.outlier(fleet_of(*fleet.pods, replaced), "v2-0", "v2-1") == "v2"

    def test_the_pods_already_ejected_still_tell(self) -> None:
        fleet = self.fleet(new=2)
        ejected = fleet_of(*(p.ejected() if p.name == "v2-1" else p for p in drafts(fleet)))
        affected = affected_pods(ejected, [], "errors")

        assert version_outlier(ejected, affected, peer_group=BY_HASH) == "v2"

    def test_without_peer_groups_there_are_no_versions(self) -> None:
        assert self.outlier(self.fleet(), "v2-0", "v2-1", peer_group=None) == ""

    def test_versions_are_template_hashes_whatever_the_peer_group(self) -> None:
        zones = {"v1": "a", "v2": "a"}
        pods = [
            replace(pod, labels={**pod.labels, "zone": zones[pod.labels["pod-template-hash"]]})
            for pod in self.fleet().pods
        ]

        assert self.outlier(fleet_of(*pods), "v2-0", "v2-1", peer_group="zone") == "v2"

    def test_two_zones_are_not_two_versions(self) -> None:
        zones = {0: "a", 1: "b"}
        pods = [
            pod.labelled(zone=zones[index % 2])
            for index, pod in enumerate(version("v1", 6, created=self.OLD))
        ]

        assert self.outlier(fleet_of(*pods), "v1-1", "v1-3", "v1-5", peer_group="zone") == ""

    def test_the_plan_says_so_and_ejects_within_the_floor(self) -> None:
        fleet = self.fleet(old=4, new=2)
        breaker = a_breaker(ratio=80)
        verdict = a_verdict(fleet, ["v2-0", "v2-1"])

        plan = plan_ejections(
            fleet,
            verdict,
            breaker,
            a_policy(breaker, peer_group=BY_HASH),
            remember(Memory(), verdict, steps=1),
            now=NOW,
        )

        assert plan.version_outlier == "v2"
        assert names(plan) == ["v2-0"]
