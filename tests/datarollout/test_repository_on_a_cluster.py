"""What the repository asks of a real API server: ConfigMaps, Secrets, pods and DataRollouts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kubervisor.datarollout.repository.kube_objects import Cluster
from kubervisor.errors import NotFound
from kubervisor.kube.client import Api as OurApi
from kubervisor.kube.client import connect
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from tests.datarollout.origins import GitOrigin, WebOrigin, serving_git
from tests.datarollout.packing import unpacked
from tests.datarollout.repositories import RunningRepository
from tests.integration.guard import until

TOKEN = "tok-4711-secret"


@pytest.fixture
def api(taught: LocalCluster) -> Iterator[Api]:
    with closing(Api(taught.kubeconfig)) as api:
        yield api


@pytest.fixture
def ours(taught: LocalCluster) -> Iterator[OurApi]:
    with closing(connect(str(taught.kubeconfig), user_agent="test")) as api:
        yield api


@pytest.fixture
def team(tmp_path: Path) -> Iterator[WebOrigin]:
    """A server with the repositories `one` and `two` below /team."""
    for name in ("one", "two"):
        GitOrigin(tmp_path / "root" / "team" / name).commit({"a": name})
    with serving_git(tmp_path / "root") as server:
        yield server


def make(api: Api, namespace: str, plural: str, body: Json) -> str:
    """The path of the object."""
    place = f"/api/v1/namespaces/{namespace}/{plural}"
    api.create(place, {"apiVersion": "v1", **body})
    return f"{place}/{body['metadata']['name']}"


def make_pod(api: Api, namespace: str, name: str, annotations: dict[str, str]) -> str:
    spec = {
        "containers": [{"name": "app", "image": "app"}],
        "schedulingGates": [{"name": "kubervisor/test"}],
        "terminationGracePeriodSeconds": 0,
    }
    metadata = {"name": name, "annotations": annotations}
    return make(api, namespace, "pods", {"kind": "Pod", "metadata": metadata, "spec": spec})


def test_a_config_map_is_a_source_that_follows_its_changes(
    api: Api, taught: LocalCluster, namespace: str, tmp_path: Path
) -> None:
    binary = base64.b64encode(b"\x00\x01").decode()
    body = {
        "kind": "ConfigMap",
        "metadata": {"name": "words"},
        "data": {"a.txt": "one"},
        "binaryData": {"b.bin": binary},
    }
    path = make(api, namespace, "configmaps", body)
    flags = (
        f"--source=words:configmap:{namespace}/words",
        f"--source=none:configmap:{namespace}/none",
        f"--kubeconfig={taught.kubeconfig}",
    )
    with RunningRepository(tmp_path, *flags) as repository:
        (first,) = repository.wait_for("words")
        files = unpacked(repository.archive("words", first).body)
        assert files == {"a.txt": "one", "b.bin": "\x00\x01"}
        until(lambda: "source none:" in repository.get("/readyz").text, "the other one fails")
        assert f"get configmaps/none in namespace {namespace}" in repository.get("/readyz").text
        api.merge(path, {"data": {"a.txt": "two"}})
        newest = repository.wait_for("words", 2)[-1]
        assert unpacked(repository.archive("words", newest).body)["a.txt"] == "two"
        api.merge(path, {"metadata": {"labels": {"touched": "yes"}}})
        assert len(repository.published("words")) == 2


def test_a_secret_is_read_by_name(api: Api, ours: OurApi, namespace: str) -> None:
    ours.namespace = namespace
    with pytest.raises(NotFound):
        Cluster(ours).secret("token")
    data = {"token": base64.b64encode(TOKEN.encode()).decode()}
    make(api, namespace, "secrets", {"kind": "Secret", "metadata": {"name": "token"}, "data": data})
    assert Cluster(ours).secret("token") == {"token": TOKEN.encode()}


def test_pods_set_up_sources_where_the_administrator_allows_it(
    api: Api, taught: LocalCluster, namespace: str, team: WebOrigin, tmp_path: Path
) -> None:
    one, two = (f"git:{team.url(f'/team/{name}')}" for name in ("one", "two"))
    pod = make_pod(
        api,
        namespace,
        "web-1",
        {
            "data.autocrane.io/words": one,
            "data.autocrane.io/mine": two,
            "data.autocrane.io/other": f"git:{team.url('/elsewhere/one')}",
            "data.autocrane.io/guarded": f"{one}#credential=env:WORDS",
            "data.autocrane.io/use": "words",
        },
    )
    flags = (
        f"--source=mine:{one}#credential=env:WORDS",
        f"--annotated-sources={team.url('/team')}",
        f"--namespace={namespace}",
        f"--kubeconfig={taught.kubeconfig}",
    )
    with RunningRepository(tmp_path / "r", *flags, env={"WORDS": TOKEN}) as repository:
        (version,) = repository.wait_for("words")
        assert unpacked(repository.archive("words", version).body) == {"a": "one"}
        (mine,) = repository.wait_for("mine")
        assert unpacked(repository.archive("mine", mine).body) == {"a": "one"}
        said = repository.get("/readyz").text
        assert "source mine: pod " in said
        assert "source other: pod " in said
        assert "source guarded: pod " in said
        assert not repository.published("other")
        # The token is that of the configured source: nothing of it for those of pods.
        asked = [seen for seen in team.seen if "authorization" in seen.headers]
        assert all(seen.path.startswith("/team/one") for seen in asked)

        make_pod(api, namespace, "a-thief", {"data.autocrane.io/words": two})
        until(lambda: "another pod has set up" in repository.get("/readyz").text, "it is refused")
        api.delete(pod)
        newest = repository.wait_for("words", 2)[-1]
        assert unpacked(repository.archive("words", newest).body) == {"a": "two"}


def test_without_patterns_pods_set_up_nothing(
    api: Api, taught: LocalCluster, namespace: str, team: WebOrigin, tmp_path: Path
) -> None:
    make_pod(api, namespace, "web-1", {"data.autocrane.io/words": f"git:{team.url('/team/one')}"})
    flags = (f"--source=good:git:{team.url('/team/two')}", f"--kubeconfig={taught.kubeconfig}")
    with RunningRepository(tmp_path / "r", *flags) as repository:
        repository.wait_for("good")
        assert "words" not in repository.get("/.manifest").text
    assert not [seen for seen in team.seen if seen.path.startswith("/team/one")]


def test_what_rollouts_name_is_in_use(api: Api, ours: OurApi, namespace: str) -> None:
    cluster = Cluster(ours, (namespace,))
    assert cluster.in_use() == frozenset()
    place = f"/apis/kubervisor.k8s.io/v1alpha1/namespaces/{namespace}/datarollouts"
    body = {
        "apiVersion": "kubervisor.k8s.io/v1alpha1",
        "kind": "DataRollout",
        "metadata": {"name": "words"},
        "spec": {"pin": "6b0253cd-be8324c2"},
    }
    api.create(place, body)
    good = {"path": "a.tar.zst", "sha256": "A" * 64, "at": "2026-01-01T00:00:00Z"}
    candidate = {"path": "b.tar.zst", "sha256": "b" * 64, "at": "2026-01-02T00:00:00Z"}
    status = {"phase": "RollingOut", "lastKnownGood": good, "candidate": candidate}
    api.merge(f"{place}/words/status", {"status": status})
    assert cluster.in_use() == frozenset({"A" * 64, "B" * 64, "6b0253cd-be8324c2"})


def test_an_api_server_that_cannot_be_asked_means_that_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(NOBODY)
    with closing(connect(str(path), user_agent="test")) as api:
        assert Cluster(api).in_use() is None


NOBODY = """
apiVersion: v1
kind: Config
current-context: x
clusters: [{name: x, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: x, context: {cluster: x, user: x}}]
users: [{name: x, user: {}}]
"""
