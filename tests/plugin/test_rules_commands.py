"""`kubectl kubervisor rules …`, `approvals`, `approve`, `decline` and `kubervisor rules status` on
a real API server, of objects as the controller writes them.
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

from kubectl_kubervisor.approving import answer_exactly
from kubectl_kubervisor.errors import Stop
from kubectl_kubervisor.flags import Line
from kubectl_kubervisor.kubectl import Kubectl
from kubectl_kubervisor.rules_listing import approval_named
from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from tests import rule_bodies as bodies
from tests.plugin.conftest import Plugin

APPROVAL = "resize-data-1"


@pytest.fixture
def api(taught: LocalCluster) -> Iterator[Api]:
    with closing(Api(taught.kubeconfig)) as api:
        yield api


@pytest.fixture
def rule(api: Api, namespace: str) -> Iterator[str]:
    """A rule of its own for each test: rules are in no namespace. It stands about three claims."""
    now, name = time.time(), f"resize-{namespace}"
    bodies.put(api, bodies.a_rule(name, now, enforcement="approvalRequired"))
    for claim, status in (
        ("data-0", bodies.normal(now)),
        ("data-1", bodies.awaiting(now, APPROVAL)),
        ("data-2", bodies.declined(now)),
    ):
        bodies.put(api, bodies.an_object(name, claim, status), namespace)
    bodies.put(api, bodies.an_approval(APPROVAL, name, now), namespace)
    yield name
    api.delete(f"{bodies.GROUP}/autopilotrules/{name}")


def stored(api: Api, namespace: str, name: str = APPROVAL) -> Json:
    return api.get(f"{bodies.GROUP}/namespaces/{namespace}/actionapprovals/{name}")


def test_the_table_tells_of_every_rule(rule: str, plugin: Plugin) -> None:
    headers, *rows = plugin("rules").rows
    assert headers[:3] == ["RULE", "READY", "REASON"]
    (mine,) = (row for row in rows if row[0] == rule)
    assert mine[1:8] == ["True", "Following", "-", "volume/resize", "2", "1", "0"]
    wide = plugin("rules", "status", "-o", "wide")
    assert "CONDITION" in wide.lines[0]
    (name,) = plugin("rules", "status", rule, "-o", "name").lines
    assert name == f"autopilotrule.autopilot.libopenstorage.org/{rule}"
    told = plugin("rules", "status", rule).out
    assert re.search(r"Action: +openstorage.io.action.volume/resize", told)
    assert "ActionAwaitingApproval" in told


def test_a_rule_that_is_not_ready_ends_with_1(api: Api, namespace: str, plugin: Plugin) -> None:
    name = f"wrong-{namespace}"
    bodies.put(api, bodies.a_rule(name, time.time(), ready="False"))
    try:
        told = plugin("rules", "status", name, code=1).out
        assert "SpecInvalid" in told
        assert "\u202e" not in told
    finally:
        api.delete(f"{bodies.GROUP}/autopilotrules/{name}")


def test_the_objects_of_a_rule_are_told_by_their_state(
    rule: str, namespace: str, plugin: Plugin
) -> None:
    rows = plugin("rules", "objects", rule, "--no-headers").rows
    assert [row[1:3] for row in rows] == [
        ["pvc/data-0", "Normal"],
        ["pvc/data-1", "ActionAwaitingApproval"],
        ["pvc/data-2", "ActionsDeclined"],
    ]
    everywhere = plugin.anywhere("rules", "objects", rule, "-A", "--no-headers").rows
    assert {row[0] for row in everywhere} == {namespace}
    items = json.loads(plugin("rules", "objects", rule, "-o", "json").out)["items"]
    assert len(items) == 3


def test_an_object_is_explained_with_what_a_person_can_do(
    rule: str, namespace: str, plugin: Plugin
) -> None:
    told = plugin("rules", "explain", "data-1").out
    assert told.startswith(f"Rule {rule} about PersistentVolumeClaim {namespace}/data-1: Action")
    assert re.search(r"Would do: +volume/resize: resize from 10Gi to 20Gi", told)
    assert f"kubectl kubervisor approve {APPROVAL} -n {namespace}" in told
    hostile = plugin("rules", "explain", "data-2").out
    assert "<img src=x onerror=window.owned=1>" in hostile
    assert "\u202e" not in hostile
    nobody = plugin("rules", "explain", "data-9", code=1).err
    assert nobody.startswith('error: no rule stands anywhere about an object "data-9" here')


@pytest.mark.usefixtures("rule")
def test_an_approval_is_shown_and_given_once(api: Api, namespace: str, plugin: Plugin) -> None:
    (row,) = plugin("approvals", "--no-headers").rows
    assert (row[0], row[2]) == (APPROVAL, "pending")
    tried = plugin("approve", APPROVAL, "--dry-run").out
    assert tried.endswith(f"actionapproval/{APPROVAL} approved (server dry run)\n")
    assert stored(api, namespace)["spec"]["approvalState"] == "pending"
    told = plugin("approve", APPROVAL).out
    assert re.search(r"Asked by: +rule resize-", told)
    assert re.search(r"Would do: +volume/resize .*: resize from 10Gi to 20Gi", told)
    assert re.search(r"Involved: +PersistentVolumeClaim shop/data-0", told)
    assert told.endswith(f"actionapproval/{APPROVAL} approved\n")
    assert stored(api, namespace)["spec"]["approvalState"] == "approved"
    assert plugin("approve", APPROVAL).out.endswith("is approved already\n")
    assert plugin("decline", APPROVAL).out.endswith("declined\n")
    refused = plugin("approve", APPROVAL, code=1).err
    assert refused.startswith("error: it is declined; the rule asks anew once it is deleted")


@pytest.mark.usefixtures("rule")
def test_what_has_changed_since_it_was_shown_is_not_approved(
    api: Api, taught: LocalCluster, namespace: str, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{taught.binaries}:/usr/bin:/bin")
    line = Line((), {"namespace": namespace, "kubeconfig": str(taught.kubeconfig)})
    kubectl = Kubectl(line)
    shown = approval_named(kubectl, APPROVAL)
    path = f"{bodies.GROUP}/namespaces/{namespace}/actionapprovals/{APPROVAL}"
    api.merge(f"{path}/status", {"status": bodies.asked("resize", time.time(), to="40Gi")})
    with pytest.raises(Stop, match="has changed since it was shown"):
        answer_exactly(kubectl, shown, "approved")
    assert stored(api, namespace)["spec"]["approvalState"] == "pending"
    assert "to 40Gi" in plugin("approve", APPROVAL).out


def test_one_that_says_nothing_yet_is_not_approved(
    api: Api, namespace: str, plugin: Plugin
) -> None:
    young = bodies.an_approval("young", "resize", time.time())
    bodies.put(api, {**young, "status": {}}, namespace)
    assert "does not say yet what would be done" in plugin("approve", "young", code=1).err
    assert plugin("decline", "young").out.endswith("actionapproval/young declined\n")


def test_what_is_not_there_is_said(plugin: Plugin) -> None:
    assert plugin("approvals").err.startswith("No resources found")
    assert plugin("rules", "objects").err.startswith("No resources found")
    assert plugin("approve", "none", code=1).err.startswith('error: no ActionApproval "none" here')
    assert plugin("rules", "status", "none", code=1).err.startswith(
        'error: no AutopilotRule "none"'
    )


def test_watch_prints_a_line_for_each_change(
    api: Api, rule: str, namespace: str, plugin: Plugin
) -> None:
    with plugin.running("rules", "objects", rule, "--watch") as process:
        assert process.stdout is not None
        first = [process.stdout.readline().split() for _ in range(4)]
        assert {row[1] for row in first} == {"OBJECT", "pvc/data-0", "pvc/data-1", "pvc/data-2"}
        path = (
            f"{bodies.GROUP}/namespaces/{namespace}/autopilotruleobjects/{rule}-pvc-uid-of-data-0"
        )
        api.merge(f"{path}/status", {"status": bodies.awaiting(time.time(), "x")})
        changed = process.stdout.readline().split()
        assert changed[1:3] == ["pvc/data-0", "ActionAwaitingApproval"]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_the_shell_offers_rules_objects_and_approvals(
    rule: str, namespace: str, plugin: Plugin
) -> None:
    def offered(*typed: str) -> list[str]:
        program = ["kubectl_complete-kubervisor", f"--namespace={namespace}", *typed]
        return plugin.run(program).lines[:-1]

    assert offered("rules", "") == ["status", "objects", "explain"]
    assert rule in offered("rules", "objects", "")
    assert offered("rules", "explain", "data-") == ["data-0", "data-1", "data-2"]
    assert offered("approve", "") == offered("decline", "") == [APPROVAL]


def test_the_own_command_tells_scripts_the_same(
    rule: str, namespace: str, taught: LocalCluster
) -> None:
    def run(*words: str) -> str:
        command = [sys.executable, "-m", "kubervisor", "rules", "status", *words]
        done = subprocess.run(
            [*command, f"--kubeconfig={taught.kubeconfig}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    of_rules, of_objects = run("-n", namespace).split("\n\n")
    assert any(line.split()[:3] == [rule, "True", "Following"] for line in of_rules.splitlines())
    rows = [line.split() for line in of_objects.splitlines()]
    assert rows[0][:4] == ["NAMESPACE", "RULE", "KIND", "OBJECT"]
    assert [row[3:5] for row in rows[1:]] == [
        ["data-0", "Normal"],
        ["data-1", "ActionAwaitingApproval"],
        ["data-2", "ActionsDeclined"],
    ]
    document = json.loads(run("-n", namespace, "-o", "json"))
    assert {one["rule"] for one in document["objects"]} == {rule}
