"""The file of settings: what wins, what is refused, and that nothing of it is quoted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from kubervisor.cli import main
from kubervisor.cli.run import read_settings
from kubervisor.settings import Settings
from kubervisor.source_settings import NamedSource

SOURCES = """
sources:
  - name: main
    url: https://thanos.monitoring:9091/api
    caFile: /etc/kubervisor/ca.crt
    tokenFile: /var/run/token
    certFile: /etc/kubervisor/tls.crt
    keyFile: /etc/kubervisor/tls.key
    tenantHeader: {name: X-Scope-OrgID, value: shop}
    tenantParameter: {name: namespace, value: shop}
    namespaces: [shop, cart]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "kubervisor.yaml"


def test_the_file_is_below_flags_and_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("minFloorPercent: 30\nmaxServices: 7\nallowTermination: false\n")
    monkeypatch.setenv("KUBERVISOR_MAX_SERVICES", "8")
    settings = read_settings({"config": str(config), "min_floor_percent": 60})

    assert (settings.min_floor_percent, settings.max_services) == (60, 8)
    assert not settings.allow_termination
    assert settings.min_evaluation_period == 0.5


def test_the_environment_may_name_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("minFloorPercent: 30")
    monkeypatch.setenv("KUBERVISOR_CONFIG", str(config))

    assert Settings().min_floor_percent == 30


def test_a_source_has_all_its_credentials(config: Path) -> None:
    config.write_text(SOURCES)
    (source,) = Settings(config=config).sources

    assert (source.host, source.port) == ("thanos.monitoring", 9091)
    assert source.token_file == Path("/var/run/token")
    assert source.tenant_header
    assert source.tenant_header.value == "shop"
    assert "shop" not in repr(source.tenant_header), "a value may be a secret"
    assert [source.admits(name) for name in ("shop", "cart", "other")] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[1, 2]", "must hold settings", id="no mapping"),
        pytest.param("a: b: c", "is no YAML, see line 1", id="no YAML"),
        pytest.param("minFloor: 3", "unknown setting 'minFloor'", id="an unknown setting"),
        pytest.param("config: other.yaml", "unknown setting 'config'", id="a file in the file"),
        pytest.param("minFloorPercent: 101", "min_floor_percent", id="out of range"),
        pytest.param(
            "sources: [{name: a, url: 'https://u:p@h'}]", "tokenFile", id="a password in the URL"
        ),
        pytest.param(
            "sources: [{name: a, url: 'http://h', tokenFile: t}]",
            "https only",
            id="a token for all to read",
        ),
        pytest.param(
            "sources: [{name: a, url: 'https://h', certFile: t}]",
            "go together",
            id="a certificate without its key",
        ),
        pytest.param(
            "sources: [{name: a, url: 'https://h', tenantHeader: {name: Authorization, value: x}}]",
            "set by Kubervisor",
            id="a token as a tenant",
        ),
        pytest.param(
            'sources: [{name: a, url: "https://h", tenantHeader: {name: X, value: "a\\r\\nB: c"}}]',
            "pattern",
            id="a header in a header",
        ),
        pytest.param(
            "sources: [{name: a, url: 'https://h'}, {name: a, url: 'https://i'}]",
            "two sources are named a",
            id="a name twice",
        ),
        pytest.param("leaseName: others", "like kubervisor-traffic-east", id="a Lease not of ours"),
        pytest.param("x: '" + "y" * 2**20 + "'", "at most 1 MiB", id="too large"),
    ],
)
def test_what_cannot_be_used_is_bad_usage(text: str, said: str, config: Path) -> None:
    config.write_text(text)
    done = CliRunner().invoke(main, ["run", "--config", str(config)])

    assert done.exit_code == 2
    assert re.search(said, done.output), done.output


def test_no_file_is_bad_usage_that_names_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["run", "--config", str(tmp_path / "missing")])

    assert done.exit_code == 2
    assert "missing: cannot be read: No such file" in done.output


@pytest.mark.parametrize(
    "text",
    [
        "sources: [{name: a, url: 'https://h', token: hunter2}]",
        "sources: [{name: a, url: 'https://h', tenantHeader: {name: X, value: \"hunter2\\x07\"}}]",
        "sources: [{name: a, url: 'https://x:hunter2@h'}]",
        "sources: {hunter2: [",
        "kubeconfig: [hunter2]",
    ],
)
def test_no_message_quotes_what_may_be_a_secret(text: str, config: Path) -> None:
    config.write_text(text)
    done = CliRunner().invoke(main, ["run", "--config", str(config)])

    assert done.exit_code == 2
    assert "hunter2" not in done.output
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - whatever it says
        Settings(config=config)
    assert "hunter2" not in str(caught.value)


def test_the_flag_and_the_file_make_the_same_source() -> None:
    flagged = read_settings({"sources": ("main=https://a/b",)}).sources

    assert flagged == (NamedSource(name="main", url="https://a/b"),)


def test_values_have_no_place_in_a_validation_error() -> None:
    with pytest.raises(ValidationError) as caught:
        NamedSource(name="hunter2!", url="https://a")

    assert "hunter2" not in str(caught.value)


def test_the_example_of_the_guide_is_accepted(config: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "restrict-tenants.md"
    example = re.search(r"```yaml\n(.*?)```", guide.read_text(), re.DOTALL)
    assert example
    config.write_text(example[1])

    assert [source.name for source in Settings(config=config).sources] == ["main", "mimir"]
