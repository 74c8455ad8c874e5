"""AutopilotRuleObjects and ActionApprovals on a real API server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from kubervisor.api.autopilot_approval import (
    ActionApprovalStatus,
    ActionPreview,
    ExpectedResult,
    InvolvedObject,
    PreviewedAction,
    RuleReference,
)
from kubervisor.api.autopilot_rule_object import (
    OBJECT_LABEL,
    RULE_LABEL,
    AutopilotRuleObjectStatus,
    MeasuredSizes,
    ObjectReference,
    RuleObjectIntent,
    RuleObjectItem,
)
from kubervisor.api.status import StatusModel
from playground.access import Cluster, KubectlFailed
from tests.rules.manifests import API_VERSION, USABLE

pytestmark = pytest.mark.cluster

NAMESPACE = f"aro-{secrets.token_hex(3)}"
NOW = "2026-11-21T06:00:00Z"
LATER = "2026-11-22T06:00:00Z"
RESIZE = "openstorage.io.action.volume/resize"


@pytest.fixture(scope="module")
def there(taught: Cluster) -> Iterator[Cluster]:
    """A cluster with a namespace of this module's own."""
    taught.kubectl("create", "namespace", NAMESPACE)
    yield taught
    taught.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def create(cluster: Cluster, kind: str, name: str, **parts: Any) -> None:
    labels = {RULE_LABEL: "volume-resize", OBJECT_LABEL: "pvc-1"}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, **parts}
    cluster.kubectl("create", "-f-", stdin=json.dumps(body))


def report(cluster: Cluster, kind: str, name: str, status: StatusModel) -> None:
    patch = json.dumps({"status": status.wire()})
    cluster.kubectl(
        *("patch", kind, name, "-n", NAMESPACE, "--subresource=status"),
        *("--type=merge", f"--patch={patch}"),
    )


def stored(cluster: Cluster, kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        cluster.kubectl("get", kind, name, "-n", NAMESPACE, "-ojson")
    )
    return found


def shown(cluster: Cluster, kind: str, name: str) -> dict[str, str]:
    header, row = cluster.kubectl("get", kind, name, "-n", NAMESPACE).splitlines()
    return dict(zip(header.split(), row.split(), strict=True))


def test_all_that_is_remembered_of_an_object_is_kept_and_shown(there: Cluster) -> None:
    status = AutopilotRuleObjectStatus(
        items=[
            RuleObjectItem(last_process_timestamp=NOW, state="Triggered", message="61 > 50"),
            RuleObjectItem(
                last_process_timestamp=NOW,
                state="ActionAwaitingApproval",
                message="asked",
                action_approval_name="volume-resize-data",
            ),
        ],
        object=ObjectReference(
            kind="PersistentVolumeClaim", namespace=NAMESPACE, name="data", uid="1"
        ),
        state="ActionAwaitingApproval",
        since=NOW,
        reason="ApprovalNeeded",
        message="waits for volume-resize-data",
        values=["61.5"],
        met_since=NOW,
        intents=[
            RuleObjectIntent(
                action=RESIZE,
                summary="grows data from 10Gi to 15Gi",
                goal={"from": "10737418240", "to": "16106127360"},
                progress={"patched": "true"},
            )
        ],
        digest="ab" * 32,
        attempts=1,
        not_before=LATER,
        acted=[NOW, LATER],
        generation=3,
        measured=MeasuredSizes(metric=10_499_768_320, claim=10_737_418_240),
    )
    create(there, "AutopilotRuleObject", "kept")
    report(there, "aro", "kept", status)

    assert stored(there, "aro", "kept")["status"] == status.wire()
    row = shown(there, "aro", "kept")
    assert (row["RULE"], row["KIND"], row["OBJECT"], row["STATE"], row["REASON"]) == (
        "volume-resize",
        "PersistentVolumeClaim",
        "data",
        "ActionAwaitingApproval",
        "ApprovalNeeded",
    )


def test_who_decides_cannot_change_what_the_decision_is_about(there: Cluster) -> None:
    status = ActionApprovalStatus(
        rule=RuleReference(name="volume-resize"),
        last_process_timestamp=NOW,
        action_previews=[
            ActionPreview(
                action=PreviewedAction(name=RESIZE, params={"scalepercentage": "50"}),
                expected_result=ExpectedResult(message="grows data from 10Gi to 15Gi"),
                involved_objects=[
                    InvolvedObject(
                        api_version="v1",
                        kind="PersistentVolumeClaim",
                        namespace=NAMESPACE,
                        name="data",
                        uid="1",
                    )
                ],
            )
        ],
        actions_digest="cd" * 32,
        expires_at=LATER,
    )
    spec = {"approvalState": "pending", "actions": USABLE["actions"]}
    create(there, "ActionApproval", "asked", spec=spec)
    report(there, "actionapproval", "asked", status)

    forged = {"spec": {"approvalState": "approved"}, "status": {"actionsDigest": "00"}}
    there.kubectl(
        *("patch", "actionapproval", "asked", "-n", NAMESPACE),
        *("--type=merge", f"--patch={json.dumps(forged)}"),
    )

    found = stored(there, "actionapproval", "asked")
    assert found["spec"]["approvalState"] == "approved"
    assert found["status"] == status.wire()
    row = shown(there, "actionapproval", "asked")
    assert (row["STATE"], row["RULE"], row["OBJECT"]) == ("approved", "volume-resize", "data")


def test_an_approval_can_be_bound_to_what_was_read(there: Cluster) -> None:
    create(there, "ActionApproval", "bound", spec={"approvalState": "pending"})
    report(there, "actionapproval", "bound", ActionApprovalStatus(actions_digest="ab"))
    steps = [
        {"op": "test", "path": "/status/actionsDigest", "value": "cd"},
        {"op": "add", "path": "/spec/approvalState", "value": "approved"},
    ]
    patch = ("patch", "actionapproval", "bound", "-n", NAMESPACE, "--type=json")
    with pytest.raises(KubectlFailed):
        there.kubectl(*patch, f"--patch={json.dumps(steps)}")
    steps[0]["value"] = "ab"
    there.kubectl(*patch, f"--patch={json.dumps(steps)}")

    assert stored(there, "actionapproval", "bound")["spec"]["approvalState"] == "approved"


@pytest.mark.parametrize("word", ["Approved", "yes", "rejected"])
def test_an_unknown_word_is_refused(there: Cluster, word: str) -> None:
    with pytest.raises(KubectlFailed, match='supported values: "pending", "approved"'):
        create(there, "ActionApproval", "word", spec={"approvalState": word})
