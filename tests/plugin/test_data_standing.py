"""What `data` says of rollouts and of pods, without a cluster."""

from __future__ import annotations

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_kubervisor import cli, data, words
from kubectl_kubervisor import data_explaining as explaining
from kubectl_kubervisor import data_standing as standing
from kubectl_kubervisor.data_notes import deployed, failing, request, uses
from kubectl_kubervisor.data_objects import Rollout, rollout
from kubervisor.datarollout import needs, versions
from kubervisor.datarollout.versions import Deployed, Progress, Request, Version
from tests import rollout_bodies as bodies
from tests.plugin.bodies import A_MINUTE_AGO, IN_FIVE_MINUTES, NOW, a_pod, an_ejected_pod

GOOD = Version("6740a1b2-0123456789abcdef.tar.zst", "A" * 64)


def a_rollout(status: bodies.Body | None, **spec: object) -> Rollout:
    meta = {"namespace": "shop", "name": "prices", "uid": "u", "generation": 1}
    seen = {} if status is None else {"observedGeneration": 1, "policy": bodies.POLICY, **status}
    return rollout({"metadata": meta, "spec": spec, "status": seen})


def row(one: Rollout, *, wide: bool = False) -> dict[str, str]:
    cells = standing.row(one, NOW, wide=wide, with_namespace=False)
    return dict(zip(standing.headers(wide=wide, with_namespace=False), cells, strict=True))


@pytest.mark.parametrize("module", ["data_objects"])
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"kubectl_kubervisor.{module}"))
    assert (failed, tried > 0) == (0, True)


def test_a_candidates_line_tells_its_stage_and_who_has_proven_it() -> None:
    found = row(a_rollout(bodies.rolling_out(NOW)))
    assert (found["PHASE"], found["REASON"]) == ("RollingOut", "Probation")
    assert (found["STAGE"], found["SINCE"], found["PROVEN"]) == ("50%", "4m", "5/10")
    assert (found["USERS"], found["ON-GOOD"], found["ON-CANDIDATE"]) == ("20", "10", "10")
    assert (found["FAILING"], found["QUARANTINED"]) == ("1", "0")


def test_one_that_nobody_has_looked_at_is_pending() -> None:
    found = row(a_rollout(None), wide=True)
    assert (found["PHASE"], found["USERS"], found["CANDIDATE"]) == ("Pending", "-", "-")
    assert standing.details(a_rollout(None), NOW)[1] == (
        "State",
        "Pending: the controller has not looked at it yet",
    )


def test_what_a_column_shows_of_a_version_is_enough_to_pin_it() -> None:
    one = a_rollout(bodies.rolling_out(NOW))
    for version in one.known():
        assert version.is_meant_by(version.short)
        assert version.is_meant_by(version.name)
        assert version.is_meant_by(version.path)


def test_an_explanation_names_the_gates_the_next_step_and_what_a_person_can_do() -> None:
    one = a_rollout(bodies.rolling_out(NOW))
    assert explaining.verdict(one).endswith("10 of 20 pods are asked to have it.")
    told = explaining.reasons(one, NOW)
    assert ("Dependants", "1 of 8 failing (12 %); more than 25 % take a candidate back") in told
    assert (
        "Next stage",
        "when 5 more pods have run the candidate for 10m, the next stage begins",
    ) in told
    ways = [value for name, value in told if name == "You can"]
    assert ways[0] == "kubectl kubervisor data pause prices -n shop"
    assert ways[1].startswith(f"kubectl kubervisor data pin prices {one.good.name} -n shop")


def test_an_explanation_names_everything_that_holds_it() -> None:
    one = a_rollout(bodies.rolled_back(NOW), paused=True)
    (held,) = (value for name, value in explaining.reasons(one, NOW) if name == "Held by")
    assert held.startswith("it is paused; its back-off lasts 5m more; the newest version, ")
    assert held.endswith(" is in quarantine")
    assert ("Back-off", "taken back once; no other version goes out for 5m") in standing.details(
        one, NOW
    )
    assert [cells[0] for cells in standing.quarantine_rows(one, NOW)] == ["5m"]
    assert [cells[1] for cells in standing.history_rows(one, NOW)] == [
        "RolledBack",
        "CandidateFailing",
        "CandidateChosen",
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(list(bodies.rolled_back(0))), inner)
    ),
)


