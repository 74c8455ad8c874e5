"""Each preset: the ratio it stands for, and what its query makes of an exporter's metrics."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.api.policy import to_policy
from kubervisor.api.presets import EXPORTERS, Preset, ratio_fields
from kubervisor.api.presets_page import presets_page
from kubervisor.traffic.detector_policy import Query, RatioPolicy, SourceRef
from kubervisor.traffic.patterns import compile_pattern
from playground import binaries

PRESETS = pytest.mark.parametrize("preset", list(Preset), ids=str)

# By preset: series as they are after a scrape, each of which grows by 1 a second, and the labels
# that the preset's query gives. In 60 seconds each grows by 60.
ON_POD = 'namespace="shop",pod="web-0"'
SEEN: dict[Preset, dict[str, dict[str, str]]] = {
    Preset.HTTP: {
        f'http_requests_total{{{ON_POD},code="500",method="get"}}': {"code": "500"},
        'http_requests_total{namespace="shop",pod="web-1",status="5xx"}': {
            "code": "5xx",
            "pod": "web-1",
        },
        'http_requests_total{namespace="shop",pod="web-2",code="503",status="200"}': {
            "code": "503",
            "pod": "web-2",
        },
        'http_requests_total{namespace="shop",pod="web-2",code="200"}': {
            "code": "200",
            "pod": "web-2",
        },
    },
    Preset.GRPC: {
        f'grpc_server_handled_total{{{ON_POD},grpc_code="Internal",grpc_method="Buy",'
        'grpc_service="shop.Cart",grpc_type="unary"}': {"grpc_code": "Internal"},
    },
    Preset.ISTIO: {
        f'istio_requests_total{{{ON_POD},reporter="destination",response_code="503",'
        'destination_workload="web"}': {"response_code": "503"},
        f'istio_requests_total{{{ON_POD},reporter="source",response_code="500"}}': {},
    },
    Preset.LINKERD: {
        f'response_total{{{ON_POD},direction="inbound",classification="failure",'
        'status_code="500"}': {"classification": "failure"},
        f'response_total{{{ON_POD},direction="outbound",classification="success"}}': {},
    },
    Preset.NGINX: {
        'nginx_ingress_controller_requests{controller_namespace="shop",controller_pod="web-0",'
        'exported_namespace="blog",namespace="monitoring",ingress="blog",status="502"}': {
            "status": "502"
        },
    },
    Preset.ENVOY: {
        f'envoy_http_downstream_rq_xx{{{ON_POD},envoy_response_code_class="5",'
        'envoy_http_conn_manager_prefix="ingress_http"}': {"envoy_response_code_class": "5"},
        f'envoy_http_downstream_rq_xx{{{ON_POD},envoy_response_code_class="2",'
        'envoy_http_conn_manager_prefix="admin"}': {},
    },
}
FAILURES = {
    Preset.HTTP: ("503", "5xx"),
    Preset.GRPC: ("Internal", "UNAVAILABLE"),
    Preset.ISTIO: ("500",),
    Preset.LINKERD: ("failure",),
    Preset.NGINX: ("504", "5xx"),
    Preset.ENVOY: ("5",),
}
SUCCESSES = {
    Preset.HTTP: ("200", "404", "2xx"),
    Preset.GRPC: ("OK", "NotFound", "PERMISSION_DENIED"),
    Preset.ISTIO: ("200", "429", "0"),
    Preset.LINKERD: ("success",),
    Preset.NGINX: ("200", "499"),
    Preset.ENVOY: ("2", "4"),
}


def guarded(preset: Preset, service: str = "web", **source: str) -> dict[str, Any]:
    breaker = {"name": "b", "preset": str(preset)} | (source or {"source": "main"})
    return {"service": service, "breakers": [breaker]}


@PRESETS
def test_a_preset_is_the_ratio_that_its_page_shows(preset: Preset) -> None:
    written = {"name": "b", "ratio": {"source": "main"} | ratio_fields(preset)}
    assert to_policy(guarded(preset)) == to_policy({"service": "web", "breakers": [written]})
    for value in ratio_fields(preset).values():
        assert f"'{value}'" in presets_page()


@PRESETS
def test_all_services_of_a_preset_and_a_source_ask_the_same(preset: Preset) -> None:
    policies = [to_policy(guarded(preset, service)) for service in ("cart", "shop")]
    detectors = [policy.breakers[0].detector for policy in policies]
    assert detectors[0] == detectors[1]
    detector = detectors[0]
    assert isinstance(detector, RatioPolicy)
    assert detector.source == SourceRef(name="main")
    assert detector.queries == (Query(EXPORTERS[preset].counts, 60.0),)


def test_an_address_stands_beside_a_preset_too() -> None:
    spec = guarded(Preset.HTTP, prometheusService="prometheus.monitoring:9090")
    detector = to_policy(spec).breakers[0].detector
    assert isinstance(detector, RatioPolicy)
    assert detector.source == SourceRef(address="prometheus.monitoring:9090")


@PRESETS
def test_failures_are_told_from_what_is_not_the_servers_fault(preset: Preset) -> None:
    failed = compile_pattern(EXPORTERS[preset].bad_codes).fullmatch
    assert [code for code in (*FAILURES[preset], *SUCCESSES[preset]) if failed(code)] == list(
        FAILURES[preset]
    )


@pytest.mark.cluster  # of its programs it needs promtool
def test_prometheus_evaluates_each_preset_as_expected(tmp_path: Path) -> None:
    """One unit test of rules per preset: Prometheus itself computes its query over the series."""
    cases = [
        {
            "interval": "15s",
            "input_series": [{"series": series, "values": "0+15x20"} for series in SEEN[preset]],
            "promql_expr_test": [
                {
                    "expr": EXPORTERS[preset].counts,
                    "eval_time": "3m",
                    "exp_samples": [
                        {"labels": _selector(preset, labels), "value": 60}
                        for labels in SEEN[preset].values()
                        if labels
                    ],
                }
            ],
        }
        for preset in Preset
    ]
    path = tmp_path / "presets.yaml"
    path.write_text(yaml.safe_dump({"evaluation_interval": "15s", "tests": cases}))
    promtool = binaries.ensure() / "promtool"
    done = subprocess.run(
        [promtool, "test", "rules", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _selector(preset: Preset, labels: dict[str, str]) -> str:
    pod = {"namespace": "shop", EXPORTERS[preset].pod_label: "web-0"}
    if preset is Preset.NGINX:
        pod["controller_namespace"] = "shop"
    return "{" + ",".join(f'{name}="{value}"' for name, value in (pod | labels).items()) + "}"
