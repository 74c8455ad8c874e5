"""`kubervisor watchdog get` and `post` on a real API server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from kubervisor import instants
from kubervisor.cli import main
from kubervisor.errors import Conflict, NotFound
from kubervisor.kube import noted_pods
from kubervisor.kube.client import connect
from kubervisor.kube.noted_pods import post_status
from kubervisor.traffic.watchdogs import HEALTH, WatchdogStatus
from playground.cluster import LocalCluster
from playground.fault_answers import Fault, commits_and_cuts, cuts
from playground.faultproxy import FaultProxy, asks
from playground.fleet_api import Api, Json
from tests.kube.scripted import Exchange, ScriptedServer

STATUS, EXPIRY, PROBE = (f"{word}.autocrane.io/" for word in ("status", "expiry", "probe"))
OTHERS = {"team": "shop", f"{PROBE}disk": "POD_IP:8080/watchdog"}
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


class Posted:
    """A pod of the test's, and the commands run on it."""

    def __init__(self, cluster: LocalCluster, api: Api, namespace: str) -> None:
        self.api, self.namespace = api, namespace
        self.path = f"/api/v1/namespaces/{namespace}/pods/cart-1"
        self.common = (f"--kubeconfig={cluster.kubeconfig}", "-n", namespace, "--pod=cart-1")
        self._make()

    def post(self, name: str, level: str, message: str, *more: str) -> Result:
        words = (f"--name={name}", f"--level={level}", f"--message={message}")
        done = CliRunner().invoke(main, ["watchdog", "post", *self.common, *words, *more])
        assert done.exit_code == 0, done.output
        return done

    def get(self, *flags: str) -> str:
        done = CliRunner().invoke(main, ["watchdog", "get", *self.common, *flags])
        assert done.exit_code == 0, done.output
        return done.stdout

    def meta(self) -> Json:
        found: Json = self.api.get(self.path)["metadata"]
        return found

    def notes(self) -> dict[str, str]:
        """Its annotations but those it had from the beginning."""
        found = self.meta()["annotations"]
        return {key: text for key, text in found.items() if key not in OTHERS}

    def label(self) -> str | None:
        found: dict[str, str] = self.meta()["labels"]
        return found.get(HEALTH)

    def annotate(self, **notes: str) -> None:
        """Write as another program would: `status_disk` stands for the status of `disk`."""
        keys = {name.replace("_", ".autocrane.io/", 1): text for name, text in notes.items()}
        self.api.merge(self.path, {"metadata": {"annotations": keys}})

    def _make(self) -> None:
        spec = {
            "containers": [{"name": "app", "image": "app"}],
            "schedulingGates": [{"name": "kubervisor/test"}],
            "terminationGracePeriodSeconds": 0,
        }
        metadata = {"name": "cart-1", "labels": {"app": "cart"}, "annotations": OTHERS}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        self.api.create(f"/api/v1/namespaces/{self.namespace}/pods", body)


@pytest.fixture
def pod(cluster: LocalCluster, namespace: str) -> Iterator[Posted]:
    with closing(Api(cluster.kubeconfig)) as api:
        yield Posted(cluster, api, namespace)


def test_a_post_writes_the_words_of_its_watchdog_and_the_label(pod: Posted) -> None:
    said = pod.post("cache", "error", "cannot refresh/stale")

    (key, text), *rest = pod.notes().items()
    assert (key, rest) == (f"{STATUS}cache", [])
    assert re.fullmatch(f"error/{INSTANT}/cannot refresh/stale", text)
    assert pod.meta()["labels"] == {"app": "cart", HEALTH: "error"}
    assert said.stdout == (
        f"pod {pod.namespace}/cart-1: watchdog cache says error; health is error\n"
    )


def test_a_post_in_autocranes_words(pod: Posted) -> None:
    arguments = (
        "postwatchdog",
        *(pod.common[0], f"--Pod:Namespace={pod.namespace}", "--Pod:Name=cart-1"),
        *("--Watchdog:Name=test", "--Watchdog:Level=Warning", "--Watchdog:Message=hi"),
    )
    done = CliRunner().invoke(main, list(arguments))

    assert done.exit_code == 0, done.output
    assert pod.notes()[f"{STATUS}test"].startswith("warning/")
    assert pod.label() == "warning"