@given(JUNK, JUNK, JUNK)
def test_whatever_an_object_holds_a_line_can_be_printed(
    meta: object, spec: object, status: object
) -> None:
    one = rollout({"metadata": meta, "spec": spec, "status": status})
    assert len(row(one, wide=True)) == len(standing.headers(wide=True, with_namespace=False))
    standing.details(one, NOW)
    explaining.reasons(one, NOW)


ANNOTATIONS = [
    {"store.autocrane.io/data": "a, b,,-bad,"},
    {"data.autocrane.io/cfg": "a", "store.autocrane.io/data": "b"},
    {"data.autocrane.io/a": "git:https://host/a.git"},
    {"data.autocrane.io/a": "git@host:a", "store.autocrane.io/data": "a"},
    {"data.autocrane.io/": "a", "data.autocrane.io/x": " a ", "data.autocrane.io/y": "no/name"},
    {"request.data.autocrane.io/x": "a", "status.data.autocrane.io/y": "b"},
]


@pytest.mark.parametrize("notes", ANNOTATIONS)
def test_a_pod_uses_what_the_controller_says_it_uses(notes: dict[str, str]) -> None:
    found = {use.name: use.source for use in uses(a_pod(notes=notes))}
    assert found == needs.read_needs(notes).sources


def test_requests_and_statuses_are_read_as_they_are_written() -> None:
    asked = request(versions.write_request(Request(GOOD, NOW)))
    assert asked is not None
    assert (asked.version.path, asked.version.sha256, asked.at) == (GOOD.path, GOOD.sha256, NOW)
    said = deployed(versions.write_deployed(Deployed(GOOD, Progress.FAILED, NOW, "no space")))
    assert said is not None
    assert (said.version.path, said.state, said.at, said.message) == (
        GOOD.path,
        "failed",
        NOW,
        "no space",
    )


@given(st.text())
def test_what_cannot_be_read_is_nothing(note: str) -> None:
    for read in (request, deployed):
        read(note)
    assert request("e30=") is None
    assert deployed("[[[") is None


def test_a_pod_fails_by_a_watchdog_that_counts_or_while_it_is_out_of_traffic() -> None:
    error = {"status.autocrane.io/disk": f"error/{A_MINUTE_AGO}/full"}
    assert failing(a_pod(notes=error), NOW) == "watchdog disk"
    assert failing(a_pod(notes=error | {"expiry.autocrane.io/disk": A_MINUTE_AGO}), NOW) == ""
    assert (
        failing(a_pod(notes=error | {"expiry.autocrane.io/disk": IN_FIVE_MINUTES}), NOW)
        == "watchdog disk"
    )
    assert failing(an_ejected_pod(), NOW) == "out of traffic"
    assert failing(a_pod(), NOW) == ""


MISTAKES = [
    pytest.param(["dance"], 'unknown command "data dance"', id="an unknown command"),
    pytest.param(["pause"], "data pause needs a source", id="a source forgotten"),
    pytest.param(["pin", "prices"], "data pin needs a version", id="a version forgotten"),
    pytest.param(["pin", "prices", "67"], "at least 6 characters", id="too little of a version"),
    pytest.param(["status", "a", "b"], "too many arguments", id="a source too many"),
    pytest.param(["status", "a", "-A"], "one namespace", id="a source in all namespaces"),
    pytest.param(
        ["pause", "a", "-o", "json"], "unknown flag for data pause", id="a flag of another"
    ),
    pytest.param(["pods", "-o", "yaml"], "one of table, wide, json", id="a form that pods has not"),
    pytest.param(["-w", "-o", "json"], "tables", id="a watch of documents"),
    pytest.param(["pods", "-w", "-o", "json"], "tables", id="a watch of a document"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES)
def test_wrong_usage_ends_with_2_before_kubectl_is_called(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["data", *(["status"] if arguments[0] == "-w" else []), *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, says in err) == ("", True), err


def test_the_help_names_every_command_of_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["help", "data"]) == 0
    said = capsys.readouterr().out
    assert all(f"data {name}" in said or name == "status" for name in data.COMMANDS)


def test_the_words_are_the_controllers() -> None:
    assert (words.DATA, words.DATA_REQUEST) == (needs.DATA, needs.REQUEST)
    assert (words.DATA_STATUS, words.DATA_LISTED) == (needs.STATUS, needs.STORE_DATA)
