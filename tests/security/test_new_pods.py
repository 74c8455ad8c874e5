"""New pods of activated Services get the label from the API server: no controller runs here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from playground.cluster import LocalCluster
from playground.fleet import Fleet
from playground.fleet_api import Api, Json
from tests.e2e.scene import WITHIN
from tests.integration.guard import until
from tests.namespaces import fresh_namespace
from tests.security.chart import Release, template

LABEL = "kubervisor/traffic"
YES = {"app": "shop", LABEL: "yes"}


@pytest.fixture(scope="module", autouse=True)
def release(cluster: LocalCluster) -> Iterator[Release]:
    with Release(cluster) as release:
        yield release


@pytest.fixture
def place(admin: Api) -> str:
    """A namespace with an activated Service, where the policy is known to be at work."""
    name = fresh_namespace(admin)
    select(admin, name, "activated", {"app": "awaited", LABEL: "yes"})
    until(lambda: label_of(admin, name, {"app": "awaited"}) == "yes", "the policy is at work")
    return name


def select(api: Api, namespace: str, name: str, selector: dict[str, str] | None) -> None:
    """A Service that selects so."""
    spec: Json = {"ports": [{"port": 80}]} | ({"selector": selector} if selector else {})
    body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    api.apply(f"/api/v1/namespaces/{namespace}/services/{name}", body)


def label_of(api: Api, namespace: str, labels: dict[str, str] | None) -> str | None:
    """The traffic label of a pod that is created with these labels, as it would be stored."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"a-{secrets.token_hex(4)}"} | ({"labels": labels} if labels else {}),
        "spec": {"containers": [{"name": "a", "image": "a"}]},
    }
    made = api.create(f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
    value: str | None = made["metadata"].get("labels", {}).get(LABEL)
    return value


@pytest.mark.parametrize(
    ("selector", "labels", "label"),
    [
        pytest.param(YES, {"app": "shop"}, "yes", id="the Service would select it"),
        pytest.param(YES, {"app": "shop", "more": "x"}, "yes", id="more labels"),
        pytest.param(YES | {"tier": "web"}, {"app": "shop"}, None, id="fewer labels"),
        pytest.param(YES, {"app": "cart"}, None, id="another workload"),
        pytest.param(YES, None, None, id="no labels at all"),
        pytest.param({"app": "shop"}, {"app": "shop"}, None, id="not activated"),
        pytest.param({LABEL: "yes"}, {"app": "shop"}, None, id="selects on nothing but our label"),
        pytest.param({"app": "shop", LABEL: "no"}, {"app": "shop"}, None, id="selects what is out"),
        pytest.param(None, {"app": "shop"}, None, id="without a selector"),
        pytest.param(YES, {"app": "shop", LABEL: "no"}, "no", id="held from birth"),
        pytest.param(YES, {"app": "shop", LABEL: "pause"}, "pause", id="paused from birth"),
        pytest.param(YES, {"app": "shop", LABEL: "yes"}, "yes", id="labelled by its template"),
    ],
)
def test_a_pod_is_labelled_where_an_activated_service_would_select_it(
    selector: dict[str, str] | None,
    labels: dict[str, str] | None,
    label: str | None,
    place: str,
    admin: Api,
) -> None:
    select(admin, place, "unrelated", {"app": "other", LABEL: "yes"})
    select(admin, place, "shop", selector)
    select(admin, place, "sentinel", {"app": "sentinel", LABEL: "yes"})
    # The API server learns of Services in their order.
    until(lambda: label_of(admin, place, {"app": "sentinel"}) == "yes", "the Services are known")

    assert label_of(admin, place, labels) == label


def test_other_namespaces_are_none_of_its_business(place: str, admin: Api) -> None:
    select(admin, place, "shop", YES)
    until(lambda: label_of(admin, place, {"app": "shop"}) == "yes", "the Service is known")
    other = fresh_namespace(admin)

    assert label_of(admin, other, {"app": "shop"}) is None
    select(admin, "kube-system", "shop", YES)
    select(admin, other, "shop", YES)
    until(lambda: label_of(admin, other, {"app": "shop"}) == "yes", "the Services are known")
    assert label_of(admin, "kube-system", {"app": "shop"}) is None


def test_a_workload_that_knows_nothing_of_it_gets_new_pods_into_traffic(
    place: str, admin: Api
) -> None:
    with Fleet(admin, "shop", size=1, namespace=place) as fleet:
        # Activated as it should not be: nothing has labelled the pod that is there.
        fleet.select_traffic(on=True)
        until(lambda: label_of(admin, place, {"app": "shop"}) == "yes", "the Service is known")
        fleet.scale(3)
        fleet.wait(lambda f: len(f.in_slices()) == 2, WITHIN, "both new pods are in the slices")
        assert sorted(pod.traffic or "" for pod in fleet.pods()) == ["", "yes", "yes"]


def test_where_it_is_not_served_nothing_is_rendered(cluster: LocalCluster) -> None:
    served = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"

    def kinds(*flags: str, **values: object) -> set[str]:
        return {manifest["kind"] for manifest in template(cluster, *flags, **values)}

    assert "MutatingAdmissionPolicy" in kinds(f"--api-versions={served}")
    assert "MutatingAdmissionPolicy" not in kinds()
    off = {"label": False, "restrict": False}
    assert not {k for k in kinds(f"--api-versions={served}", admission=off) if "Policy" in k}
