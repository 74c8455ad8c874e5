"""What `kubervisor run --capability watchdog` may be told, and what it loads."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from kubervisor.assembly import find_lease_name
from kubervisor.cli import main
from kubervisor.watchdog_settings import WatchdogSettings


def run(*flags: str, **env: str) -> Result:
    return CliRunner().invoke(main, ["run", *flags], env=env)


def test_the_defaults_are_autocranes() -> None:
    settings = WatchdogSettings()
    assert (settings.probe_period, settings.probe_timeout) == (30, 5)
    assert (settings.probe_failures, settings.probe_successes) == (1, 1)
    assert (settings.scan_period, settings.scans, settings.eviction_grace) == (60, 4, 120)


def test_what_is_dangerous_is_off() -> None:
    settings = WatchdogSettings()
    assert not settings.probe_loopback
    assert not settings.trust_posted
    assert not settings.evict_unowned
    assert settings.leader_elect
    assert settings.listen.startswith("127.0.0.1:")
    assert settings.ports == range(1024, 65536)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERVISOR_WATCHDOG_PROBE_PERIOD", "10")
    monkeypatch.setenv("KUBERVISOR_WATCHDOG_TRUST_POSTED", "true")
    monkeypatch.setenv("KUBERVISOR_WATCHDOG_PROBE_PORTS", "8000-9000")
    settings = WatchdogSettings()
    assert (settings.probe_period, settings.trust_posted) == (10, True)
    assert settings.ports == range(8000, 9001)


@pytest.mark.parametrize(
    ("flags", "env", "says"),
    [
        (("--probe-ports=80",), {}, "probe_ports: Value error, must be FIRST-LAST"),
        (("--probe-ports=9000-8000",), {}, "probe_ports"),
        (("--probe-ports=0-70000",), {}, "probe_ports"),
        (("--probe-period=0",), {}, "probe_period"),
        (("--probe-period=soon",), {}, "--probe-period"),
        (("--scans=0",), {}, "scans"),
        (("--listen=nowhere",), {}, "listen"),
        (("--namespace=Not_One",), {}, "Not_One"),
        (("--lease-name=kubervisor-traffic",), {}, "kubervisor-watchdog-east"),
        ((), {"KUBERVISOR_WATCHDOG_PROBE_TIMEOUT": "60"}, "probe_timeout"),
        (("--source=main=http://x",), {}, "--source is no flag of --capability watchdog"),
        (("--dashboard-listen=127.0.0.1:0",), {}, "--dashboard-listen is no flag"),
        (("--kubeconfig=/no/such/file",), {}, "/no/such/file"),
    ],
)
def test_bad_usage_says_what(flags: tuple[str, ...], env: dict[str, str], says: str) -> None:
    ended = run("--capability=watchdog", *flags, **env)
    assert ended.exit_code in (1, 2)
    assert says in ended.stderr


def test_flags_of_watchdogs_are_none_of_traffics() -> None:
    ended = run("--probe-period=10")
    assert ended.exit_code == 2
    assert "--probe-period is no flag of --capability traffic" in ended.stderr


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (WatchdogSettings(), "kubervisor-watchdog"),
        (WatchdogSettings(lease_name="kubervisor-watchdog-east"), "kubervisor-watchdog-east"),
    ],
)
def test_the_lease(settings: WatchdogSettings, name: str) -> None:
    assert find_lease_name(settings) == name


def test_each_set_of_namespaces_has_a_lease_of_its_own() -> None:
    names = [find_lease_name(WatchdogSettings(namespaces=(name,))) for name in ("a", "b")]
    assert len({*names, "kubervisor-watchdog"}) == 3
    assert all(name.startswith("kubervisor-watchdog-") for name in names)


def test_its_process_loads_nothing_of_what_moves_traffic() -> None:
    script = "import sys, kubervisor.watchdog_app, kubervisor.cli.run; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    loaded = set(said.stdout.split())
    assert "kubervisor.watchdog.prober" in loaded
    for module in ("numpy", "starlette", "kubervisor.app", "kubervisor.ui", "kubervisor.replay"):
        assert module not in loaded
    assert "kubervisor.runtime.controller" not in loaded
