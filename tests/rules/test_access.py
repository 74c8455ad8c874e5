"""Who uses a volume without a right to: each way is found, and normal life is none of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from kubervisor.rules.decision.access import GRACE, Access, intruders
from kubervisor.rules.decision.access_parts import (
    Attachment,
    Claim,
    Finding,
    FindingKind,
    PodUse,
    Volume,
)
from kubervisor.rules.decision.policy import ObjectRef

LATER = max(GRACE.values())


def claim_ref(namespace: str = "shop", name: str = "data") -> ObjectRef:
    return ObjectRef("PersistentVolumeClaim", namespace, name, f"uid-{namespace}-{name}")


def pod(name: str = "db-0", node: str = "n1", namespace: str = "shop", **more: object) -> PodUse:
    given = {"workload": "StatefulSet/db", "claims": frozenset({"data"})} | more
    return PodUse(ObjectRef("Pod", namespace, name, f"uid-{name}"), node, **given)  # type: ignore[arg-type]


CLAIM = Claim(claim_ref(), "pv-1")
VOLUME = Volume("pv-1", "csi.example vol-1", CLAIM.ref)
ATTACHED = Attachment("va-1", "pv-1", "n1")


@dataclass
class Scene:
    """What the watches show; as it is at first, all is well."""

    claims: list[Claim] = field(default_factory=lambda: [CLAIM])
    volumes: list[Volume] = field(default_factory=lambda: [VOLUME])
    attachments: list[Attachment] = field(default_factory=lambda: [ATTACHED])
    pods: list[PodUse] = field(default_factory=lambda: [pod()])

    def look(self, seen: Access | None = None, now: float = 0.0) -> Access:
        known = seen.seen if seen else {}
        return intruders(self.claims, self.volumes, self.attachments, self.pods, known, now)

    def found(self) -> list[Finding]:
        """What is found once all graces have passed."""
        access = self.look(self.look(), LATER)
        return [*(one for of in access.findings.values() for one in of), *access.unclaimed]

    def only(self) -> Finding:
        (finding,) = self.found()
        return finding


def other_claim(namespace: str, name: str = "data") -> tuple[Claim, Volume]:
    """A claim that leads to the same storage by another volume."""
    claim = Claim(claim_ref(namespace, name), f"pv-{namespace}-{name}")
    return claim, Volume(claim.volume, VOLUME.storage, claim.ref)


def test_a_volume_that_its_pod_uses_is_well() -> None:
    assert Scene().found() == []


class TestNormalLife:
    """None of this is a finding, however long it takes."""

    def test_a_pod_that_takes_its_time_to_end(self) -> None:
        assert Scene(pods=[pod(is_going=True)]).found() == []

    def test_a_rollout_with_the_old_pod_on_another_node(self) -> None:
        pods = [pod("db-0", "n1", is_going=True), pod("db-1", "n2")]
        both = [ATTACHED, Attachment("va-2", "pv-1", "n2")]
        assert Scene(attachments=both, pods=pods).found() == []

    def test_a_pod_that_waits_for_a_node_or_for_its_volume(self) -> None:
        assert Scene(attachments=[], pods=[pod(node="")]).found() == []
        assert Scene(attachments=[], pods=[pod()]).found() == []

    def test_a_volume_that_several_pods_share(self) -> None:
        pods = [pod("db-0", "n1"), pod("db-1", "n2", workload="Deployment/report")]
        assert Scene(pods=pods).found() == []

    def test_volumes_that_are_not_attached(self) -> None:
        assert Scene(attachments=[], pods=[]).found() == []

    def test_a_claim_that_is_bound_anew_to_a_kept_volume(self) -> None:
        """What was restored into another namespace: the old volume has its old claim no more."""
        claim, volume = other_claim("restored")
        mounted = pod("db-0", "n1", "restored")
        scene = Scene([claim], [VOLUME, volume], [Attachment("va-2", volume.name, "n1")], [mounted])
        assert scene.found() == []

    def test_agents_of_a_node_that_mount_more_than_a_volume(self) -> None:
        agent = pod(
            "agent",
            namespace="kube-system",
            claims=frozenset(),
            paths=frozenset({"/", "/var/lib/kubelet", "/var/lib/kubelet/pods", "/data"}),
        )
        local = replace(VOLUME, path="/data/pg")
        assert Scene(volumes=[local], pods=[pod(), agent]).found() == []

    def test_the_same_folder_of_another_node(self) -> None:
        other = pod("x", "n2", "other", claims=frozenset(), paths=frozenset({"/disks/1"}))
        local = replace(VOLUME, path="/disks/1")
        assert Scene(volumes=[local], pods=[pod(), other]).found() == []

    @pytest.mark.parametrize("gone", ["claims", "volumes"])
    def test_watches_that_are_behind(self, gone: str) -> None:
        """What one watch has not shown yet is no finding at once."""
        scene = Scene()
        setattr(scene, gone, [])
        assert not scene.look().unclaimed
        assert not scene.look().findings


class TestGraces:
    """A volume is detached late in normal life."""

    unused = Scene(pods=[])
    grace = GRACE[FindingKind.ATTACHED_WITHOUT_POD]

    def test_a_volume_that_is_detached_within_the_grace_is_none(self) -> None:
        first = self.unused.look(now=0)
        assert self.unused.look(first, self.grace - 1).findings == {}

    def test_one_that_stays_attached_is(self) -> None:
        first = self.unused.look(now=0)
        assert CLAIM.ref in self.unused.look(first, self.grace).findings

    def test_a_grace_is_without_a_break(self) -> None:
        first = self.unused.look(now=0)
        used = Scene().look(first, self.grace / 2)
        again = self.unused.look(used, self.grace / 2 + 1)
        assert self.unused.look(again, self.grace + 1).findings == {}

    def test_after_a_restart_graces_begin_anew(self) -> None:
        assert self.unused.look(None, self.grace * 9).findings == {}

    def test_it_is_longer_than_the_cluster_waits_for_a_lost_node(self) -> None:
        assert self.grace > 6 * 60

    def test_a_clock_that_was_set_back_makes_no_finding_of_it(self) -> None:
        first = self.unused.look(now=1_000_000)
        assert self.unused.look(first, 10).findings == {}


class TestFindings:
    """Each in a sentence that names who does what."""

    def test_a_volume_attached_where_no_pod_uses_it(self) -> None:
        found = Scene(pods=[pod(node="n2")]).only()
        assert found.kind is FindingKind.ATTACHED_WITHOUT_POD
        assert found.message == "volume pv-1 is attached to node n1, where no pod uses its claim"
        assert found.claim == CLAIM.ref

    def test_a_volume_attached_that_belongs_to_no_claim(self) -> None:
        found = Scene(claims=[], volumes=[replace(VOLUME, claim=None)], pods=[]).only()
        assert found.kind is FindingKind.ATTACHED_WITHOUT_CLAIM
        assert found.message == "volume pv-1 is attached to node n1, and belongs to no claim"
        assert found.claim is None

    def test_a_volume_attached_whose_claim_is_gone_or_was_made_anew(self) -> None:
        anew = replace(CLAIM, ref=replace(CLAIM.ref, uid="another"))
        for claims in ([], [anew]):
            found = Scene(claims=claims, pods=[]).only()
            assert found.message.endswith("and its claim shop/data is gone")

    def test_the_same_storage_claimed_from_another_namespace(self) -> None:
        claim, volume = other_claim("elsewhere")
        scene = Scene([CLAIM, claim], [VOLUME, volume])
        by_claim = {one.claim: one for one in scene.found()}
        assert set(by_claim) == {CLAIM.ref, claim.ref}
        assert by_claim[CLAIM.ref].kind is FindingKind.CLAIMED_TWICE
        assert by_claim[CLAIM.ref].message == (
            "claim elsewhere/data leads to the same storage, from another namespace"
        )

    def test_storage_without_a_name_is_nobodys_else(self) -> None:
        claim, volume = other_claim("elsewhere")
        nameless = [replace(VOLUME, storage=""), replace(volume, storage="")]
        assert Scene([CLAIM, claim], nameless).found() == []

    def test_a_pod_that_names_the_storage_itself(self) -> None:
        storages = frozenset({VOLUME.storage})
        thief = pod("thief", "n2", "other", claims=frozenset(), storages=storages)
        found = Scene(pods=[pod(), thief]).only()
        assert found.kind is FindingKind.MOUNTED_DIRECTLY
        assert "pod other/thief" in found.message
        assert found.pods == (thief.ref,)

    @pytest.mark.parametrize(
        ("path", "folder", "node"),
        [
            ("/var/lib/kubelet/pods/1/volumes/kubernetes.io~csi/pv-1/mount", "", "n2"),
            ("/data/pg/base", "/data/pg", "n1"),
            ("/data/pg", "/data/pg/", "n1"),
        ],
    )
    def test_a_pod_that_mounts_the_volume_from_its_node(
        self, path: str, folder: str, node: str
    ) -> None:
        thief = pod("thief", node, "other", claims=frozenset(), paths=frozenset({path}))
        found = Scene(volumes=[replace(VOLUME, path=folder)], pods=[pod(), thief]).only()
        assert found.kind is FindingKind.MOUNTED_FROM_NODE
        assert path in found.message

    def test_a_workload_that_the_claim_does_not_allow(self) -> None:
        kept = replace(CLAIM, workloads=("StatefulSet/db", "Job/backup-*"))
        backup = pod("b", workload="Job/backup-2901")
        assert Scene(claims=[kept], pods=[pod(), backup]).found() == []
        report = pod("report-1", "n1", workload="Deployment/report")
        found = Scene(claims=[kept], pods=[pod(), report]).only()
        assert found.kind is FindingKind.NOT_ALLOWED
        assert found.message == (
            "pod shop/report-1 (Deployment/report) mounts it, and the claim allows other workloads "
            "only"
        )
        assert found.pods == (report.ref,)

    def test_one_that_is_going_or_has_no_node_is_none(self) -> None:
        kept = replace(CLAIM, workloads=("StatefulSet/db",))
        report = pod("report-1", workload="Deployment/report")
        for one in (replace(report, is_going=True), replace(report, node="")):
            assert Scene(claims=[kept], pods=[pod(), one]).found() == []

    def test_an_empty_list_allows_nobody(self) -> None:
        assert Scene(claims=[replace(CLAIM, workloads=())]).only().pods == (pod().ref,)

    def test_a_workload_that_goes_round_by_another_claim_of_its_namespace(self) -> None:
        kept = replace(CLAIM, workloads=("StatefulSet/db",))
        claim, volume = other_claim("shop", "copy")
        report = pod("report-1", workload="Deployment/report", claims=frozenset({"copy"}))
        found = Scene([kept, claim], [VOLUME, volume], pods=[pod(), report]).only()
        assert found.message == (
            "pod shop/report-1 (Deployment/report) mounts the same storage by claim shop/copy"
        )

    def test_a_namespace_that_the_claim_allows(self) -> None:
        open_claim = replace(CLAIM, namespaces=("back*",))
        claim, volume = other_claim("backup")
        scene = Scene([open_claim, replace(claim, namespaces=("shop",))], [VOLUME, volume])
        scene.pods.append(pod("b", "n2", "backup"))
        scene.pods.append(
            pod("i", "n2", "backup", claims=frozenset(), storages=frozenset({VOLUME.storage}))
        )
        assert scene.found() == []


def test_findings_are_in_the_order_of_their_claims() -> None:
    names = ["b", "a", "c"]
    claims = [Claim(claim_ref("shop", name), f"pv-{name}") for name in names]
    volumes = [Volume(one.volume, f"s {one.volume}", one.ref) for one in claims]
    attachments = [Attachment(f"va-{one.name}", one.name, "n1") for one in volumes]
    scene = Scene(claims, volumes, attachments, [])
    access = scene.look(scene.look(), LATER)
    assert [ref.name for ref in access.findings] == ["a", "b", "c"]