def test_the_words_may_be_variables(pod: Posted) -> None:
    env = {"POD_NAME": "cart-1", "POD_NAMESPACE": pod.namespace}
    env |= {"Watchdog__Name": "mood", "Watchdog__Level": "INFO", "Watchdog__Message": "up"}
    done = CliRunner().invoke(main, ["watchdog", "post", pod.common[0]], env=env)

    assert done.exit_code == 0, done.output
    assert re.fullmatch(f"info/{INSTANT}/up", pod.notes()[f"{STATUS}mood"])


def test_the_label_is_the_worst_of_what_counts_now(pod: Posted) -> None:
    pod.annotate(status_old="error/2020-01-01T00:00:00/x", expiry_old="2020-01-02T00:00:00Z")
    pod.annotate(status_odd="Fatal/2020-01-01T00:00:00/x", status_none="error")
    pod.post("cache", "info", "well")
    assert pod.label() == "info"

    pod.annotate(status_other="Error/2020-01-01T00:00:00/x")
    pod.post("cache", "warning", "slow")
    assert pod.label() == "error"


def test_a_word_may_expire_and_the_next_one_may_not(pod: Posted) -> None:
    pod.post("cache", "error", "stale", "--expires=10m")
    at, expires = (instants.parse(one) for one in _instants(pod.notes(), "cache"))
    assert at is not None
    assert expires == at + 600

    pod.post("cache", "error", "stale")
    assert pod.notes().keys() == {f"{STATUS}cache"}


def _instants(notes: dict[str, str], name: str) -> tuple[str, str]:
    return notes[f"{STATUS}{name}"].split("/")[1], notes[f"{EXPIRY}{name}"]


def test_a_message_is_one_line_of_bounded_length(pod: Posted) -> None:
    pod.post("cache", "error", "one\ntwo\x1b[31m" + "x" * 10_000)

    message = pod.notes()[f"{STATUS}cache"].split("/", 2)[2]
    assert message.startswith("one two [31mxxx")
    assert len(message) == 1024


def test_no_word_is_lost_where_many_post_at_once(pod: Posted) -> None:
    """Each sums the label up from what it read, and another one's write must make it read anew."""
    names = [f"w{number}" for number in range(12)]

    def post(name: str) -> Result:
        return pod.post(name, "error" if name == "w7" else "info", "x")

    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(post, names))

    assert pod.notes().keys() == {f"{STATUS}{name}" for name in names}
    assert pod.label() == "error"


def test_the_lines_are_autocranes(pod: Posted) -> None:
    pod.annotate(status_b="Warning/2021-06-28T10:00:00/a/b", status_a="error/2021-06-28T10:00:00/")
    assert pod.get() == (
        "a,error,2021-06-28T10:00:00/\n"  # its own instants have no zone, and are left alone
        "b,Warning,2021-06-28T10:00:00/a/b\n"
    )


def test_a_pod_that_said_nothing_has_no_lines(pod: Posted) -> None:
    assert pod.get() == ""


