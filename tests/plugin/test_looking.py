"""status, pods, explain: what a user sees, by the real kubectl, of a real controller's work."""

from __future__ import annotations

import json
import re
import signal

import yaml

from playground.fleet import Fleet
from tests.e2e.scene import FOREVER, WITHIN, Scene
from tests.plugin.conftest import Plugin


def one_out(scene: Scene) -> Fleet:
    """A fleet of four, one of it ejected for long."""
    scene.controller()
    fleet = scene.fleet(4)
    scene.detector.outliers(fleet.pods()[0])
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")
    scene.wait_status(lambda s: s.get("fleet", {}).get("ejected") == 1, "the status tells it")
    return fleet


def told(text: str) -> str:
    """What was printed, without what differs from run to run."""
    text = re.sub(r"shop-[0-9a-f]+-[a-z0-9]{5}", "POD", text)
    text = re.sub(r"test-[0-9a-f]{8}", "NS", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "INSTANT", text)
    text = re.sub(r"\b(?:\d+m)?\d+s\b|\b\d+m\b", "AGE", text)
    return "\n".join(re.sub(r" {2,}", "  ", line) for line in text.splitlines())


def test_what_it_prints_reads_like_this(scene: Scene, plugin: Plugin) -> None:
    fleet = one_out(scene)
    out = fleet.out()[0].name
    assert told(plugin().out) == (
        "NAME  READY  SERVING  EJECTED  PAUSED  FLOOR  MAY-EJECT  STATE  AGE\n"
        "shop  True  3/4  1  0  2  1  Guarding  AGE"
    )
    assert told(plugin("status", "shop").out) == (
        "Name:  NS/shop\n"
        "Service:  shop\n"
        "Breakers:  oracle\n"
        "State:  Guarding\n"
        "Budget:  3 of 4 serving, floor 2: may eject 1\n"
        "\n"
        "AGO  ACTION  POD  BREAKER  WHY\n"
        "AGE  Ejected  POD  oracle  named by ADDRESS; 4 of 4 serving, floor 2: may eject 2; "
        "out for 600 s"
    )
    assert told(plugin("pods", "shop").out) == (
        "NAME  READY  TRAFFIC  SINCE  BACK-IN  BREAKER  EJECTIONS  REASON  HEALTH\n"
        "POD  yes  ejected  AGE  AGE  oracle  1  Outlier  -\n"
        "POD  yes  serving  -  -  -  0  -  -\n"
        "POD  yes  serving  -  -  -  0  -  -\n"
        "POD  yes  serving  -  -  -  0  -  -"
    )
    assert told(plugin("explain", out).out) == (
        "Pod NS/POD was ejected by breaker oracle AGE ago and returns in AGE.\n"
        "\n"
        "Guarded by:  NS/shop: Guarding\n"
        "Reason:  Outlier\n"
        "Evidence:  named by ADDRESS\n"
        "Budget then:  4 of 4 serving, floor 2: may eject 2; out for 600 s\n"
        "Ejected at:  INSTANT\n"
        "Back at:  INSTANT\n"
        "In a row:  1\n"
        "Budget now:  3 of 4 serving, floor 2: may eject 1\n"
        "Return it by:  kubectl kubervisor return POD -n NS\n"
        "\n"
        "TIME  AGO  WHAT  WHY\n"
        "INSTANT  AGE  Ejected  named by ADDRESS; 4 of 4 serving, floor 2: may eject 2; "
        "out for 600 s"
    )
    assert told(plugin("explain", fleet.serving()[0].name).out) == (
        "Pod NS/POD is in traffic.\n"
        "\n"
        "Guarded by:  NS/shop: Guarding\n"
        "Why not ejected:  no breaker calls it an outlier, as far as is recorded\n"
        "Budget now:  3 of 4 serving, floor 2: may eject 1"
    )


def test_the_forms_of_an_answer(scene: Scene, plugin: Plugin) -> None:
    fleet = one_out(scene)
    (body,) = json.loads(plugin("-o", "json").out)["items"]
    assert body["metadata"]["name"] == "shop"
    assert yaml.safe_load(plugin("status", "shop", "-o", "yaml").out)["kind"] == "KubervisorService"
    assert plugin("-k", "shop", "-o", "name").lines == ["kubervisorservice.kubervisor.k8s.io/shop"]
    assert plugin("--no-headers").rows[0][:3] == ["shop", "True", "3/4"]
    assert "BREAKERS" in plugin("-o", "wide").lines[0]
    assert plugin("-l", "team=none").err.startswith("No resources found")
    everywhere = plugin.anywhere("-A", "--no-headers")
    assert [scene.namespace, "shop"] in [row[:2] for row in everywhere.rows]

    names = {f"pod/{pod.name}" for pod in fleet.pods()}
    assert set(plugin("pods", "shop", "-o", "name").lines) == names
    only = plugin("pods", "shop", "-l", "kubervisor/traffic=no", "-o", "name").lines
    assert only == [f"pod/{fleet.out()[0].name}"]
    assert plugin("pods", "shop", "-o", "wide").rows[1][9] == "node-0"
    assert json.loads(plugin("pods", "shop", "-o", "json").out)["kind"] == "List"


def test_what_is_not_there_is_told_as_kubectl_tells_it(scene: Scene, plugin: Plugin) -> None:
    scene.fleet(1)
    assert "No resources found" in plugin().err
    for words in (("status", "nope"), ("pods", "nope"), ("explain", "nope"), ("pause", "nope")):
        assert plugin(*words, code=1).err.startswith("Error from server (NotFound)")
    lost = plugin("--kubeconfig=/no/such/file", code=1)
    assert lost.err.startswith("error: ")
    nowhere = plugin("--context=nowhere", code=1)
    assert 'context "nowhere" does not exist' in nowhere.err


