"""The CRD on a real API server: what applies, what is refused and how, what kubectl shows."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kubervisor.api.crd import CRD_NAME
from kubervisor.api.group import API_VERSION
from kubervisor.api.kubervisorservice import KIND
from kubervisor.api.status import (
    MAX_RECENT,
    Condition,
    EjectionIntent,
    FleetCount,
    KubervisorServiceStatus,
    PodCount,
    Recent,
)
from playground.access import Cluster, KubectlFailed
from playground.fleet_api import Api, ApiRefused
from tests.conftest import GROUP

pytestmark = pytest.mark.cluster

NAMESPACE = f"api-{secrets.token_hex(3)}"
NOW = "2026-11-21T06:00:00Z"


@pytest.fixture(scope="module")
def kvs(taught: Cluster) -> Iterator[Cluster]:
    """A cluster that knows KubervisorServices, with a namespace for them."""
    taught.kubectl("create", "namespace", NAMESPACE)
    yield taught
    taught.kubectl("delete", "kvs", "--all", "-n", NAMESPACE)
    taught.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture(scope="module")
def api(kvs: Cluster) -> Iterator[Api]:
    """Its API server."""
    with closing(Api(kvs.kubeconfig)) as api:
        yield api


def manifest(name: str, spec: Any) -> str:
    metadata = {"name": name, "namespace": NAMESPACE}
    return json.dumps({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec})


def stored(cluster: Cluster, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        cluster.kubectl("get", "kvs", name, "-n", NAMESPACE, "-ojson")
    )
    return found


def patch_status(cluster: Cluster, name: str, status: dict[str, Any]) -> None:
    flags = ("-n", NAMESPACE, "--subresource=status", "--type=merge", "--patch-file=/dev/stdin")
    cluster.kubectl("patch", "kvs", name, *flags, stdin=json.dumps({"status": status}))


def new_breakers() -> list[dict[str, Any]]:
    """Every field of the new detectors."""
    evidence = {
        "podLabel": "pod",
        "matches": {"need": 2, "of": 3},
        "warmUp": "1m",
        "noData": "Suspect",
    }
    asked = evidence | {"source": "main"}
    read = evidence | {"scrape": {"port": 8080, "path": "/metrics", "interval": "1s"}}
    errors = 'http_requests_total{code=~"5..", path=`/a{b}`} '
    tuning = {"alpha": 1e-6, "minimumEvents": 3, "minimumActivity": 10, "minimumEffect": 0.03}
    coded = {"promQL": "requests", "codeLabel": "code", "badCodes": "(5[0-9]{2}|429)"}
    return [
        {"name": "counted", "ratio": read | {"errors": errors, "total": "requests", **tuning}},
        {"name": "coded", "ratio": asked | coded | {"window": "20s"}},
        {
            "name": "queue",
            "threshold": asked | {"promQL": "x", "total": "y", "below": 0.5, "for": "30s"},
        },
        {
            "name": "latency",
            "deviation": asked
            | {
                "promQL": "x",
                "requests": "y",
                "direction": "both",
                "maximumScore": 3.5,
                "minimumFactor": 1.5,
                "minimumActivity": 30,
            },
        },
        {
            "name": "leak",
            "trend": asked
            | {"promQL": "x", "above": 1e9, "window": "30m", "horizon": "15m", "alpha": 1e-4},
        },
        {"name": "mesh", "preset": "istio", "source": "main"},
        {
            "name": "disk",
            "watchdog": {
                "names": ["disk", "Net_1.x"],
                "level": "warning",
                "trust": "posted",
                "matches": {"need": 1, "of": 1},
                "warmUp": "0s",
            },
        },
    ]


def with_everything() -> dict[str, Any]:
    """Every addition at once, on a specification of several breakers."""
    activator = {
        "mode": "retryAndPause",
        "period": 15,
        "maxPeriod": "1h30m",
        "jitterPercent": 12.5,
        "probation": "1m",
        "returnStagger": "500ms",
        "killMode": "delete",
    }
    deviation = {"source": "main", "promQL": "x", "podNamekey": "pod"}
    return {
        "service": "web",
        "dryRun": True,
        "peerGroup": "topology.kubernetes.io/zone",
        "budget": {
            "minAvailable": "30%",
            "maxEjectedPercent": 20,
            "panicThresholdPercent": 60,
            "maxLoadPercent": 150,
        },
        "defaultActivator": activator,
        "breakers": [
            {"name": "oracle", "customService": "oracle:8080", "activator": activator},
            {"name": "level", "continuousValueDeviation": deviation},
            *new_breakers(),
        ],
    }


def test_original_manifests_apply_unchanged(kvs: Cluster, original: Path) -> None:
    applied = kvs.kubectl("apply", "-n", NAMESPACE, "-f", str(original))
    assert applied.strip().endswith(("created", "configured", "unchanged"))


def test_every_addition_applies_and_nothing_is_written_into_the_object(kvs: Cluster) -> None:
    kvs.kubectl("apply", "-f", "-", stdin=manifest("everything", with_everything()))
    assert stored(kvs, "everything")["spec"] == with_everything()


def test_a_count_is_a_minimum_too(kvs: Cluster) -> None:
    spec = with_everything() | {"budget": {"minAvailable": 3}}
    kvs.kubectl("apply", "-f", "-", stdin=manifest("count", spec))
    assert stored(kvs, "count")["spec"]["budget"] == {"minAvailable": 3}


def test_invalid_specifications_are_refused_by_field(api: Api, invalid: Any) -> None:
    with pytest.raises(ApiRefused) as refusal:
        # As `kubectl create --dry-run=server` asks, at a tenth of the price.
        api.create(
            f"{GROUP}/namespaces/{NAMESPACE}/kubervisorservices?dryRun=All&fieldValidation=Strict",
            json.loads(manifest("x", invalid.spec)),
        )
    assert invalid.field in str(refusal.value)


def test_rules_over_several_fields_say_what_to_write(kvs: Cluster) -> None:
    spec = {"service": "web", "breakers": [{"name": "b"}]}
    with pytest.raises(
        KubectlFailed, match=r"spec\.breakers\[0\].*exactly one detector; write one"
    ):
        kvs.kubectl("create", "--dry-run=server", "-f", "-", stdin=manifest("x", spec))


def test_a_misspelt_field_is_refused_by_name(kvs: Cluster) -> None:
    spec = {"service": "web", "breakers": [{"name": "b", "customservice": "oracle"}]}
    with pytest.raises(KubectlFailed, match=r'unknown field "spec\.breakers\[0\]\.customservice"'):
        kvs.kubectl("create", "-f", "-", stdin=manifest("x", spec))


def test_a_name_that_cannot_be_a_label_value_is_refused(kvs: Cluster) -> None:
    with pytest.raises(KubectlFailed, match=r"metadata\.name must have at most 63 characters"):
        kvs.kubectl("create", "-f", "-", stdin=manifest("a" * 64, with_everything()))


def test_kubectl_shows_the_fleet_and_the_reason(kvs: Cluster) -> None:
    kvs.kubectl("apply", "-f", "-", stdin=manifest("shown", with_everything()))
    ready = Condition(type="Ready", status="True", reason="Guarding", last_transition_time=NOW)
    active = Condition(type="Active", status="False", reason="SelectorWithoutTraffic")
    fleet = FleetCount(members=10, serving=7, ejected=2, paused=1)
    status = KubervisorServiceStatus(
        conditions=[ready, active], breakers="oracle,level", fleet=fleet
    )
    patch_status(kvs, "shown", status.wire())
    head, row = kvs.kubectl("get", "kvs", "shown", "-n", NAMESPACE).splitlines()
    assert " ".join(head.split()) == "NAME SERVICE READY ACTIVE SERVING EJECTED PAUSED AGE"
    assert row.split()[:7] == ["shown", "web", "True", "False", "7", "2", "1"]

    head, row = kvs.kubectl("get", "kvs", "shown", "-n", NAMESPACE, "-owide").splitlines()
    assert head.split()[-3:] == ["REASON", "BREAKERS", "DRYRUN"]
    assert row.split()[-3:] == ["Guarding", "oracle,level", "true"]


def test_a_full_status_is_accepted_as_it_is(kvs: Cluster) -> None:
    kvs.kubectl("apply", "-f", "-", stdin=manifest("full", with_everything()))
    entry = Recent(
        time=NOW,
        action="EarlyReturned",
        pod="web-0",
        pod_uid="u",
        breaker="oracle",
        reason="BelowFloor",
        evidence="é" * 3000,
    )
    status = KubervisorServiceStatus(
        conditions=[Condition(type="Ready", status="Unknown", message="x" * 50_000)],
        observed_generation=1,
        start_time=NOW,
        pod_count=PodCount(nb_pods_managed=5, nb_pods_breaked=2),
        fleet=FleetCount(members=10, serving=7, ejected=2, paused=1, floor=5, may_eject=0),
        recent=[entry] * 30,
        intents=[EjectionIntent(pod_uid="u", ejection_id="e", epoch=3)],
    )
    patch_status(kvs, "full", status.wire())
    found = stored(kvs, "full")["status"]
    assert found == status.wire()
    assert len(found["recent"]) == MAX_RECENT


def test_the_status_of_the_original_is_accepted(kvs: Cluster) -> None:
    kvs.kubectl("apply", "-f", "-", stdin=manifest("legacy", with_everything()))
    running = {"type": "Running", "status": "True", "lastTransitionTime": None}
    count = {"nbPodsManaged": 5, "lastProbeTime": None}
    patch_status(kvs, "legacy", {"conditions": [running], "podCount": count})
    assert stored(kvs, "legacy")["status"]["podCount"] == {"nbPodsManaged": 5}


def test_kubectl_explains_the_fields(kvs: Cluster) -> None:
    explained = kvs.kubectl("explain", f"{CRD_NAME}.spec.breakers")
    assert "evaluationPeriod" in explained
    assert "Seconds from one evaluation to the next" in explained
