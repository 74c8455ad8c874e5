"""Whatever bytes the API server, a person or a file brings: errors of ours, or a value."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kubernetes.client.configuration import Configuration

from kubervisor.errors import ApiError
from kubervisor.kube import records
from kubervisor.kube.client import Api
from kubervisor.kube.lease import Lease
from kubervisor.kube.listing import list_all
from kubervisor.kube.reflector import Reflector
from kubervisor.kube.stopping import STOPPED, read_stopped
from kubervisor.settings import Settings, read_config
from kubervisor.traffic import keys

DEEP = b"[" * 100_000
DEEP_OBJECT = b'{"a":' * 100_000

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)
instants = st.text() | st.datetimes().map(lambda at: f"{at.isoformat()}Z")
numbers = st.integers().map(str) | st.text()
labels = st.dictionaries(
    st.sampled_from([keys.TRAFFIC, keys.NAME, keys.STRATEGY]) | st.text(),
    st.sampled_from(["yes", "no", "pause"]) | st.text(),
)
notes = st.dictionaries(
    st.sampled_from([*keys.POD_ANNOTATIONS, *keys.LEGACY_ANNOTATIONS]) | st.text(),
    instants | numbers,
)


def shaped(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the right keys, some of them missing, and right or wrong values."""
    return st.fixed_dictionaries({}, optional={k: v | anything for k, v in fields.items()})


metadata = st.fixed_dictionaries(
    {"name": st.text(), "uid": st.text()},
    optional={
        "namespace": st.text(),
        "resourceVersion": st.text(),
        "creationTimestamp": instants,
        "deletionTimestamp": instants | st.none(),
        "labels": labels | st.none(),
        "annotations": notes | st.none(),
        "finalizers": st.lists(st.text()),
        "ownerReferences": st.lists(
            shaped(kind=st.text(), name=st.text(), uid=st.text(), controller=st.booleans())
        ),
    },
)
statuses = shaped(
    phase=st.text(),
    startTime=instants,
    hostIP=st.text(),
    conditions=st.lists(shaped(type=st.text(), status=st.text())),
    containerStatuses=st.lists(shaped(state=shaped(running=shaped(startedAt=instants)))),
)
objects = shaped(metadata=metadata, spec=anything, status=statuses)
pods = st.fixed_dictionaries({"metadata": metadata}, optional={"status": statuses})


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def brought(*shapes: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.binary() | st.one_of(anything, *shapes).map(encoded)


class Answers(Api):
    """An API server whose every answer, and every line of a watch, is what the test says."""

    def __init__(self, body: bytes) -> None:
        super().__init__(Configuration(host="http://x"), namespace="x", user_agent="x")
        self.body = body

    def request(self, method: str, path: str, **_: Any) -> bytes:
        return self.body


DECODERS = (records.decode_pod, records.decode_service, records.decode_spec)


@settings(deadline=None)
@given(brought(objects, pods), st.sampled_from(DECODERS))
@example(b'{"metadata":{"name":"a","uid":"b"},"spec":' + DEEP, records.decode_pod)
@example(b'{"metadata":{"name":"a","uid":"b"},"spec":' + DEEP_OBJECT, records.decode_spec)
@example(b'{"metadata":{"name":"\\ud800","uid":""}}', records.decode_pod)
def test_an_object_is_a_record_or_no_object(body: bytes, decode: Callable[[bytes], Any]) -> None:
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        assert isinstance(decode(body).name, str)


@settings(deadline=None)
@given(pods)
def test_labels_and_annotations_of_others_never_break_a_pod(body: dict[str, Any]) -> None:
    with suppress(msgspec.DecodeError):  # not only ValidationError: Infinity is no JSON
        pod = records.decode_pod(encoded(body))
        assert pod.retries >= 0
        assert pod.traffic in (None, "yes", "no", "pause")
        assert pod.ejection is None or pod.ejection.epoch >= 0


events = st.fixed_dictionaries(
    {"type": st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]) | st.text()},
    optional={"object": objects | shaped(code=st.integers(), message=st.text()) | anything},
)