def test_status_of_one_that_is_not_ready_ends_with_1_and_says_why(
    scene: Scene, plugin: Plugin
) -> None:
    scene.controller()
    scene.guard(scene.breaker(), service="absent")
    scene.wait_condition("Ready", "False")
    said = plugin("status", "shop", code=1).out
    assert "ServiceNotFound: Service" in next(
        x for x in said.splitlines() if x.startswith("State:")
    )
    assert plugin("status").rows[1][-2] == "ServiceNotFound"


def test_hostile_text_stays_text(scene: Scene, plugin: Plugin) -> None:
    fleet = scene.fleet(2)
    pod = fleet.pods()[0]
    scene.observer.expect_by_hand(pod)
    scene.guard(scene.breaker())
    fleet.label(pod, "kubervisor/traffic", "no")
    fleet.annotate(pod, "kubervisor/evidence", "\x1b[2J\x9b31m\u202eevil\nline")
    fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "one pod is out")
    for words in (("pods", "shop", "-o", "wide"), ("explain", pod.name)):
        said = plugin(*words)
        assert "\x9b" not in said.out
        assert "\u202e" not in said.out
    # As YAML, kubectl itself refuses to print such a pod.
    (body, *_) = json.loads(plugin("pods", "shop", "-o", "json").out)["items"]
    assert "\x9b" in body["metadata"]["annotations"]["kubervisor/evidence"]
    assert "\x9b" not in plugin("pods", "shop", "-o", "json").out


class TestWatch:
    """status --watch, with and without a time."""

    def test_it_ends_with_0_as_soon_as_all_are_ready(self, scene: Scene, plugin: Plugin) -> None:
        scene.fleet(2)
        scene.guard(scene.breaker())
        with plugin.running("status", "shop", "--watch", "--timeout=60s") as waiting:
            assert waiting.stdout is not None
            assert waiting.stderr is not None
            # A controller may be quicker to start than a look.
            first = [waiting.stdout.readline() for _ in range(2)]
            scene.controller()
            lines = [*first, *waiting.stdout]
            err = waiting.stderr.read()
            code = waiting.wait(60)
        assert (code, err) == (0, "")
        rows = [line.split() for line in lines]
        assert rows[0][:2] == ["NAME", "READY"]
        assert rows[1][:2] == ["shop", "Unknown"]
        assert rows[-1][:2] == ["shop", "True"]

    def test_it_ends_with_1_where_the_time_is_over(self, scene: Scene, plugin: Plugin) -> None:
        scene.guard(scene.breaker())
        # As long as kubectl may take to start.
        said = plugin("status", "-w", "--timeout=5s", code=1)
        assert said.err == "error: timed out after 5s: not Ready: shop\n"

    def test_one_that_is_not_there_is_not_waited_for(self, scene: Scene, plugin: Plugin) -> None:
        said = plugin("status", "nope", "--watch", "--timeout=60s", code=1)
        assert said.err.startswith("Error from server (NotFound)")

    def test_without_a_time_it_follows_until_interrupted(
        self, scene: Scene, plugin: Plugin
    ) -> None:
        scene.controller()
        scene.fleet(2)
        scene.guard(scene.breaker())
        scene.wait_condition("Ready")
        with plugin.running("-w", "--no-headers") as following:
            assert following.stdout is not None
            assert following.stdout.readline().split()[:2] == ["shop", "True"]
            plugin("pause", "shop")
            while "Paused" not in (line := following.stdout.readline()):
                assert line
            following.send_signal(signal.SIGINT)
            _, err = following.communicate(timeout=30)
        assert "Traceback" not in err
        assert following.returncode in (130, -signal.SIGINT)


def test_pods_can_be_followed_through_an_ejection(scene: Scene, plugin: Plugin) -> None:
    scene.controller()
    fleet = scene.fleet(3)
    scene.guard(scene.breaker(minPodsAvailableRatio=50), defaultActivator={"period": FOREVER})
    scene.wait_condition("Ready")
    outlier = fleet.pods()[0]
    with plugin.running("pods", "shop", "--watch") as following:
        assert following.stdout is not None
        assert following.stdout.readline().split()[:3] == ["NAME", "READY", "TRAFFIC"]
        first = {tuple(following.stdout.readline().split()[:3]) for _ in range(3)}
        assert first == {(pod.name, "yes", "serving") for pod in fleet.pods()}
        scene.detector.outliers(outlier)
        while (line := following.stdout.readline().split())[2] != "ejected":
            assert line
        assert line[0] == outlier.name


def test_the_shell_completes_names(scene: Scene, plugin: Plugin) -> None:
    fleet = scene.fleet(2)
    scene.guard(scene.breaker())
    space = f"--namespace={scene.namespace}"

    def offered(*typed: str) -> list[str]:
        answer = plugin.run(["kubectl_complete-kubervisor", space, *typed])
        assert (answer.code, answer.err) == (0, "")
        assert answer.lines[-1] == ":4"
        return answer.lines[:-1]

    assert offered("pods", "") == ["shop"]
    assert offered("enable", "s") == ["shop"]
    assert offered("explain", "shop-") == [pod.name for pod in fleet.pods()]
    assert offered("return", "") == []
    assert scene.namespace in offered("pods", "-n", "test-")
    assert "explain" in plugin.run(["kubectl", "__complete", "kubervisor", "ex"]).out