@pytest.mark.parametrize(("form", "read"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_a_document_has_what_was_said_and_what_is_probed(
    pod: Posted, form: str, read: Callable[[str], Any]
) -> None:
    pod.annotate(
        status_cache="error/2021-06-28T10:00:00/stale", expiry_cache="2021-06-29T00:00:00Z"
    )
    pod.post("mood", "info", "fine")
    found = read(pod.get("-o", form))

    assert {key: found[key] for key in ("namespace", "pod", "health")} == {
        "namespace": pod.namespace,
        "pod": "cart-1",
        "health": "info",
    }
    nothing = {"at": None, "message": "", "expires": None, "expired": False, "probe": None}
    assert found["watchdogs"] == [
        {
            **nothing,
            "name": "cache",
            "level": "error",
            "at": "2021-06-28T10:00:00Z",
            "message": "stale",
            "expires": "2021-06-29T00:00:00Z",
            "expired": True,
        },
        {**nothing, "name": "disk", "level": None, "probe": OTHERS[f"{PROBE}disk"]},
        {
            **nothing,
            "name": "mood",
            "level": "info",
            "at": _instant(pod.notes(), "mood"),
            "message": "fine",
        },
    ]


def _instant(notes: dict[str, str], name: str) -> str:
    return notes[f"{STATUS}{name}"].split("/")[1]


def test_a_table_for_people(pod: Posted) -> None:
    pod.annotate(status_cache="error/2021-06-28T10:00:00/stale\u202e and so on")
    assert [line.split() for line in pod.get("-o", "wide").splitlines()] == [
        ["NAME", "LEVEL", "SAID", "EXPIRES", "PROBE", "MESSAGE"],
        ["cache", "error", "2021-06-28T10:00:00Z", "-", "-", "stale", "and", "so", "on"],
        ["disk", "-", "-", "-", OTHERS[f"{PROBE}disk"], "-"],
    ]


@pytest.mark.parametrize("command", [("get",), ("post", "--name=a", "--level=info", "--message=")])
def test_a_pod_that_is_not_there_is_told(pod: Posted, command: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, ["watchdog", *command, *pod.common, "--pod=cart-2"])
    assert done.exit_code == 1
    assert f"get pods/cart-2 in namespace {pod.namespace}" in done.stderr


def _pod(uid: str, version: str) -> Json:
    return {
        "metadata": {"name": "cart-1", "namespace": "shop", "uid": uid, "resourceVersion": version}
    }


def test_a_post_is_not_written_on_another_pod_of_the_name() -> None:
    """One that replaced it between reading and writing, as in a StatefulSet."""
    with ScriptedServer() as server, closing(server.api()) as api:

        def script(exchange: Exchange) -> None:
            if exchange.asked.method == "PATCH":
                exchange.answer(409, {"message": "the object has been modified"})
            else:
                exchange.answer(200, _pod(f"u{len(server.asked)}", "1"))

        server.script = script
        with pytest.raises(NotFound, match="replaced by another"):
            post_status(api, "shop", "cart-1", WatchdogStatus("a", "info", 0.0))
        assert [one.method for one in server.asked] == ["GET", "PATCH", "GET"]
        sent = json.loads(server.asked[1].body)["metadata"]
        assert (sent["uid"], sent["resourceVersion"]) == ("u1", "1")


def test_a_pod_that_changes_all_the_time_ends_a_post() -> None:
    with ScriptedServer() as server, closing(server.api()) as api:
        server.script = lambda exchange: exchange.answer(
            *((409, {}) if exchange.asked.method == "PATCH" else (200, _pod("u1", "1")))
        )
        waits: list[float] = []
        with pytest.raises(Conflict):
            post_status(api, "shop", "cart-1", WatchdogStatus("a", "info", 0.0), wait=waits.append)
        assert len(waits) == noted_pods.ATTEMPTS


def test_a_uid_of_another_pod_is_refused_by_the_api_server(
    cluster: LocalCluster, pod: Posted
) -> None:
    """What the precondition rests on."""
    with closing(connect(str(cluster.kubeconfig), user_agent="tests")) as api:
        body = {"metadata": {"uid": "another", "annotations": {f"{STATUS}a": "error//"}}}
        kind = "application/merge-patch+json"
        with pytest.raises(Conflict):
            api.request("PATCH", pod.path, body=body, content_type=kind)
    assert pod.notes() == {}


@pytest.mark.parametrize("fault", [commits_and_cuts, cuts], ids=["after", "before"])
def test_a_post_whose_answer_is_lost_fails_and_may_be_repeated(
    cluster: LocalCluster, pod: Posted, fault: Fault
) -> None:
    with FaultProxy(cluster) as proxy:
        pod.common = (f"--kubeconfig={proxy.kubeconfig}", *pod.common[1:])
        words = ("--name=a", "--level=error", "--message=x")
        with proxy.rule(asks("patch", "pods"), fault, times=1):
            done = CliRunner().invoke(main, ["watchdog", "post", *pod.common, *words])
            assert done.exit_code == 1
            assert f"patch pods/cart-1 in namespace {pod.namespace}" in done.stderr
        pod.post("a", "error", "x")
    assert (list(pod.notes()), pod.label()) == ([f"{STATUS}a"], "error")
