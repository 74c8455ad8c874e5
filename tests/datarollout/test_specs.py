"""How sources are written: AutoCrane's way, ours, and ways that no program may ever see."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.datarollout.specs import (
    Kind,
    SourceSpec,
    SpecProblem,
    read_sources,
    read_spec,
    with_credential,
)


def test_the_original_list_is_read() -> None:
    read = read_sources(["a:git@https://host/a.git;b:adogit@env:TOKEN@https://dev.example/b"])
    assert read.problems == ()
    assert read.sources == (
        SourceSpec("a", Kind.GIT, "https://host/a.git"),
        SourceSpec("b", Kind.GIT, "https://dev.example/b", credential="env:TOKEN"),
    )


@pytest.mark.parametrize(
    ("text", "kind", "url"),
    [
        ("git:https://host/a.git", Kind.GIT, "https://host/a.git"),
        ("git+ssh://git@host:2222/a.git", Kind.GIT, "ssh://git@host:2222/a.git"),
        ("git+https://host/a.git", Kind.GIT, "https://host/a.git"),
        ("git@git@host:team/a.git", Kind.GIT, "ssh://git@host/team/a.git"),
        ("archive:http://host/any", Kind.ARCHIVE, "http://host/any"),
        ("https://host/a.tar.zst", Kind.ARCHIVE, "https://host/a.tar.zst"),
        ("https://host/a.ZIP?x=1", Kind.ARCHIVE, "https://host/a.ZIP?x=1"),
        ("configmap:shop/settings", Kind.CONFIGMAP, "shop/settings"),
    ],
)
def test_each_kind_of_source_is_read(text: str, kind: Kind, url: str) -> None:
    assert read_spec("a", text) == SourceSpec("a", kind, url)


def test_options_follow_a_hash() -> None:
    text = "git:https://host/a#branch=release/1.2&path=conf/live/&credential=file:/etc/git/token"
    read = read_spec("a", text)
    assert (read.ref, read.path) == ("refs/heads/release/1.2", "conf/live")
    assert read.credential == "file:/etc/git/token"
    assert read_spec("a", "git:https://host/a#tag=v1").ref == "refs/tags/v1"


def test_what_changes_the_data_changes_the_origin_and_a_credential_does_not() -> None:
    plain = read_spec("a", "git:https://host/a")
    assert plain.origin == with_credential(plain, "env:TOKEN").origin
    assert plain.origin != read_spec("a", "git:https://host/a#path=b").origin
    assert plain.origin != read_spec("a", "git:https://host/a#branch=b").origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "git",
        "git:",
        "ftp://host/a",
        "git:ext::sh -c touch% /tmp/x",
        "git:ext::sh",
        "git:file:///etc",
        "git:http://host/a",
        "git:fd::7",
        "git:/etc/repo",
        "git:--upload-pack=touch",
        "git:ssh://-oProxyCommand=touch/a",
        "git:ssh://-oProxyCommand=touch@host/a",
        "git@-oProxyCommand=touch@host:a",
        "git:https://user:secret@host/a",
        "git:https://token@host/a",
        "git:ssh://git:secret@host/a",
        "git:https://host/a/../b",
        "git:https://host/a/%2e%2e/b",
        "git:https://host/a/%252e%252e/b",
        "git:https://host\\@evil/a",
        "git:https:///a",
        "git:https://host:0/a",
        "git:https://host:99999/a",
        "git:https://ho st/a",
        "git:https://höst/a",
        "git:https://host/a\x00",
        "git:https://host/a#branch=-x",
        "git:https://host/a#branch=a..b",
        "git:https://host/a#branch=a.lock",
        "git:https://host/a#branch=@{u}",
        "git:https://host/a#branch=",
        "git:https://host/a#branch=a&tag=b",
        "git:https://host/a#branch=a&branch=b",
        "git:https://host/a#path=../b",
        "git:https://host/a#path=-b",
        "git:https://host/a#path=a/../b",
        "git:https://host/a#path=:(glob)x",
        "git:https://host/a#depth=3",
        "git:https://host/a#credential=azmi:resource",
        "git:https://host/a#credential=file:relative",
        "adogit@env:T@https://host/a#credential=env:U",
        "archive:http://host/a#credential=env:T",
        "archive:file:///etc/passwd",
        "archive:https://host/a#branch=b",
        "https://host/a.git",
        "configmap:settings",
        "configmap:shop/../x",
        "configmap:shop/a#path=b",
        "git:https://host/" + "a" * 3000,
    ],
)
def test_what_cannot_be_meant_is_refused_in_words_without_the_url(text: str) -> None:
    with pytest.raises(SpecProblem) as refused:
        read_spec("a", text)
    assert "secret" not in str(refused.value).replace("secret:NAME", "")
    assert "host" not in str(refused.value).replace("names no host", "")


def test_a_problem_is_that_source_s_alone() -> None:
    read = read_sources(
        ["good:git:https://host/a;;bad:ext::x\n..:git:https://host/b\ngood:git:https://host/c", "z"]
    )
    assert [spec.url for spec in read.sources] == ["https://host/a"]
    assert [name for name, _ in read.problems] == ["bad", "..", "good", "z"]


def test_local_repositories_are_for_tests_only() -> None:
    assert read_spec("a", "git:file:///srv/a", local=True).url == "file:///srv/a"
    for text in ("git:file:///srv/a", "git:http://127.0.0.1/a"):
        with pytest.raises(SpecProblem):
            read_spec("a", text)


@given(
    st.text(), st.sampled_from(["", "a:", "a:git:", "a:git@", "a:archive:https://", "a:git+ssh"])
)
def test_whatever_is_written_only_good_urls_come_of_it(text: str, before: str) -> None:
    for spec in read_sources([before + text]).sources:
        assert spec.url.isascii()
        assert spec.url.isprintable()
        if spec.kind is not Kind.CONFIGMAP:
            parts = urlsplit(spec.url)
            assert parts.scheme in {"https", "ssh", "http"}
            assert parts.password is None
            assert not (parts.hostname or "-").startswith("-")
