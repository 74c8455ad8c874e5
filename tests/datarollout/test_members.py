"""Who uses a source, what they are asked for and what they say: bad annotations are one pod's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.datarollout.controller.members import gather, requests_for, user_of
from kubervisor.datarollout.needs import REQUEST, STATUS, is_about_data
from kubervisor.datarollout.versions import (
    Deployed,
    Progress,
    Request,
    Version,
    read_request,
    write_deployed,
    write_request,
)
from kubervisor.kube.data_pods import LONGEST_NOTE, DataPod, decoder
from tests.datarollout.builders import NOW, A, B

decode = decoder(is_about_data)


def pod(
    notes: dict[str, str] | None = None,
    name: str = "web",
    *,
    labels: dict[str, str] | None = None,
    phase: str = "Running",
    deleting: bool = False,
) -> DataPod:
    metadata = {
        "name": name,
        "uid": name,
        "namespace": "shop",
        "resourceVersion": "7",
        "labels": labels or {},
        "annotations": {"team": "shop"} if notes is None else notes,
        **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {}),
    }
    return decode(json.dumps({"metadata": metadata, "status": {"phase": phase}}).encode())


USES = {"store.autocrane.io/data": "prices"}


def test_users_and_dependants_come_by_source_in_the_order_of_their_names() -> None:
    found = gather(
        [
            pod(USES, "web-1"),
            pod({"data.autocrane.io/cfg": "prices", "store.autocrane.io/deps": "rates"}, "web-0"),
        ]
    )
    prices = found["shop", "prices"]
    assert [one.name for one in prices.users] == ["web-0", "web-1"]
    assert [one.name for one in found["shop", "rates"].dependants] == ["web-0"]
    assert prices.needs["web-0"].names_of("prices") == ("cfg",)


@pytest.mark.parametrize("gone", [{"deleting": True}, {"phase": "Succeeded"}, {"phase": "Failed"}])
def test_a_pod_that_goes_or_has_ended_is_no_user(gone: dict[str, bool | str]) -> None:
    assert not gather([pod(USES, **gone)])  # type: ignore[arg-type]


def test_a_pod_without_annotations_about_data_has_a_name_and_nothing_else() -> None:
    assert pod() == DataPod("shop", "web", pod().uid)
    assert not pod({"probe.autocrane.io/x": "POD_IP"}).notes


def test_names_that_disagree_are_no_request() -> None:
    for other in (write_request(Request(B, NOW)), "garbage", None):
        notes = USES | {f"{REQUEST}a": write_request(Request(A, NOW))}
        notes |= {f"{REQUEST}b": other} if other is not None else {}
        assert user_of(pod(notes), ("a", "b"), NOW).request is None


def test_names_that_agree_are_one_request_since_the_last() -> None:
    notes = {
        f"{REQUEST}a": write_request(Request(A, NOW - 9)),
        f"{REQUEST}b": write_request(Request(A, NOW)),
    }
    request = user_of(pod(notes), ("a", "b"), NOW).request
    assert request is not None
    assert (request.version.path, request.at) == (A.path, NOW)
    notes[f"{REQUEST}b"] = write_request(Request(A, None))
    unknown = user_of(pod(notes), ("a", "b"), NOW).request
    assert unknown is not None
    assert unknown.at is None


def test_all_names_must_be_ready_and_one_that_fails_is_heard() -> None:
    def said(*words: tuple[Progress, float] | None) -> Deployed | None:
        notes = {
            f"{STATUS}{name}": write_deployed(Deployed(A, word[0], word[1]))
            for name, word in zip("ab", words, strict=True)
            if word is not None
        }
        return user_of(pod(USES | notes), ("a", "b"), NOW).deployed

    ready, later = (Progress.READY, NOW - 9), (Progress.READY, NOW)
    both = said(ready, later)
    assert both is not None
    assert both.at == NOW
    assert said(ready, None) is None
    for progress in (Progress.FAILED, Progress.FETCHING):
        heard = said(ready, (progress, NOW))
        assert heard is not None
        assert heard.progress is progress


def test_what_is_kept_in_part_is_not_read() -> None:
    text = write_request(Request(A, NOW))
    padded = text + "A" * LONGEST_NOTE
    names = ",".join(f"prices{number:06}" for number in range(2000))
    long = pod(USES | {f"{REQUEST}prices": padded, "store.autocrane.io/deps": names})
    assert user_of(long, ("prices",), NOW).request is None
    assert set(gather([long])) == {("shop", "prices")}
    assert max(map(len, long.notes.values())) == LONGEST_NOTE + 1


def test_errors_of_watchdogs_count_until_they_expire() -> None:
    notes = USES | {
        "status.autocrane.io/a": "Error/1970-01-01T00:01:40Z/full",
        "status.autocrane.io/b": "error/1970-01-01T00:00:50Z/late",
        "expiry.autocrane.io/b": "1970-01-01T00:03:20Z",
        "status.autocrane.io/c": "warning/1970-01-01T00:00:10Z/hm",
    }
    assert pod(notes).failing_since(199.0) == 50.0
    assert pod(notes).failing_since(201.0) == 100.0
    assert pod(USES | {"status.autocrane.io/a": "error/soon/x"}).failing_since(NOW) == 0.0
    assert pod(USES).failing_since(NOW) is None


def test_an_ejection_of_ours_counts_and_a_hold_by_hand_does_not() -> None:
    labels = {"kubervisor/traffic": "no"}
    ours = {"kubervisor/ejected-at": "1970-01-01T00:01:00Z", "kubervisor/ejection-id": "x"}
    assert pod(USES | ours, labels=labels).failing_since(NOW) == 60.0
    assert pod(USES | ours, labels={"kubervisor/traffic": "yes"}).failing_since(NOW) is None
    assert pod(USES, labels=labels).failing_since(NOW) is None


def test_all_names_are_asked_for_the_same() -> None:
    texts = requests_for(("a", "b"), A, NOW)
    assert set(texts) == {f"{REQUEST}a", f"{REQUEST}b"}
    assert {read_request(text) for text in texts.values()} == {Request(replaced(), NOW)}


def replaced() -> Version:
    request = read_request(write_request(Request(A, NOW)))
    assert request is not None
    return request.version


keys = st.sampled_from(
    [f"{REQUEST}prices", f"{STATUS}prices", "store.autocrane.io/data", "data.autocrane.io/x"]
)


@given(st.dictionaries(keys, st.text(max_size=200)))
def test_whatever_is_written_it_is_read(notes: dict[str, str]) -> None:
    for (_, source), members in gather([pod(notes)]).items():
        for one in members.users:
            user_of(one, members.needs[one.uid].names_of(source), NOW)
