"""`kubectl kubervisor data …` and `kubervisor data status` on a real API server, of objects as the
controller writes them.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from kubervisor.datarollout.versions import (
    Deployed,
    Progress,
    Request,
    Version,
    write_deployed,
    write_request,
)
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from tests import rollout_bodies as bodies
from tests.plugin.conftest import Plugin
from tests.rollout_bodies import GROUP, put

OLD = Version("6740a1b2-0123456789abcdef.tar.zst", "A" * 64)
NEW = Version("6740b5d0-fedcba9876543210.tar.zst", "B" * 64)


@pytest.fixture
def api(taught: LocalCluster) -> Iterator[Api]:
    with closing(Api(taught.kubeconfig)) as api:
        yield api


@pytest.fixture
def three(api: Api, namespace: str) -> str:
    """A namespace with three rollouts: settled, rolling out, rolled back."""
    now = time.time()
    put(api, namespace, "prices", bodies.settled(now))
    put(api, namespace, "routes", bodies.rolling_out(now))
    put(api, namespace, "rules-0af3", bodies.rolled_back(now), {"source": "Rules"})
    return namespace


def a_pod(api: Api, namespace: str, name: str, notes: dict[str, str]) -> None:
    container = {"name": "main", "image": "none"}
    api.create(
        f"{namespace_path(namespace)}/pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "annotations": notes},
            # Bound nowhere: what it says is all that matters.
            "spec": {"containers": [container], "nodeSelector": {"nowhere": "yes"}},
        },
    )


def spec_of(api: Api, namespace: str, name: str) -> Json:
    spec: Json = api.get(f"{GROUP}/namespaces/{namespace}/datarollouts/{name}")["spec"]
    return spec


def test_the_table_tells_of_every_source(three: str, plugin: Plugin) -> None:
    headers, *rows = plugin("data").rows
    assert headers[:3] == ["SOURCE", "PHASE", "REASON"]
    assert [row[0] for row in rows] == ["Rules", "prices", "routes"]
    assert [row[1] for row in rows] == ["Settled", "Settled", "RollingOut"]
    assert rows[2][5:8] == ["50%", rows[2][6], "5/10"]
    wide = plugin("data", "status", "-o", "wide")
    assert "MESSAGE" in wide.lines[0]
    assert [row[0] for row in plugin("data", "--no-headers").rows] == [row[0] for row in rows]
    everywhere = plugin.anywhere("data", "-A", "--no-headers")
    assert {row[1] for row in everywhere.rows if row[0] == three} == {"prices", "routes", "Rules"}


def test_all_about_one_and_why(three: str, plugin: Plugin) -> None:
    told = plugin("data", "status", "routes").out
    assert re.search(r"Stage: +2 of 3, 50 %, since \w+: 5 of the 10 pods it needs", told)
    assert "Stages:            25 %, then 50 %, then 100 %, each proven for 10m" in told
    assert re.search(r"CandidateChosen +\w+-\w+ +newer than", told)
    why = plugin("data", "explain", "Rules").out
    assert why.startswith(f"Source {three}/Rules is settled on ")
    assert re.search(
        r"Held by: +its back-off lasts \w+ more; the newest version, .* quarantine", why
    )
    assert "<img src=x onerror=window.owned=1>" in why
    assert "\u202e" not in why


def test_one_that_is_not_ready_ends_with_1(api: Api, namespace: str, plugin: Plugin) -> None:
    put(api, namespace, "new", None)
    assert "Pending" in plugin("data", "status", "new", code=1).out
    assert plugin("data", "explain", "new").out.startswith(f"Source {namespace}/new waits")


@pytest.mark.usefixtures("three")
def test_documents_are_kubectls_own(plugin: Plugin) -> None:
    items = json.loads(plugin("data", "-o", "json").out)["items"]
    assert [one["metadata"]["name"] for one in items] == ["prices", "routes", "rules-0af3"]
    (name,) = plugin("data", "status", "Rules", "-o", "name").lines
    assert name == "datarollout.kubervisor.k8s.io/rules-0af3"


def test_what_is_not_there_is_said(plugin: Plugin) -> None:
    assert plugin("data").err.startswith("No resources found")
    assert plugin("data", "pods").err.startswith("No pods found")
    for words in (("status", "x"), ("explain", "x"), ("pause", "x"), ("pin", "x", "abcdef")):
        said = plugin("data", *words, code=1).err
        assert said.startswith('error: no DataRollout of a source "x" here: the controller makes')


def test_people_steer_by_the_spec(api: Api, three: str, plugin: Plugin) -> None:
    assert plugin("data", "pause", "Rules", "--dry-run").out.endswith("(server dry run)\n")
    assert "paused" not in spec_of(api, three, "rules-0af3")
    assert plugin("data", "pause", "Rules").out == "datarollout/rules-0af3 paused\n"
    assert spec_of(api, three, "rules-0af3")["paused"] is True
    assert plugin("data", "pause", "Rules").out.endswith("is paused already\n")
    assert plugin("data").rows[1][1] == "Paused"
    plugin("data", "resume", "Rules")
    assert not spec_of(api, three, "rules-0af3").get("paused")

    newest = plugin("data", "-o", "wide").rows[3][3]
    assert plugin("data", "pin", "routes", newest).err == ""
    assert spec_of(api, three, "routes")["pin"] == newest
    assert "names no version" in plugin("data", "pin", "routes", "unheard-of").err
    assert "unpinned from unheard-of" in plugin("data", "unpin", "routes").out
    assert not spec_of(api, three, "routes").get("pin")

    bad = bodies.rolled_back(time.time())["quarantine"][0]["path"][:4]
    # Exit code 1: the controller has not seen what was changed.
    listed = plugin("data", "status", "Rules", code=1).out
    found = re.search(rf"^\w+ +({bad}\S+) +CandidateFailing$", listed, re.MULTILINE)
    assert found is not None, listed
    assert "taken back before" in plugin("data", "pin", "Rules", found[1]).err


@pytest.mark.usefixtures("three")
def test_a_pin_that_the_server_refuses_is_refused_in_its_words(plugin: Plugin) -> None:
    said = plugin("data", "pin", "routes", "no such/version", code=1).err
    assert "spec.pin" in said


def test_pods_tell_what_they_were_asked_to_have_and_have(
    api: Api, namespace: str, plugin: Plugin
) -> None:
    now = time.time()
    asked = write_request(Request(NEW, now - 60))
    a_pod(
        api,
        namespace,
        "one",
        {
            "data.autocrane.io/cfg": "routes",
            "request.data.autocrane.io/cfg": asked,
            "status.data.autocrane.io/cfg": write_deployed(Deployed(NEW, Progress.READY, now - 30)),
            "store.autocrane.io/data": "prices",
            "status.autocrane.io/disk": "error/2026-01-01T00:00:00Z/full",
        },
    )
    failed = Deployed(OLD, Progress.FAILED, now - 600, "no space\u202e left")
    a_pod(
        api,
        namespace,
        "two",
        {
            "store.autocrane.io/data": "routes",
            "request.data.autocrane.io/routes": asked,
            "status.data.autocrane.io/routes": write_deployed(failed),
        },
    )
    a_pod(api, namespace, "three", {})
    rows = plugin("data", "pods", "routes", "--no-headers").rows
    assert [row[:6] for row in rows] == [
        ["one", "routes", "cfg", "6740b5d0-fedcba98", "6740b5d0-fedcba98", "ready"],
        ["two", "routes", "routes", "6740b5d0-fedcba98", "6740a1b2-01234567", "failed"],
    ]
    assert rows[0][7:] == ["watchdog", "disk"]
    assert [row[:4] for row in plugin("data", "pods").rows[1:]] == [
        ["one", "prices", "prices", "-"],
        ["one", "routes", "cfg", "6740b5d0-fedcba98"],
        ["two", "routes", "routes", "6740b5d0-fedcba98"],
    ]
    assert "no space  left" in plugin("data", "pods", "routes", "-o", "wide").out
    document = json.loads(plugin("data", "pods", "routes", "-o", "json").out)["pods"]
    assert document[0]["request"]["sha256"] == "B" * 64
    assert (document[1]["deployed"]["state"], document[1]["failing"]) == ("failed", None)


def test_watch_prints_a_line_for_each_change(api: Api, three: str, plugin: Plugin) -> None:
    with plugin.running("data", "--watch") as process:
        assert process.stdout is not None
        first = [process.stdout.readline().split() for _ in range(4)]
        assert {row[0] for row in first} == {"SOURCE", "Rules", "prices", "routes"}
        put(api, three, "prices", bodies.rolling_back(time.time()))
        changed = process.stdout.readline().split()
        assert changed[:2] == ["prices", "RollingBack"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_the_shell_offers_sources_and_versions(three: str, plugin: Plugin) -> None:
    def offered(*typed: str) -> list[str]:
        program = ["kubectl_complete-kubervisor", f"--namespace={three}", *typed]
        return plugin.run(program).lines[:-1]

    assert offered("data", "p") == ["pods", "pause", "pin"]
    assert offered("data", "pause", "") == ["Rules", "prices", "routes"]
    (version,) = offered("data", "pin", "prices", "")
    assert plugin("data", "pin", "prices", version).err == ""
    assert offered("data", "pause", "prices", "") == []


def kubervisor(cluster: LocalCluster, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kubervisor", "data", "status", *words]
    return subprocess.run(
        [*command, f"--kubeconfig={cluster.kubeconfig}"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_own_command_tells_scripts_the_same(three: str, taught: LocalCluster) -> None:
    table = kubervisor(taught, "-n", three)
    assert table.returncode == 0, table.stderr
    rows = [line.split() for line in table.stdout.splitlines()]
    assert rows[0][:3] == ["NAMESPACE", "SOURCE", "PHASE"]
    assert [row[1:3] for row in rows[1:]] == [
        ["prices", "Settled"],
        ["routes", "RollingOut"],
        ["Rules", "Settled"],
    ]
    assert rows[2][6:8] == ["50%", "5/10"]
    documents = json.loads(kubervisor(taught, "-A", "-o", "json").stdout)["rollouts"]
    routes = next(
        one for one in documents if (one["namespace"], one["source"]) == (three, "routes")
    )
    assert routes["status"]["stage"]["percent"] == 50
    assert routes["status"]["policy"]["stages"] == [25, 50, 100]
    assert kubervisor(taught, "-A", "-n", three).returncode == 2