def reflector(api: Api) -> Reflector[Any]:
    return Reflector(
        api,
        "/api/v1/pods",
        decode=records.decode_pod,
        on_replace=lambda *_: None,
        on_event=lambda *_: None,
        name="pods",
        stop=threading.Event(),
    )


@settings(deadline=None)
@given(brought(events))
@example(b'{"type":"ADDED","object":' + DEEP)
@example(b'{"type":"ADDED","object":{"metadata":{"name":"a","uid":"b"},"spec":' + DEEP)
@example(b'{"type":"ERROR","object":' + DEEP_OBJECT)
def test_a_line_of_a_watch_is_taken_in_or_an_api_error(line: bytes) -> None:
    with suppress(ApiError):
        reflector(Answers(b""))._take_in(line)


lists = shaped(metadata=shaped(resourceVersion=st.text()), items=st.lists(objects))


@settings(deadline=None)
@given(brought(lists))
@example(DEEP)
@example(b'{"metadata":{},"items":[' + DEEP)
def test_a_list_is_taken_in_or_an_api_error(body: bytes) -> None:
    with suppress(ApiError):
        reflector(Answers(body))._list()


@settings(deadline=None)
@given(brought(lists))
@example(DEEP)
def test_a_list_of_a_command_is_read_or_an_api_error(body: bytes) -> None:
    with suppress(ApiError):
        list(list_all(Answers(body), "/api/v1/pods", records.decode_pod))


leases = shaped(
    metadata=shaped(
        resourceVersion=st.text(),
        annotations=st.dictionaries(st.just(STOPPED) | st.text(), st.text()),
    ),
    spec=shaped(
        holderIdentity=st.text(),
        leaseDurationSeconds=st.integers(),
        renewTime=instants,
        leaseTransitions=st.integers(),
    ),
)


@settings(deadline=None)
@given(brought(leases))
@example(DEEP)
@example(b"<html>sign in to this network</html>")
@example(b'{"metadata":{},"spec":{"leaseDurationSeconds":' + b"9" * 400 + b"}}")
def test_no_lease_ends_the_thread_that_keeps_it(body: bytes) -> None:
    lease = Lease(Answers(body), "x", "x", "me", stop=threading.Event())
    lease._attempt()

    assert lease.problem is None or lease.problem.isprintable()


@settings(deadline=None)
@given(st.text() | brought(st.lists(st.text())).map(lambda b: b.decode(errors="replace")))
@example(DEEP.decode())
@example("\ud800")
def test_an_announcement_names_namespaces_or_stops_everything(text: str) -> None:
    stopped = read_stopped({STOPPED: text})

    assert all(isinstance(name, str) for name in stopped)


documents = shaped(
    sources=st.lists(
        shaped(
            name=st.text(),
            url=st.text() | st.just("https://a"),
            caFile=st.text(),
            tenantHeader=shaped(name=st.text(), value=st.text()),
            namespaces=st.lists(st.text()),
        )
    ),
    minFloorPercent=st.integers(),
    allowTermination=st.booleans(),
    minEvaluationPeriod=st.floats(),
    namespaces=st.lists(st.text()),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "kubervisor.yaml"


@settings(deadline=None)
@given(content=brought(documents))
@example(content=DEEP[:5000])
@example(content=b"a: &a [*a]")
@example(content=b"sources: &a [*a, *a]")
@example(content=b"? [1]\n: 2")
@example(content=b"minFloorPercent: 2001-99-99")
@example(content=b"minFloorPercent: 1:" + b"60:" * 500 + b"1")
@example(content=b"minFloorPercent: .inf")
@example(content=b"!!python/object/apply:os.system [true]")
def test_a_configuration_is_settings_or_a_value_error(content: bytes, config: Path) -> None:
    config.write_bytes(content)
    with suppress(ValueError):
        assert set(read_config(config)) <= set(Settings.model_fields)
        Settings(config=config)
