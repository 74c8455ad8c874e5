"""What a repository says of itself, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

from kubervisor.datarollout.versions import Version
from kubervisor.telemetry.series import Counters, Gauges

_SOURCE = ("source",)


class RepositoryMetrics:
    """The metrics of one repository; sources are those that are configured or admitted."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.crawls = Counters(
            "kubervisor_data_crawls_total",
            "Looks at a source by outcome: New, Unchanged, or the reason why it failed.",
            ("source", "outcome"),
            registry=registry,
        )
        self.failing = Gauges(
            "kubervisor_data_source_failing",
            "1 while the last look at a source failed; the log and /readyz say why.",
            _SOURCE,
            registry=registry,
        )
        self.last_success = Gauges(
            "kubervisor_data_source_last_success_timestamp_seconds",
            "When a source was last looked at with success; 0: not since the start.",
            _SOURCE,
            registry=registry,
        )
        self.versions = Gauges(
            "kubervisor_data_versions", "Published versions.", _SOURCE, registry=registry
        )
        self.newest = Gauges(
            "kubervisor_data_newest_timestamp_seconds",
            "The instant of the newest published version.",
            _SOURCE,
            registry=registry,
        )
        self.newest_bytes = Gauges(
            "kubervisor_data_newest_bytes",
            "Bytes of the newest published version's archive.",
            _SOURCE,
            registry=registry,
        )
        self.downloads = Counters(
            "kubervisor_data_downloads_total",
            "Requests for archives that were answered with one, or with a part.",
            _SOURCE,
            registry=registry,
        )
        refused = Counters(
            "kubervisor_data_refused_requests_total",
            "Requests without the token.",
            (),
            registry=registry,
        )
        self.refused = refused.labels()
        self.problems = Gauge(
            "kubervisor_data_spec_problems",
            "Sources whose spec cannot be used; the log and /readyz name them.",
            registry=registry,
        )

    def begin(self, source: str) -> None:
        """Show the series of a source from the start."""
        for metric in (self.failing, self.last_success, self.versions, self.downloads):
            metric.labels(source)

    def show(self, source: str, versions: tuple[Version, ...]) -> None:
        """Have the series of a source say what is published."""
        self.versions.labels(source).set(len(versions))
        if versions:
            self.newest.labels(source).set(versions[-1].at)
            self.newest_bytes.labels(source).set(versions[-1].size)

    def forget(self, source: str) -> None:
        """Drop the series of a source that is no more."""
        for metric in (
            self.crawls,
            self.failing,
            self.last_success,
            self.versions,
            self.newest,
            self.newest_bytes,
            self.downloads,
        ):
            metric.remove_by_labels({"source": source})
