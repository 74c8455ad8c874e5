"""Presets: a `ratio` that is written for you, for the metrics of well-known exporters.

Each is one query over all pods that the source knows, without the name of a Service in it: all
Services of a preset and source share one answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kubervisor.api.ratio import Ratio


class Preset(StrEnum):
    """The exporters that have one."""

    HTTP = "http"
    GRPC = "grpc"
    ISTIO = "istio"
    LINKERD = "linkerd"
    NGINX = "nginx"
    ENVOY = "envoy"


@dataclass(frozen=True, slots=True)
class Exporter:
    """What an exporter calls its counter of requests, the outcome and the pod.

    `counts` is the expression over the counter; `fits` and `unfit` say where to use it and where
    not, `source` where its metrics are described.
    """

    title: str
    counts: str
    code_label: str
    bad_codes: str
    fits: str
    unfit: str
    source: str
    pod_label: str = "pod"


EXPORTERS = {
    Preset.HTTP: Exporter(
        title="HTTP servers with a Prometheus client",
        counts=(
            # Only series without a code get their status for it: two series that became one would
            # fail the query, for everybody who shares it.
            'sum by (namespace, pod, code) (increase(http_requests_total{code!=""}[60s]) or '
            'label_replace(increase(http_requests_total{code=""}[60s]), '
            '"code", "$1", "status", "(.+)"))'
        ),
        code_label="code",
        bad_codes="5..",
        fits="The program counts its own answers in `http_requests_total`, with the status in the "
        "label `code` or `status` (`503` or `5xx`).",
        unfit="The counter has another name, or counts the requests that the program sends.",
        source="https://prometheus.io/docs/practices/naming/",
    ),
    Preset.GRPC: Exporter(
        title="gRPC servers with a Prometheus interceptor",
        counts="sum by (namespace, pod, grpc_code) (increase(grpc_server_handled_total[60s]))",
        code_label="grpc_code",
        # Go writes Internal, Java INTERNAL. The server errors of OpenTelemetry's conventions.
        bad_codes="Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss|"
        "UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS",
        fits="The program counts its answers in `grpc_server_handled_total`. Failures are the "
        "codes that are the server's fault; NotFound or PermissionDenied are the client's.",
        unfit="DeadlineExceeded mostly means clients with short deadlines; or streams that live "
        "for hours: a stream counts when it ends.",
        source="https://github.com/grpc-ecosystem/go-grpc-middleware",
    ),
    Preset.ISTIO: Exporter(
        title="Istio",
        counts=(
            "sum by (namespace, pod, response_code) "
            '(increase(istio_requests_total{reporter="destination"}[60s]))'
        ),
        code_label="response_code",
        bad_codes="5..",
        fits="The pods have sidecars, which count what their own pod answers.",
        unfit="The mesh is ambient: a waypoint or ztunnel counts for many pods. Or gRPC: its "
        "failures have response code 200.",
        source="https://istio.io/latest/docs/reference/config/metrics/",
    ),
    Preset.LINKERD: Exporter(
        title="Linkerd",
        counts=(
            "sum by (namespace, pod, classification) "
            '(increase(response_total{direction="inbound"}[60s]))'
        ),
        code_label="classification",
        bad_codes="failure",
        fits="The pods are meshed. Linkerd classifies HTTP 5xx and failed gRPC answers as "
        "failures.",
        unfit="The port is opaque or skipped: its requests are not counted.",
        source="https://linkerd.io/2/reference/proxy-metrics/",
    ),
    Preset.NGINX: Exporter(
        title="Ingress NGINX Controller",
        counts=(
            "label_replace(sum by (controller_namespace, controller_pod, status) "
            "(increase(nginx_ingress_controller_requests[60s])), "
            '"namespace", "$1", "controller_namespace", "(.+)")'
        ),
        code_label="status",
        bad_codes="5..",
        pod_label="controller_pod",
        fits="The guarded Service is the ingress controller's own: a replica of the controller "
        "that fails more than the other replicas.",
        unfit="The pods behind an Ingress are to be judged: the controller does not say which pod "
        "answered. Or one replica gets traffic that the others do not (externalTrafficPolicy: "
        "Local beside one sick backend).",
        source="https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/",
    ),
    Preset.ENVOY: Exporter(
        title="Envoy",
        counts=(
            "sum by (namespace, pod, envoy_response_code_class) (increase("
            'envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix!="admin"}[60s]))'
        ),
        code_label="envoy_response_code_class",
        bad_codes="5",
        fits="An Envoy in each pod, as a gateway or a sidecar, counts what it answers.",
        unfit="The sidecar also carries the pod's own outgoing requests over HTTP: they are "
        "counted too. Write a `ratio` with the inbound connection manager's prefix.",
        source="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats",
    ),
}


@lru_cache(maxsize=256)
def as_ratio(preset: Preset, *, source: str | None, prometheus_service: str | None) -> Ratio:
    """The detector that the preset stands for, as if it were written out.

    Whole clusters name the same preset of the same source: it is checked once.
    """
    return Ratio.model_validate(
        ratio_fields(preset) | {"source": source, "prometheusService": prometheus_service}
    )


def ratio_fields(preset: Preset) -> dict[str, str]:
    """The fields of the preset's `ratio`, without a source."""
    exporter = EXPORTERS[preset]
    return {
        "promQL": exporter.counts,
        "podLabel": exporter.pod_label,
        "codeLabel": exporter.code_label,
        "badCodes": exporter.bad_codes,
    }
