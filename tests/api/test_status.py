"""A status is always writable: what is too long is cut, what is unset is absent."""

from __future__ import annotations

from kubervisor.api.status import (
    MAX_EVIDENCE,
    MAX_MESSAGE,
    MAX_RECENT,
    Condition,
    KubervisorServiceStatus,
    PodCount,
    Recent,
)


def test_json_names_are_the_originals() -> None:
    count = PodCount(nb_pods_managed=5, nb_pods_breaked=2)
    assert KubervisorServiceStatus(pod_count=count).wire() == {
        "podCount": {"nbPodsManaged": 5, "nbPodsBreaked": 2}
    }


def test_long_texts_are_cut() -> None:
    assert len(Recent(evidence="x" * 5000).wire()["evidence"]) == MAX_EVIDENCE
    condition = Condition(type="Ready", status="True", message="x" * 50_000)
    assert len(condition.wire()["message"]) == MAX_MESSAGE


def test_of_more_than_20_entries_the_newest_stay() -> None:
    entries = [Recent(pod=f"web-{age}") for age in range(25)]
    wire = KubervisorServiceStatus(recent=entries).wire()["recent"]
    assert [entry["pod"] for entry in wire] == [f"web-{age}" for age in range(MAX_RECENT)]


def test_the_status_of_the_original_is_read() -> None:
    status = KubervisorServiceStatus.model_validate(
        {
            "startTime": "2026-11-20T23:20:32Z",
            "podCount": {"nbPodsManaged": 5, "lastProbeTime": None},
            "conditions": [
                {
                    "type": "Running",
                    "status": "True",
                    "reason": "KubervisorService running",
                    "lastTransitionTime": None,
                }
            ],
        }
    )
    assert status.pod_count == PodCount(nb_pods_managed=5)
    assert status.conditions is not None
    assert status.conditions[0].type == "Running"
