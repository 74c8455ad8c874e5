"""The configuration file in the original's form: providers become named sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubervisor.rules_config import find_source, read_rules_config
from kubervisor.rules_settings import RulesSettings
from kubervisor.source_settings import NamedSource


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes the file and returns its path."""

    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return write


def sources(*names: str) -> tuple[NamedSource, ...]:
    return tuple(NamedSource(name=name, url="http://prometheus:9090") for name in names)


@pytest.mark.parametrize(
    "params",
    [
        "url=http://px-prometheus:9090",
        "url=http://px-prometheus:9090/api/v1",
        "url=http://px-prometheus:9090/,ignore_unhealthy_targets=true",
        "{url: http://px-prometheus:9090, ignore_unhealthy_targets: true}",
    ],
)
def test_a_provider_of_the_original_is_a_source(written: Any, params: str) -> None:
    path = written(
        "providers:\n"
        "   - name: default\n"
        "     type: prometheus\n"
        f"     params: {params}\n"
        "min_poll_interval: 2\n"
    )

    settings = RulesSettings(config=path)

    assert settings.sources == (NamedSource(name="default", url="http://px-prometheus:9090"),)
    assert settings.min_poll_interval == 2


def test_sources_with_credentials_stand_beside_providers(written: Any) -> None:
    path = written(
        "providers: [{name: default, params: url=http://prometheus:9090}]\n"
        "sources: [{name: thanos, url: 'https://thanos:9091', tokenFile: /var/run/token}]\n"
    )

    found = RulesSettings(config=path).sources

    assert [(one.name, one.token_file) for one in found] == [
        ("default", None),
        ("thanos", Path("/var/run/token")),
    ]


def test_an_empty_file_says_nothing(written: Any) -> None:
    assert read_rules_config(written("")) == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "providers: [{name: dd, type: datadog, params: key=x}]",
            "provider 'dd': type 'datadog' is not supported; write prometheus",
        ),
        ("providers: [{name: x, params: host=a}]", "params must have url=http://HOST:PORT"),
        ("providers: [{name: x}]", "params must be such as url=http://HOST:PORT"),
        (
            "providers: [{name: x, params: 'url=http://a:1,token=s3cr3t'}]",
            "unknown parameter 'token'",
        ),
        ("providers: {name: x}", "providers must be a list of mappings"),
        ("gitops: {name: x, type: github-scm}", "gitops is not supported"),
        ("provider: []", "unknown 'provider'"),
        ("- providers", "must hold a list `providers`"),
        ("providers: [", "is no YAML, see line 1"),
        (
            "providers: [{name: a, params: url=http://a:1}, {name: a, params: url=http://b:1}]",
            "two sources are named a",
        ),
        ("providers: [{name: a, params: url=ftp://a:1}]", "must be http"),
        ("min_poll_interval: soon", "min_poll_interval"),
    ],
)
def test_what_cannot_be_used_is_said_without_secrets(written: Any, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r".") as failed:
        RulesSettings(config=written(text))

    assert says in str(failed.value)
    assert "s3cr3t" not in str(failed.value)


@pytest.mark.parametrize(
    ("asked", "there", "found"),
    [
        ("default", ("thanos", "default"), "default"),
        ("prometheus", ("thanos", "prometheus"), "prometheus"),
        ("prometheus", ("thanos", "default"), "default"),
        ("", ("thanos",), "thanos"),
        ("prometheus", ("thanos",), "thanos"),
        ("default", ("a", "b"), None),
        ("thanos", ("a",), None),
        ("thanos", ("a", "thanos"), "thanos"),
        ("default", (), None),
    ],
)
def test_a_rules_provider_names_a_source(
    asked: str, there: tuple[str, ...], found: str | None
) -> None:
    assert find_source(asked, sources(*there)) == found
