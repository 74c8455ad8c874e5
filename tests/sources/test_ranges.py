"""Raw samples and range queries: what a Prometheus answers over a time, and what is none."""

from __future__ import annotations

import json
import math
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from kubervisor import errors
from kubervisor.sources import Sources
from kubervisor.sources.prometheus import MAX_COMMAS
from kubervisor.traffic.detector_policy import SourceRef
from kubervisor.traffic.measurement import Series

from .conftest import OpenSources
from .servers import Behaviour, answering, serving

DEADLINE = 20.0
NOW = 4_000_000_000.0  # far ahead, so that no answer of it is an old one

Points = list[tuple[float, str]]


def matrix(*series: tuple[dict[str, str], Points], **more: object) -> str:
    result = [{"metric": labels, "values": points} for labels, points in series]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data, **more})


def raw(sources: Sources, behaviour: Behaviour) -> tuple[Series, ...]:
    with serving(behaviour) as server:
        ref = SourceRef(address=server.address)
        return sources.raw(ref, 'requests{code="500"}', 25.0, deadline=DEADLINE)


def test_series_carry_labels_instants_and_values(sources: Sources) -> None:
    points = [(NOW, "1"), (NOW + 5, "3.5")]

    found = raw(sources, answering(matrix(({"pod": "a"}, points), ({"pod": "b"}, points[:1]))))

    assert found == (
        Series({"pod": "a"}, (NOW, NOW + 5), (1.0, 3.5)),
        Series({"pod": "b"}, (NOW,), (1.0,)),
    )


def test_no_series_is_an_answer(sources: Sources) -> None:
    assert raw(sources, answering(matrix())) == ()


def test_a_stale_marker_is_not_a_number_and_stays_as_a_gap(sources: Sources) -> None:
    points = [(NOW, "1"), (NOW + 5, "NaN"), (NOW + 10, "1")]

    (series,) = raw(sources, answering(matrix(({}, points))))

    assert math.isnan(series.values[1])
    assert len(series.times) == 3


def test_raw_samples_are_asked_for_by_the_selector_with_a_range(sources: Sources) -> None:
    with serving(answering(matrix())) as server:
        sources.raw(SourceRef(address=server.address), "up", 2.5, deadline=1.0)

    target = urlsplit(server.requests[0].split(" ")[1])
    assert target.path == "/api/v1/query"
    assert parse_qs(target.query)["query"] == ["up[2500ms]"]


def test_a_range_query_is_asked_at_whole_multiples_of_its_step(sources: Sources) -> None:
    before = time.time()
    with serving(answering(matrix())) as server:
        sources.over(SourceRef(address=server.address), "m", 1800.0, 30.0, deadline=1.0)
    after = time.time()

    target = urlsplit(server.requests[0].split(" ")[1])
    asked = {name: value for name, (value,) in parse_qs(target.query).items()}
    assert target.path == "/api/v1/query_range"
    assert (asked["query"], asked["step"]) == ("m", "30")
    begin, end = int(asked["start"]), int(asked["end"])
    assert end - begin == 1800
    assert end % 30 == begin % 30 == 0
    assert before - 30 < end <= after


UNUSABLE = errors.SourceAnswerUnusable


@pytest.mark.parametrize(
    ("body", "expected", "says"),
    [
        pytest.param(
            '{"status":"success","data":{"resultType":"vector","result":[]}}',
            UNUSABLE,
            "answered a vector; the query must give series over a time",
            id="a vector",
        ),
        pytest.param(
            matrix(({}, [(NOW, "1")]), warnings=["store 2 is down"]),
            UNUSABLE,
            "may be partial: store 2 is down",
            id="warnings",
        ),
        pytest.param(matrix(({}, [])), UNUSABLE, "native histogram", id="no values"),
        pytest.param(matrix(({}, [(NOW, "many")])), UNUSABLE, "not a number", id="a word"),
        pytest.param(matrix(({}, [(NOW, "9" * 500)])), UNUSABLE, "not a number", id="500 digits"),
        pytest.param(
            matrix(({}, [(NOW + 5, "1"), (NOW, "2")])), UNUSABLE, "order", id="back in time"
        ),
        pytest.param(matrix(({}, [(NOW, "1"), (NOW, "2")])), UNUSABLE, "order", id="twice at once"),
        pytest.param(
            matrix(({}, [(NOW, "1")])) + "," * (MAX_COMMAS + 1),
            UNUSABLE,
            "too many series",
            id="many tiny values",
        ),
        pytest.param(
            matrix(({}, [(1_700_000_000.0, "1")])),
            UNUSABLE,
            "a cache kept the answer",
            id="an old answer",
        ),
        pytest.param(
            '{"status":"error","error":"parse error"}',
            errors.SourceRejected,
            "parse error",
            id="an error",
        ),
        pytest.param("{}", UNUSABLE, "as a Prometheus does", id="no answer of a Prometheus"),
    ],
)
def test_every_other_answer_is_an_error_for_people(
    sources: Sources, body: str, expected: type[errors.SourceError], says: str
) -> None:
    with pytest.raises(expected) as raised:
        raw(sources, answering(body))

    assert says in str(raised.value)


def test_an_administrators_source_may_answer_for_all_services_at_once(
    open_sources: OpenSources,
) -> None:
    labels = {f"l{number}": "x" for number in range(100)}
    body = matrix(*[(labels, [(NOW, "1")])] * (MAX_COMMAS // 100))
    with serving(answering(body)) as server:
        sources = open_sources(named={"main": f"http://{server.address}"}, allow=["127.0.0.1:*"])

        found = sources.raw(SourceRef(name="main"), "m", 25.0, deadline=DEADLINE)
        with pytest.raises(UNUSABLE, match="too many series"):
            sources.raw(SourceRef(address=server.address), "m", 25.0, deadline=DEADLINE)

    assert len(found) == MAX_COMMAS // 100
