"""`autopilot-operator.yaml`: how an operator runs, with defaults for all that it does not say.

What is in the environment wins over the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from kubervisor.capability_settings import check_address
from kubervisor.workflow.project import names
from kubervisor.workflow.project.problems import Problems, quoted
from kubervisor.workflow.project.reading_phases import SHORTEST_INTERVAL
from kubervisor.workflow.project.section import Section, read_section

CONFIG_FILE = "autopilot-operator.yaml"

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

_FIELDS = (
    "version",
    "meshProvider",
    "controlPlaneNs",
    "workInterval",
    "metricsAddr",
    "enableLeaderElection",
    "watchNamespace",
    "leaderElectionNamespace",
    "logLevel",
)
_MESHES: Mapping[str | int, str] = dict.fromkeys(("Istio", "SMI", "Custom", 0, 1), "")
"""All mean the same here: metrics are asked of the one Prometheus that is named."""
_LEVELS: Mapping[str | int, LogLevel] = {
    0: "debug",
    1: "info",
    2: "warning",
    **dict.fromkeys((3, 4, 5, 6), "error"),
}
_CONTROL_PLANE = "istio-system"


@dataclass(frozen=True, slots=True)
class OperatorConfig:
    """How an operator runs. `work_interval` is in seconds.

    `metrics_listen` is host:port of its metrics and health pages, "" for none. No `lease_namespace`
    is the account's own, and no `watch_namespaces` are all namespaces.
    """

    work_interval: float = 5.0
    metrics_listen: str = "0.0.0.0:9091"
    leader_elect: bool = True
    lease_namespace: str = ""
    watch_namespaces: tuple[str, ...] = ()
    prometheus_url: str = f"http://prometheus.{_CONTROL_PLANE}:9090"
    log_level: LogLevel = "info"


_DEFAULT = OperatorConfig()


def read_config(
    text: str, environ: Mapping[str, str], *, file: str = CONFIG_FILE
) -> OperatorConfig:
    """What a file and the environment say; an empty file says nothing.

    Heeded are WATCH_NAMESPACE, one or several with commas between, METRICS_SERVER, the URL of a
    Prometheus, and POD_NAMESPACE, where the Lease is unless the file says. Raises ProjectError with
    every problem and its line.
    """
    problems = Problems(file)
    section = read_section(text, problems, _FIELDS)
    section.text("version")
    section.choice("meshProvider", _MESHES, "")
    config = OperatorConfig(
        work_interval=section.seconds("workInterval", least=SHORTEST_INTERVAL)
        or _DEFAULT.work_interval,
        metrics_listen=_listen(section),
        leader_elect=section.flag("enableLeaderElection", default=_DEFAULT.leader_elect),
        lease_namespace=_namespace(section, "leaderElectionNamespace")
        or environ.get("POD_NAMESPACE", ""),
        watch_namespaces=_watched(section, environ.get("WATCH_NAMESPACE", ""), problems),
        prometheus_url=_prometheus(section, environ.get("METRICS_SERVER", ""), problems),
        log_level=section.choice("logLevel", _LEVELS, _DEFAULT.log_level),
    )
    problems.raise_any()
    return config


def _listen(section: Section) -> str:
    """No host means every address, as in Go."""
    if "metricsAddr" not in section:
        return _DEFAULT.metrics_listen
    written = section.text("metricsAddr")
    address = f"0.0.0.0{written}" if written.startswith(":") else written
    try:
        return check_address(address) if address else ""
    except ValueError:
        section.add(
            section.line_of("metricsAddr"),
            f'metricsAddr must be such as ":9091", or "" for none; is {quoted(written)}',
        )
        return ""


def _namespace(section: Section, name: str) -> str:
    written = section.text(name)
    if written and not names.NAMESPACE.fullmatch(written):
        section.add(
            section.line_of(name), f"{name} must be a namespace's name; is {quoted(written)}"
        )
    return written


def _watched(section: Section, said: str, problems: Problems) -> tuple[str, ...]:
    written = _namespace(section, "watchNamespace")
    if not said:
        return (written,) if written else ()
    found = tuple(dict.fromkeys(one.strip() for one in said.split(",")))
    for one in found:
        if not names.NAMESPACE.fullmatch(one):
            problems.add(0, f"WATCH_NAMESPACE must be names of namespaces; has {quoted(one)}")
    return found


def _prometheus(section: Section, said: str, problems: Problems) -> str:
    namespace = _namespace(section, "controlPlaneNs") or _CONTROL_PLANE
    if not said:
        return f"http://prometheus.{namespace}:9090"
    url = said if "://" in said else f"http://{said}"
    if not _is_server(url):
        # Not quoted: it may hold a password.
        problems.add(0, "METRICS_SERVER must be a URL such as http://prometheus.monitoring:9090")
    return url.rstrip("/")


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
