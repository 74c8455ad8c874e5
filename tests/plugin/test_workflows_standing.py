"""What `workflows` says, without a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubectl_kubervisor import cli
from kubectl_kubervisor import workflows_standing as shown
from kubectl_kubervisor.workflows_listing import read
from kubectl_kubervisor.workflows_objects import OWN, Phase, Workflow, kind_of, workflow
from kubervisor.workflow.scheduler.status import RESERVED
from tests import workflow_bodies as bodies
from tests.plugin.bodies import AN_HOUR_AGO, NOW

KIND = kind_of(bodies.a_definition())
DEPLOYED = Path(__file__).parents[2] / "examples" / "workflows" / "chaos" / "deploy" / "crd.yaml"


def a_workflow(status: bodies.Body, **meta: Any) -> Workflow:
    body = bodies.an_object("shop", status)
    body["metadata"] |= {
        "namespace": "web",
        "generation": 1,
        "creationTimestamp": AN_HOUR_AGO,
        **meta,
    }
    return workflow(KIND, body)


def cells_of(one: Workflow) -> dict[str, str]:
    headers = shown.headers(wide=True, with_namespace=True)
    return dict(zip(headers, shown.row(one, NOW, wide=True, with_namespace=True), strict=True))


def test_a_line_tells_the_phase_since_when_and_what_may_follow() -> None:
    assert cells_of(a_workflow(bodies.waiting(NOW))) == {
        "NAMESPACE": "web",
        "KIND": "CanaryDeployment",
        "NAME": "shop",
        "PHASE": "Waiting",
        "SINCE": "5m",
        "READY": "True",
        "REASON": "Synced",
        "NEXT": "Evaluating,RollBack",
        "OPERATOR": bodies.OPERATOR,
        "FAILURES": "0",
        "MESSAGE": "10 % of the requests go to the canary",
    }
    wrong = cells_of(a_workflow(bodies.failing(NOW)))
    assert (wrong["READY"], wrong["REASON"], wrong["FAILURES"]) == ("False", "WorkerFailed", "3")
    assert wrong["MESSAGE"].startswith("ValueError")


def test_of_a_final_phase_and_of_one_after_which_anything_may_come_nothing_is_said() -> None:
    assert cells_of(a_workflow(bodies.rolled_back(NOW)))["NEXT"] == "-"
    assert cells_of(a_workflow(bodies.failing(NOW)))["NEXT"] == "-"


def test_one_that_no_operator_has_looked_at_says_so() -> None:
    one = a_workflow({})
    cells = cells_of(one)
    assert (cells["PHASE"], cells["SINCE"], cells["READY"]) == ("-", "-", "Unknown")
    assert dict(shown.details(one, NOW))["Phase"] == "none yet: its operator has not looked at it"


def test_the_details_tell_what_follows_when_and_what_the_worker_says() -> None:
    assert shown.details(a_workflow(bodies.waiting(NOW)), NOW) == [
        ("Workflow", "CanaryDeployment web/shop"),
        ("Phase", "Waiting for 5m"),
        ("Why", "10 % of the requests go to the canary"),
        ("Ready", "True, Synced"),
        ("Next", "Evaluating or RollBack"),
        ("Ends", "in 5m, after 10m: it goes to RollBack"),
        ("weight", "10"),
        ("primary", "shop-primary"),
        ("Operator", bodies.OPERATOR),
        ("Age", "60m"),
    ]
    late = shown.details(a_workflow(bodies.waiting(NOW), generation=2), NOW + 600)
    assert dict(late)["Ends"] == "now, after 10m: it goes to RollBack"
    assert dict(late)["Spec"] == "changed since the last sync"
    final = dict(shown.details(a_workflow(bodies.rolled_back(NOW)), NOW))
    assert final["Phase"] == "RollBack for 60m, which is final"
    assert "Next" not in final


def test_a_field_of_a_worker_cannot_write_on_the_terminal() -> None:
    one = a_workflow(bodies.waiting(NOW, **{"\x1b[2Jweight": 20}))
    assert (" [2Jweight", "20") in shown.details(one, NOW)


def test_the_timeline_tells_how_long_each_phase_lasted() -> None:
    assert shown.timeline(a_workflow(bodies.waiting(NOW)), NOW) == [
        ("5m", "5m", "Waiting", "the canary is there"),
        ("6m", "60s", "Initializing", ""),
    ]
    last, *before = shown.timeline(a_workflow(bodies.rolled_back(NOW)), NOW)
    assert last == ("60m", "-", "RollBack", "43 % of its requests failed")
    assert [row[1] for row in before] == ["60s", "8m", "60s"]


def test_objects_of_other_kinds_are_left_out() -> None:
    body = bodies.an_object("shop", {})
    assert read([KIND], body) is not None
    assert read([KIND], {**body, "apiVersion": "other.io/v1"}) is None
    assert read([KIND], {**body, "kind": "Experiment"}) is None


def test_a_kind_is_read_as_it_is_deployed() -> None:
    kind = kind_of(yaml.safe_load(DEPLOYED.read_text()))
    assert (kind.type, kind.operator) == ("chaosexperiments.chaos.examples.io", "chaos-operator")
    assert kind.phases["Observing"] == Phase("Observing", False, ("Stopping",), 7200, "Stopping")
    assert kind.phases["Held"] == Phase("Held", final=True)
    assert OWN == RESERVED


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from([*bodies.waiting(0), "name", "next", "timeout", "since"]), inner
        )
    ),
)


@given(JUNK, JUNK, JUNK)
def test_whatever_an_object_or_its_kind_holds_a_line_can_be_printed(
    meta: object, status: object, phases: object
) -> None:
    kind = kind_of(bodies.a_definition(phases=phases))
    one = workflow(kind, {"metadata": meta, "status": status})
    row = shown.row(one, NOW, wide=True, with_namespace=True)
    assert len(row) == len(shown.headers(wide=True, with_namespace=True))
    shown.details(one, NOW)
    shown.timeline(one, NOW)
    kind_of({"metadata": meta, "spec": status})


MISTAKES = [
    pytest.param(["workflows", "a", "b"], "too many arguments", id="a name too many"),
    pytest.param(["workflows", "a", "-A"], "one namespace", id="a name in all namespaces"),
    pytest.param(["workflows", "a", "-l", "b"], "not both", id="a name and labels"),
    pytest.param(["workflows", "-w", "-o", "json"], "tables", id="a watch of documents"),
    pytest.param(["workflows", "-o", "xml"], "unknown output", id="an unknown form"),
    pytest.param(["workflows", "--dry-run"], "unknown flag", id="a flag of another"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES)
def test_wrong_usage_ends_with_2_before_kubectl_is_called(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True), err
