"""AutopilotRules on a real API server: what applies, what is refused and how, what is shown."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubervisor.api.autopilot_rule import AutopilotRuleStatus
from kubervisor.api.status import Condition
from playground.access import Cluster, KubectlFailed
from tests.rules.manifests import ORIGINALS, USABLE, Refused, changed, manifest, refused

pytestmark = pytest.mark.cluster

MARK = secrets.token_hex(3)
NOW = "2026-11-21T06:00:00Z"


@pytest.fixture(scope="module")
def rules(taught: Cluster) -> Iterator[Cluster]:
    """A cluster that knows AutopilotRules; those of this module are gone afterwards."""
    yield taught
    taught.kubectl("delete", "autopilotrules", "--all", "--wait=false")


def stored(cluster: Cluster, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.kubectl("get", "ar", name, "-ojson"))
    return found


def apply(cluster: Cluster, name: str, spec: Any, *flags: str) -> str:
    return cluster.kubectl("apply", *flags, "-f-", stdin=json.dumps(manifest(name, spec)))


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda path: path.stem)
def test_rules_of_the_original_apply_unchanged(rules: Cluster, original: Path) -> None:
    said = rules.kubectl("create", "--dry-run=server", "-f", str(original))

    assert f"{original.stem} created (server dry run)" in said


@pytest.mark.parametrize("row", refused(), ids=lambda row: row.why)
def test_what_cannot_be_meant_is_refused_in_words(rules: Cluster, row: Refused) -> None:
    with pytest.raises(KubectlFailed) as failed:
        apply(rules, f"refused-{MARK}", row.spec, "--dry-run=server")

    assert row.says in str(failed.value)


def test_a_long_name_is_refused_because_it_becomes_a_label(rules: Cluster) -> None:
    apply(rules, "n" * 63, USABLE, "--dry-run=server")
    with pytest.raises(KubectlFailed, match="must have at most 63 characters"):
        apply(rules, "n" * 64, USABLE, "--dry-run=server")


def test_a_rule_that_watches_volume_access_needs_neither_expressions_nor_actions(
    rules: Cluster,
) -> None:
    said = apply(
        rules, f"access-{MARK}", {"conditions": {"type": "volumeAccess"}}, "--dry-run=server"
    )

    assert "created" in said


def test_nothing_is_written_into_the_users_specification(rules: Cluster) -> None:
    apply(rules, f"plain-{MARK}", USABLE)

    assert stored(rules, f"plain-{MARK}")["spec"] == USABLE


def test_every_field_of_our_own_is_kept(rules: Cluster) -> None:
    spec = changed(
        {
            "objectKind": "PersistentVolumeClaim",
            "metricLabels": {"namespace": ["ns"], "name": ["claim"], "volume": ["pv"]},
            "capacityKey": "kubelet_volume_stats_capacity_bytes",
            "noData": "Clear",
            "dryRun": True,
            "approvalExpiry": 3600,
        }
    )
    apply(rules, f"ours-{MARK}", spec)

    assert stored(rules, f"ours-{MARK}")["spec"] == spec


def test_a_status_is_written_beside_the_spec_and_shown(rules: Cluster) -> None:
    name = f"shown-{MARK}"
    apply(rules, name, changed({"enforcement": "approvalRequired"}))
    ready = Condition(
        type="Ready", status="False", reason="ActionNotEnabled", last_transition_time=NOW
    )
    status = AutopilotRuleStatus(
        observed_generation=1, objects=12, triggered=2, acting=1, conditions=[ready]
    )
    patch = json.dumps({"status": status.wire()})
    rules.kubectl("patch", "ar", name, "--subresource=status", "--type=merge", f"--patch={patch}")

    assert stored(rules, name)["status"] == status.wire()
    assert stored(rules, name)["metadata"]["generation"] == 1
    header, row = rules.kubectl("get", "ar", name).splitlines()
    assert header.split() == [
        "NAME",
        "READY",
        "OBJECTS",
        "TRIGGERED",
        "ACTING",
        "ENFORCEMENT",
        "AGE",
    ]
    assert row.split()[:6] == [name, "False", "12", "2", "1", "approvalRequired"]


def test_kubectl_explains_the_fields_with_their_units(rules: Cluster) -> None:
    told = rules.kubectl("explain", "autopilotrules.spec.conditions.for")

    assert "Seconds for which the conditions must hold" in " ".join(told.split())
