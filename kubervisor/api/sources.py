"""Where a detector's measurements come from: a Prometheus server, or the pods' own pages."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from kubervisor.api.fields import (
    Address,
    ApiModel,
    Duration,
    Port,
    Rule,
    SourceName,
    UrlPath,
)
from kubervisor.traffic.defaults import default_of
from kubervisor.traffic.detector_policy import ScrapeRef, SourceRef


class PrometheusSource(ApiModel):
    """The server that answers a query: by its address, or by a configured name."""

    prometheus_service: Address | None = Field(
        default=None,
        description="Address of the Prometheus server as host[:port][/path], without a scheme; "
        "http is used. The administrator's allow patterns must admit it. Unset: `source` names "
        "the server.",
        examples=["prometheus.monitoring:9090"],
    )
    source: SourceName | None = Field(
        default=None,
        description="Name of a source that the administrator configured (URL, credentials, "
        "tenant). Unset: `prometheusService` gives the address.",
        examples=["main"],
    )

    @property
    def source_ref(self) -> SourceRef:
        """The server, by name or by address."""
        return SourceRef(name=self.source or "", address=self.prometheus_service or "")


class Scrape(ApiModel):
    """The pods' own metrics pages, read by the controller itself: no Prometheus is needed."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.interval) || (duration(self.interval) >= duration('500ms') && "
            "duration(self.interval) <= duration('1m'))",
            holds=lambda scrape: 0.5 <= scrape.interval <= 60,
            message="must have an interval from 500ms to 1m; write interval: 1s",
        ),
    )
    port: Port = Field(
        description="Port of the pod's metrics page, on the pod's own address.", examples=[8080]
    )
    path: UrlPath = Field(
        default=default_of(ScrapeRef, "path"),
        description="Path of the page.",
        examples=["/metrics"],
    )
    interval: Duration = Field(
        default=default_of(ScrapeRef, "interval"),
        description="Duration from one reading of a pod's page to the next, from 500ms to 1m.",
        examples=["1s"],
    )

    @property
    def ref(self) -> ScrapeRef:
        """The pages, as the pure core names them."""
        return ScrapeRef(self.port, self.path, self.interval)
