"""What sources, specs and people write never moves a cursor, and tells no secret.

Logs, conditions, Events, annotations and the command line are read in terminals.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.api.status import Condition, Recent
from kubervisor.cli import main
from kubervisor.kube.text import one_line
from kubervisor.sources.http import excerpt
from kubervisor.telemetry.logs import _OneLine, printable
from kubervisor.text import printable as printable_text
from playground.cluster import LocalCluster
from playground.controller import Controller
from playground.detector_http import says
from playground.detector_prometheus import PrometheusStandIn, failure, vector
from playground.fleet_api import Api
from tests.e2e.scene import WITHIN, Scene
from tests.integration.specs import discrete
from tests.namespaces import fresh_namespace

RED = "\x1b[31m\x9b0m\u202e\u2066\u200b\r\n\x00\x07"
SECRET = "hunter2"
TOKEN = f"Bearer {SECRET}"
BODY = f"{RED}<html>{TOKEN}{RED}</html>"


def is_clean(text: str) -> bool:
    """Whether a terminal shows it as it is, on one line."""
    return printable_text(text) == text and SECRET not in text


@given(st.text() | st.text(alphabet=RED + "ab"))
def test_no_text_gets_past_any_of_the_doors(text: str) -> None:
    for made in (one_line(text, 100), printable(text), excerpt(text)):
        assert printable_text(made) == made
    at = "1970-01-01T00:00:00Z"
    condition = Condition(
        type="T", status="True", reason="R", message=text, last_transition_time=at
    )
    recent = Recent(
        time=at, action="A", pod="p", pod_uid="u", breaker=None, reason="R", evidence=text
    )
    for shown in (condition.message, recent.evidence):
        assert printable_text(shown or "") == (shown or "")


def test_what_libraries_log_stays_on_its_line() -> None:
    record = logging.LogRecord("urllib3", logging.ERROR, "", 1, "said %s", (RED,), None)

    assert is_clean(_OneLine("%(name)s: %(message)s").format(record))


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_log_line_is_one_line_whatever_is_in_it(form: str) -> None:
    program = (
        "import sys; from kubervisor.telemetry import logs;"
        f"logs.set_up(level='info', form={form!r}); log = logs.get('x');"
        "hostile = sys.argv[1].encode().decode('unicode_escape');"
        "log.info('said ' + hostile, said=hostile)\n"
        "try: raise ValueError(hostile)\n"
        "except ValueError: log.error('failed', exc_info=True)"
    )
    hostile = RED.encode("unicode_escape").decode()
    done = subprocess.run(
        [sys.executable, "-c", program, hostile], capture_output=True, text=True, check=True
    )
    first, *rest = done.stderr.removesuffix("\n").split("\n")
    # The console's own colours are no one's to forge.
    for line in (first, *rest):
        bare = line if form == "json" else _without_colours(line)
        assert printable_text(bare) == bare
    if form == "json":
        assert len(rest) == 1
        assert is_clean(json.loads(first)["said"])


def _without_colours(line: str) -> str:
    for code in range(100):
        line = line.replace(f"\x1b[{code}m", "")
    return line


class Stage:
    """A controller, a fleet, and a Prometheus that says what it should not."""

    def __init__(self, cluster: LocalCluster, admin: Api, stack: ExitStack, folder: Path) -> None:
        self.scene = stack.enter_context(Scene(cluster, fresh_namespace(admin)))
        self.source = stack.enter_context(PrometheusStandIn())
        config = folder / "config.yaml"
        config.write_text(
            json.dumps(
                {
                    "sources": [
                        {
                            "name": "main",
                            "url": self.source.url,
                            "tenantHeader": {"name": "X-Scope-OrgID", "value": SECRET},
                            "namespaces": [self.scene.namespace],
                        },
                        {"name": "theirs", "url": self.source.url, "namespaces": ["theirs"]},
                    ],
                    "minFloorPercent": 50,
                    "minEvaluationPeriod": 0.2,
                }
            )
        )
        own = f"{self.scene.namespace}"
        flags = (f"--config={config}", f"--namespace={own}", f"--lease-namespace={own}")
        self.controller = Controller(cluster.kubeconfig, *flags, "--no-register-crds")
        stack.enter_context(self.controller)
        self.fleet = self.scene.fleet(4)

    def guard(self, **detector: Any) -> None:
        """A KubervisorService that asks the named source."""
        breaker = discrete("unused", period=0.1)
        judges = breaker["discreteValueOutOfList"]
        del judges["prometheusService"]
        judges |= {"source": "main"} | detector
        self.scene.guard(breaker, defaultActivator={"period": 600})

    def condition(self, kind: str, reason: str) -> str:
        """The message of a condition once it has that reason."""

        def found(status: dict[str, Any]) -> list[str]:
            return [
                one["message"]
                for one in status.get("conditions", ())
                if (one["type"], one["reason"]) == (kind, reason)
            ]

        return found(self.scene.wait_status(found, f"{kind} is {reason}"))[0]

    def everything_printed(self) -> Iterator[str]:
        """Status, Events, annotations and log lines, as far as they are there by now."""
        scene = self.scene
        own = f"/apis/kubervisor.k8s.io/v1alpha1/namespaces/{scene.namespace}/kubervisorservices"
        yield from _texts(scene.api.get(f"{own}/shop").get("status", {}))
        events = scene.api.get(f"/apis/events.k8s.io/v1/namespaces/{scene.namespace}/events")
        yield from (event.get("note", "") for event in events["items"])
        for pod in scene.api.get(f"/api/v1/namespaces/{scene.namespace}/pods")["items"]:
            yield from pod["metadata"].get("annotations", {}).values()
        for line in self.controller.lines():
            yield from _texts(line)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in (*value.keys(), *value.values()):
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


@pytest.fixture(scope="module")
def stage(
    cluster: LocalCluster, admin: Api, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(cluster, admin, stack, tmp_path_factory.mktemp("config"))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(failure(RED, BODY), "SourceRejected", id="an error that echoes our token"),
        pytest.param(says(BODY), "SourceAnswerUnusable", id="a page"),
        pytest.param(says(BODY, status=401), "SourceRejected", id="a refusal"),
        pytest.param(says(BODY, status=500), "SourceUnavailable", id="a failure"),
        pytest.param(vector([], warnings=[BODY]), "SourceAnswerUnusable", id="a warning"),
    ],
)
def test_what_a_source_says_is_printable_and_keeps_our_secrets(
    answer: Any, reason: str, stage: Stage
) -> None:
    stage.source.answer = answer
    stage.guard()
    stage.condition("SourcesAvailable", reason)

    dirty = [text for text in stage.everything_printed() if not is_clean(text)]
    assert dirty == []


def test_what_a_spec_says_is_printable_in_evidence(stage: Stage) -> None:
    key = f"code{RED}"
    pod = stage.fleet.pods()[0]
    labels = {"namespace": pod.namespace, "pod": pod.name, key: f"5{RED}"}
    stage.source.answer = vector([(labels, 100)])
    stage.guard(key=key, badValues=[f"5{RED}"])
    stage.fleet.wait(lambda f: len(f.out()) == 1, WITHIN, "it is out")
    stage.scene.wait_status(lambda s: s.get("recent"), "it is recorded")
    stage.scene.observer.wait(lambda o: o.events("PodEjected"), WITHIN, "an Event tells of it")

    texts = list(stage.everything_printed())
    assert any("samples have code" in text for text in texts)
    assert [text for text in texts if not is_clean(text)] == []


def test_the_bounds_hold_and_are_said(stage: Stage) -> None:
    stage.source.answer = vector(())
    stage.guard()
    said = stage.condition("Ready", "Guarding")

    assert "50 % keep serving (codes); evaluated every 0.2 s (codes)" in said
    status = stage.scene.wait_status(lambda s: s.get("fleet", {}).get("floor") == 2, "the floor")
    assert status["fleet"]["members"] == 4


def test_another_namespaces_source_is_not_there(stage: Stage) -> None:
    stage.guard(source="theirs")
    said = stage.condition("SourcesAvailable", "SourceNotAllowed")

    assert "named 'theirs'" in said
    assert "configured: main." in said


def test_the_command_line_prints_no_control_characters(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(f"users: [{{name: a, user: {{token: {SECRET}}}}}]\nclusters: !!x [\x07")
    for args in (
        ["run", f"--kubeconfig={kubeconfig}", "--no-leader-elect"],
        ["release", "--all", f"--kubeconfig={kubeconfig}"],
    ):
        done = CliRunner().invoke(main, args)
        assert done.exit_code != 0
        assert all(is_clean(line) for line in done.output.splitlines()), done.output
