"""How an operator runs: the file, the defaults for what it does not say, and the environment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kubervisor.workflow.project.operator_config import OperatorConfig, read_config
from kubervisor.workflow.project.problems import ProjectError

ORIGINAL = """\
controlPlaneNs: istio-system
enableLeaderElection: true
logLevel: 1
metricsAddr: :9091
version: 0.0.1
workInterval: 5s
"""
"""As the original's `init` wrote it."""


def test_the_file_of_the_original_says_what_are_the_defaults() -> None:
    assert read_config(ORIGINAL, {}) == read_config("", {}) == OperatorConfig()


def test_what_a_file_does_not_say_has_its_default() -> None:
    assert read_config("workInterval: 1m\n", {}) == OperatorConfig(work_interval=60.0)


def test_a_file_says_how_the_operator_runs() -> None:
    text = """\
    meshProvider: Custom
    controlPlaneNs: mesh
    metricsAddr: 127.0.0.1:0
    enableLeaderElection: false
    watchNamespace: shop
    leaderElectionNamespace: leases
    logLevel: 3
    """
    assert read_config(text, {}) == OperatorConfig(
        metrics_listen="127.0.0.1:0",
        leader_elect=False,
        lease_namespace="leases",
        watch_namespaces=("shop",),
        prometheus_url="http://prometheus.mesh:9090",
        log_level="error",
    )


@pytest.mark.parametrize(
    ("number", "level"),
    [*enumerate(["debug", "info", "warning", "error", "error", "error", "error"])],
)
def test_levels_are_the_numbers_of_the_original(number: int, level: str) -> None:
    assert read_config(f"logLevel: {number}", {}).log_level == level


def test_an_empty_address_serves_no_metrics() -> None:
    assert read_config('metricsAddr: ""', {}).metrics_listen == ""


@pytest.mark.parametrize("mesh", ["Istio", "SMI", "Custom", "0", "1"])
def test_a_mesh_of_the_original_is_understood(mesh: str) -> None:
    assert read_config(f"meshProvider: {mesh}", {}) == OperatorConfig()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param(
            {"WATCH_NAMESPACE": "a, b,a"}, {"watch_namespaces": ("a", "b")}, id="namespaces"
        ),
        pytest.param({"WATCH_NAMESPACE": ""}, {"watch_namespaces": ("shop",)}, id="empty"),
        pytest.param(
            {"METRICS_SERVER": "https://thanos.example:10902/"},
            {"prometheus_url": "https://thanos.example:10902"},
            id="a URL",
        ),
        pytest.param(
            {"METRICS_SERVER": "prometheus.monitoring:9090"},
            {"prometheus_url": "http://prometheus.monitoring:9090"},
            id="without a scheme",
        ),
        pytest.param({"POD_NAMESPACE": "canary-operator"}, {"lease_namespace": "canary-operator"}),
    ],
)
def test_the_environment_wins(environ: Mapping[str, str], expected: Mapping[str, object]) -> None:
    config = read_config("watchNamespace: shop\ncontrolPlaneNs: mesh\n", environ)

    assert {name: getattr(config, name) for name in expected} == expected


def test_the_lease_is_where_the_file_says_it_is() -> None:
    config = read_config("leaderElectionNamespace: leases", {"POD_NAMESPACE": "elsewhere"})
    assert config.lease_namespace == "leases"


def test_all_problems_are_told_with_their_lines() -> None:
    text = """\
workInterval: 5
metricsAddr: "9091"
logLevel: 7
watchNamespace: A_B
watchInterval: 5s
meshProvider: Linkerd
"""
    with pytest.raises(ProjectError) as caught:
        read_config(text, {"WATCH_NAMESPACE": "a,*", "METRICS_SERVER": "ftp://user:secret@x"})

    assert str(caught.value).replace("autopilot-operator.yaml", "") == (
        "METRICS_SERVER must be a URL such as http://prometheus.monitoring:9090\n"
        "WATCH_NAMESPACE must be names of namespaces; has `*`\n"
        ":1: workInterval must be a duration of at most 8760h such as 30s, 1h30m or 500ms\n"
        ':2: metricsAddr must be such as ":9091", or "" for none; is `9091`\n'
        ":3: logLevel must be one of 0, 1, 2, 3, 4, 5, 6\n"
        ":4: watchNamespace must be a namespace's name; is `A_B`\n"
        ":5: there is no field `watchInterval`; did you mean workInterval?\n"
        ":6: meshProvider must be one of Istio, SMI, Custom, 0, 1"
    )
