"""The definitions of remediation rules: the original's names, and how they take the place of its
own.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from kubervisor.api.autopilot_crds import APPROVAL, DEFINITIONS, RULE, RULE_OBJECT
from kubervisor.kube.client import connect
from kubervisor.kube.crds import Outcome, register
from playground.access import KubectlFailed
from playground.cluster import LocalCluster
from tests.conftest import teach
from tests.rules.manifests import changed, manifest


@pytest.mark.parametrize(
    ("definition", "name", "scope", "short_names"),
    [
        (RULE, "autopilotrules", "Cluster", ["ar"]),
        (RULE_OBJECT, "autopilotruleobjects", "Namespaced", ["aro"]),
        (APPROVAL, "actionapprovals", "Namespaced", []),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_the_names_are_the_originals(
    definition: Any, name: str, scope: str, short_names: list[str]
) -> None:
    crd = definition.crd()

    assert crd["metadata"]["name"] == f"{name}.autopilot.libopenstorage.org"
    assert crd["spec"]["group"] == "autopilot.libopenstorage.org"
    assert crd["spec"]["scope"] == scope
    assert crd["spec"]["names"]["shortNames"] == short_names
    assert [version["name"] for version in crd["spec"]["versions"]] == ["v1alpha1"]


def test_a_group_outside_of_kubernetes_needs_no_approval() -> None:
    annotations = [set(one.crd()["metadata"]["annotations"]) for one in DEFINITIONS]

    assert annotations == [{"kubervisor.k8s.io/schema-version"}] * len(DEFINITIONS)


def loose() -> dict[str, Any]:
    """A definition as the original's controller brings it: any field, no status subresource."""
    crd = copy.deepcopy(RULE.crd())
    crd["metadata"] = {"name": RULE.name}
    version = crd["spec"]["versions"][0]
    del version["subresources"], version["additionalPrinterColumns"]
    version["schema"]["openAPIV3Schema"] = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
    }
    return crd


@pytest.fixture
def of_the_original(taught: LocalCluster) -> Iterator[LocalCluster]:
    """A cluster on which the original is installed."""
    taught.kubectl("delete", "crd", RULE.name)
    taught.kubectl("create", "-f-", stdin=json.dumps(loose()))
    taught.kubectl("wait", "crd", RULE.name, "--for=condition=Established")
    yield taught
    taught.kubectl("delete", "crd", RULE.name)
    teach(taught)


@pytest.mark.cluster
def test_rules_outlive_the_change_from_the_originals_definition(
    of_the_original: LocalCluster,
) -> None:
    cluster = of_the_original
    written = changed({"pollInterval": "60s"})
    cluster.kubectl("create", "-f-", stdin=json.dumps(manifest("invented", written)))

    api = connect(str(cluster.kubeconfig), user_agent="test")
    assert register(api, RULE.crd(), stop=threading.Event()) is Outcome.UPDATED

    found = json.loads(cluster.kubectl("get", "ar", "invented", "-ojson"))
    assert found["spec"] == written
    another = json.dumps(manifest("another", written))
    with pytest.raises(KubectlFailed, match="must be of type integer"):
        cluster.kubectl("create", "-f-", stdin=another)
    patch = json.dumps({"spec": {"pollInterval": 60}})
    cluster.kubectl("patch", "ar", "invented", "--type=merge", f"--patch={patch}")
