"""Who may be asked, and that the connection goes where the check looked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubervisor import errors
from kubervisor.sources import Sources
from kubervisor.sources.sources import MAX_CLIENTS
from kubervisor.traffic.detector_policy import SourceRef

from .conftest import OpenSources
from .servers import answering, answering_once, hanging, serving

EMPTY = '{"status": "success", "data": {"resultType": "vector", "result": []}}'
NO_PODS = '{"kind": "PodList", "apiVersion": "v1", "items": []}'
DEADLINE = 20.0


class Names:
    """A name server that gives one answer after another, then the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_the_connection_goes_to_the_address_that_was_checked(open_sources: OpenSources) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with (
        serving(answering_once(NO_PODS)) as checked,
        serving(answering_once(NO_PODS), "127.0.0.2", checked.port) as other,
    ):
        sources = open_sources(allow=["*.svc", "127.0.0.1:*"], resolve=names)
        ref = SourceRef(address=f"detector.shop:{checked.port}")

        assert sources.ask(ref, deadline=DEADLINE) == ()
        assert names.asked == ["detector.shop.svc"], "resolved once"
        assert f"Host: detector.shop:{checked.port}" in checked.requests[0].splitlines()

        with pytest.raises(errors.SourceNotAllowed, match="loopback"):
            sources.ask(ref, deadline=DEADLINE)
        assert (len(checked.requests), len(other.requests)) == (1, 0)


def test_a_kept_connection_stays_with_its_address(open_sources: OpenSources) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with serving(answering(EMPTY)) as server:
        sources = open_sources(allow=["*.svc", "127.0.0.1:*"], resolve=names)
        for _ in range(3):
            sources.query(SourceRef(address=f"prom.shop:{server.port}"), "up", deadline=DEADLINE)

    assert len(names.asked) == 1
    assert len(server.requests) == 3


def test_of_several_addresses_only_allowed_ones_are_tried(open_sources: OpenSources) -> None:
    with serving(answering(EMPTY)) as server:
        names = Names(["169.254.169.254", "127.0.0.2", "127.0.0.1"])
        sources = open_sources(allow=["*.svc", "127.0.0.1:*"], resolve=names)

        ref = SourceRef(address=f"prom.shop:{server.port}")
        assert sources.query(ref, "up", deadline=DEADLINE) == ()


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("10.0.0.1", "API server"),
        ("8.8.8.8", "not a private address"),
    ],
)
def test_a_name_that_leads_astray_is_refused_without_telling_where(
    address: str, word: str, open_sources: OpenSources
) -> None:
    sources = open_sources(
        allow=["*.svc"],
        forbidden_addresses={"10.0.0.1"},
        resolve=Names([address]),
    )
    with pytest.raises(errors.SourceNotAllowed, match=word) as raised:
        sources.query(SourceRef(address="prom.shop:9090"), "up", deadline=DEADLINE)

    assert address not in str(raised.value)


def test_a_name_without_an_address_is_unavailable(open_sources: OpenSources) -> None:
    with pytest.raises(errors.SourceUnavailable, match="no address"):
        open_sources(allow=["*.svc"], resolve=Names([])).query(
            SourceRef(address="prom.shop:9090"), "up", deadline=DEADLINE
        )


def test_a_slow_name_server_holds_one_thread_per_name_and_the_others_keep_their_deadline(
    open_sources: OpenSources,
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def resolve(_: str) -> Sequence[str]:
        asked.set()
        answer.wait()
        return ["127.0.0.1"]

    with serving(answering(EMPTY)) as server, ThreadPoolExecutor(1) as thread:
        sources = open_sources(allow=["*.svc", "127.0.0.1:*"], resolve=resolve)
        ref = SourceRef(address=f"prom.shop:{server.port}")
        first = thread.submit(sources.query, ref, "up", deadline=DEADLINE)
        asked.wait()

        with pytest.raises(errors.SourceTimeout):
            sources.query(ref, "up", deadline=0.2)

        answer.set()
        assert first.result() == ()


def test_named_sources_may_be_anywhere_and_keep_their_path(open_sources: OpenSources) -> None:
    with serving(answering(EMPTY)) as server:
        sources = open_sources(named={"main": f"http://{server.address}/prom/"})
        assert sources.query(SourceRef(name="main"), "up", deadline=DEADLINE) == ()

    assert server.requests[0].startswith("GET /prom/api/v1/query?")


def test_an_unknown_name_is_answered_with_the_known_ones(open_sources: OpenSources) -> None:
    sources = open_sources(named={"b": "http://b", "a": "https://a:1"})

    with pytest.raises(errors.SourceNotAllowed, match=r"'c'.*configured: a, b\."):
        sources.query(SourceRef(name="c"), "up", deadline=DEADLINE)
    with pytest.raises(errors.SourceNotAllowed, match="matches no allowed pattern"):
        sources.ask(SourceRef(address="b"), deadline=DEADLINE)


@pytest.mark.parametrize("url", ["prometheus:9090", "ftp://a", "http://", "http://a?b=c"])
def test_a_url_that_cannot_be_used_is_refused_at_the_start(
    url: str, open_sources: OpenSources
) -> None:
    with pytest.raises(ValueError, match="Source main"):
        open_sources(named={"main": url})


def test_a_source_that_hangs_delays_no_other(sources: Sources) -> None:
    with (
        serving(hanging) as slow,
        serving(answering(EMPTY)) as quick,
        ThreadPoolExecutor(8) as threads,
    ):
        waiting = [
            threads.submit(sources.query, SourceRef(address=slow.address), "up", deadline=2)
            for _ in range(8)
        ]
        assert sources.query(SourceRef(address=quick.address), "up", deadline=DEADLINE) == ()
        assert not any(question.done() for question in waiting)
        assert all(isinstance(q.exception(), errors.SourceTimeout) for q in waiting)


def test_addresses_that_come_and_go_leave_few_clients(sources: Sources) -> None:
    with serving(answering(EMPTY)) as server:
        for number in range(MAX_CLIENTS + 10):
            ref = SourceRef(address=f"{server.address}/{number}")
            sources.query(ref, "up", deadline=DEADLINE)
        first = SourceRef(address=f"{server.address}/0")
        before = server.connections
        sources.query(first, "up", deadline=DEADLINE)

        assert server.connections == before + 1, "the first client was closed, and is opened anew"
