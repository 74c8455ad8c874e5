"""The original's CRD, chart and examples cannot be applied to a server of today."""

from __future__ import annotations

import pytest

from playground.cluster import KubectlFailed
from playground.detector import Detector
from playground.fleet_api import Json
from tests.integration.guard import Guard, condition
from tests.integration.specs import custom, guarding

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kubervisorservices.kubervisor.k8s.io"


def test_the_controller_registers_a_crd_that_a_modern_server_accepts(guard: Guard) -> None:
    body = guard.api.get(CRD)
    for kind in ("NamesAccepted", "Established"):
        assert condition(body, kind)["status"] == "True", body["status"]["conditions"]
    # The group is a legacy one under k8s.io, and the annotation says so.
    approval = condition(body, "KubernetesAPIApprovalPolicyConformant")
    assert approval["reason"] == "UnapprovedAnnotation"
    assert condition(body, "NonStructuralSchema").get("status", "False") == "False"
    assert body["spec"]["names"]["shortNames"] == ["kvs"]
    (version,) = body["spec"]["versions"]
    assert version["name"] == "v1alpha1"
    assert version["subresources"] == {"status": {}}


# The original's own example, with the names and queries that it left empty.
UNUSABLE: Json = {
    "service": "pricer-1a",
    "breakers": [
        {
            "name": "responseCode",
            "evaluationPeriod": 5,
            "discreteValueOutOfList": {
                "prometheusService": "",
                "promQL": "",
                "key": "",
                "podNamekey": "",
                "goodValues": ["200"],
            },
        }
    ],
}


def test_the_originals_unusable_example_is_refused_at_once_naming_its_fields(guard: Guard) -> None:
    with pytest.raises(Exception, match=r"spec\.breakers\[0\]\.name") as refused:
        guard.apply("pricer-1a", UNUSABLE)
    for field in ("promQL", "podNamekey", "key", "prometheusService"):
        assert field in str(refused.value)


def test_a_name_that_is_no_label_value_is_refused(guard: Guard) -> None:
    with pytest.raises(KubectlFailed, match="label value"):
        guard.cluster.kubectl(
            "apply", "--server-side", "-n", guard.namespace, "-f", "-", stdin=_with_a_long_name()
        )


def _with_a_long_name() -> str:
    name = "a" * 64
    return f"""
apiVersion: kubervisor.k8s.io/v1alpha1
kind: KubervisorService
metadata: {{name: {name}}}
spec: {{service: shop, breakers: [{{name: b, customService: detector.demo}}]}}
"""


def test_kubectl_shows_the_state_by_the_short_name(guard: Guard, detector: Detector) -> None:
    with guard.fleet("shown", 2):
        guard.apply("shown", guarding("shown", custom(detector.address)))
        guard.wait_guarding("shown")
        header, row = guard.cluster.kubectl(
            "get", "kvs", "shown", "-n", guard.namespace
        ).splitlines()
        shown = dict(zip(header.split(), row.split(), strict=True))
        assert shown["NAME"] == shown["SERVICE"] == "shown"
        assert (shown["READY"], shown["ACTIVE"], shown["SERVING"]) == ("True", "True", "2")
        guard.delete("shown")
