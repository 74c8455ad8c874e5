"""The forms in which versions stand in annotations and manifests, whoever wrote them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubervisor.datarollout.versions import (
    LONGEST_MESSAGE,
    LONGEST_NOTE,
    Deployed,
    Progress,
    Request,
    Version,
    read_deployed,
    read_manifest,
    read_request,
    write_deployed,
    write_manifest,
    write_request,
)

DIGEST = "0123456789abcdef" * 4
ONE = Version("65f0c2a1-0a1b2c3d.tar.zst", DIGEST, 1_700_000_000.0, 12)

versions = st.builds(
    Version,
    st.text("aZ09", min_size=1, max_size=3).map("{}.tar_x-1".format),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.integers(0, 4_000_000_000).map(float),
    st.integers(0, 2**40),
)
anything: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
fields: st.SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "Path": anything | st.just(ONE.path),
        "ArchiveFilePath": anything | st.just(ONE.path),
        "Hash": anything | st.just(DIGEST),
        "UnixTimestampSeconds": anything,
        "Timestamp": anything | st.text(alphabet="0123456789-T:Z+."),
        "Size": anything,
        "State": anything | st.just("ready"),
        "Message": anything,
    },
)


def encoded(found: object) -> str:
    return base64.b64encode(json.dumps(found).encode()).decode()


@given(versions, st.none() | st.integers(0, 10**10).map(float))
def test_a_request_is_read_as_it_was_written(version: Version, at: float | None) -> None:
    read = read_request(write_request(Request(version, at)))
    assert read == Request(Version(version.path, version.sha256), at)


@given(versions, st.sampled_from(Progress), st.integers(0, 10**10), st.text())
def test_a_deployers_word_is_read_as_it_was_written(
    version: Version, progress: Progress, at: int, message: str
) -> None:
    read = read_deployed(write_deployed(Deployed(version, progress, float(at), message)))
    assert read is not None
    assert (read.version.sha256, read.progress, read.at) == (version.sha256, progress, at)
    assert len(read.message) <= LONGEST_MESSAGE
    assert read.message.isprintable() or not message.isprintable()


@pytest.mark.parametrize("sign", ["a", '"', "\\", "\U0001f600", "\0", "\ud83d"])
def test_a_long_message_keeps_no_word_from_being_read(sign: str) -> None:
    version = Version("a" * 200, DIGEST)
    text = write_deployed(Deployed(version, Progress.FAILED, 7.0, sign * 10_000))
    assert len(text) <= LONGEST_NOTE
    assert read_deployed(text) is not None


@given(st.dictionaries(st.text(min_size=1), st.lists(versions, max_size=4).map(tuple)))
def test_a_manifest_is_read_as_it_was_written(sources: dict[str, tuple[Version, ...]]) -> None:
    read = read_manifest(write_manifest(sources))
    assert read == {n: tuple(sorted(some, key=lambda one: one.at)) for n, some in sources.items()}


@given(st.text() | fields.map(encoded) | anything.map(encoded) | st.none())
def test_no_request_whatever_it_is_does_harm(text: str | None) -> None:
    read = read_request(text)
    assert read is None or read.at is None or 0 <= read.at < 1e11


@given(st.text() | fields.map(json.dumps) | anything.map(json.dumps) | st.none())
def test_no_deployers_word_whatever_it_is_does_harm(text: str | None) -> None:
    read = read_deployed(text)
    assert read is None or (0 <= read.at < 1e11 and len(read.message) <= LONGEST_MESSAGE)


@settings(max_examples=50)
@given(
    st.binary()
    | anything.map(lambda found: json.dumps(found).encode())
    | st.dictionaries(st.text(), st.lists(fields) | anything).map(
        lambda sources: json.dumps({"Sources": sources}).encode()
    )
)
def test_no_manifest_whatever_it_is_does_more_than_be_refused(text: bytes) -> None:
    try:
        sources = read_manifest(text)
    except ValueError:
        return
    for found in sources.values():
        assert list(found) == sorted(found, key=lambda one: one.at)


@pytest.mark.parametrize("depth", [2000, 100_000])
def test_what_is_nested_too_deep_is_not_read(depth: int) -> None:
    nest = "[" * depth
    assert read_request(base64.b64encode(nest.encode()).decode()) is None
    assert read_deployed(nest) is None
    with pytest.raises(ValueError, match="manifest"):
        read_manifest(nest.encode())


@pytest.mark.parametrize(
    "text",
    [
        "unparsable",
        "",
        "{}",
        encoded({"Path": "../../etc", "Hash": DIGEST}),
        encoded({"Path": ".hidden", "Hash": DIGEST}),
        encoded({"Path": "a/b", "Hash": DIGEST}),
        encoded({"Path": "a" * 201, "Hash": DIGEST}),
        encoded({"Path": "a", "Hash": DIGEST[:-1]}),
        encoded({"Path": "a\n", "Hash": DIGEST}),
        encoded({"Hash": DIGEST}),
        encoded([]),
    ],
)
def test_a_request_that_names_no_version_is_none(text: str) -> None:
    assert read_request(text) is None


@pytest.mark.parametrize("at", [None, "7", True, -1, 1e300, [], float("inf")])
def test_a_request_without_an_instant_has_none(at: object) -> None:
    read = read_request(encoded({"Path": "a", "Hash": DIGEST, "UnixTimestampSeconds": at}))
    assert read == Request(Version("a", DIGEST), None)


def test_a_request_of_the_original_is_read() -> None:
    text = encoded({"Path": "5ffcb-9a.tar", "Hash": DIGEST.upper(), "UnixTimestampSeconds": 161})
    assert read_request(text) == Request(Version("5ffcb-9a.tar", DIGEST), 161.0)


def test_a_manifest_of_the_original_is_read_and_what_cannot_be_is_left_out() -> None:
    entry = {"ArchiveFilePath": "b.tar", "Hash": DIGEST, "Timestamp": "2021-01-02T03:04:05"}
    earlier = {**entry, "ArchiveFilePath": "a.tar", "Timestamp": "2021-01-02T03:04:05+01:00"}
    broken = [
        *({}, None, 7, {**entry, "Hash": "no"}, {**entry, "ArchiveFilePath": "../x"}),
        *({**entry, "Size": size} for size in (-1, "x", float("nan"), float("inf"))),
    ]
    text = json.dumps({"Sources": {"data": [entry, *broken, earlier], "odd": 7}}).encode()
    read = read_manifest(text)
    assert [version.path for version in read["data"]] == ["a.tar", "b.tar"]
    assert read["data"][1].at == 1_609_556_645.0
    assert read["odd"] == ()


@given(st.text(), st.text())
def test_a_version_is_made_of_fit_parts_or_not_at_all(path: str, digest: str) -> None:
    try:
        version = Version(path, digest)
    except ValueError:
        return
    assert set(version.path) & set("/\\\0\n ") == set()
    assert not version.path.startswith(".")


def test_versions_with_the_same_bytes_are_the_same() -> None:
    assert ONE.is_same(Version("other.tar", DIGEST.upper()))
    assert not ONE.is_same(Version(ONE.path, "0" * 64))
    assert not ONE.is_same(None)
