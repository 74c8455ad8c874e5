"""The original's detectors that ask Prometheus: fields, names and defaults are its own."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from kubervisor.api.fields import (
    Number,
    Query,
    Rule,
    Text,
    Uint,
    Values,
)
from kubervisor.api.sources import PrometheusSource
from kubervisor.traffic.detector_policy import ContinuousPolicy, DiscretePolicy


class PrometheusQuery(PrometheusSource):
    """An instant query and the server that answers it."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.prometheusService) != has(self.source)",
            holds=lambda query: (query.prometheus_service is None) != (query.source is None),
            message="must have exactly one of prometheusService and source; write "
            'prometheusService: "prometheus.monitoring:9090", or the name of a configured source',
        ),
    )
    prom_ql: Query = Field(
        alias="promQL",
        description="PromQL expression, evaluated as an instant query once per evaluation "
        "period. It must return an instant vector with a label that names the pod; samples of "
        "pods that are not members of the Service are ignored.",
        examples=["sum(increase(requests_total[30s])) by (code, pod)"],
    )
    pod_namekey: Text = Field(
        alias="podNamekey",
        description="Label of the samples that holds the name of the pod. Spelt with a "
        "lower-case k.",
        examples=["pod"],
    )


class DiscreteValueOutOfList(PrometheusQuery):
    """Outliers are pods whose samples carry too large a share of values that are out of a list.

    The sample value is a count of events, such as responses with one status code. Give exactly one
    of goodValues and badValues.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *PrometheusQuery.rules,
        Rule(
            cel="(has(self.goodValues) && size(self.goodValues) > 0) != "
            "(has(self.badValues) && size(self.badValues) > 0)",
            holds=lambda detector: bool(detector.good_values) != bool(detector.bad_values),
            message="must have values in exactly one of goodValues and badValues; write "
            'goodValues: ["200"], or badValues: ["500"]',
        ),
    )
    key: Text = Field(
        description="Label of the samples that holds the value to judge, such as a status code. A "
        "sample without it has the empty value.",
        examples=["code"],
    )
    good_values: Values = Field(
        default_factory=list,
        description="Values of the label that are good; every other value counts against the pod. "
        "Unset: badValues are given.",
        examples=[["200", "201"]],
    )
    bad_values: Values = Field(
        default_factory=list,
        description="Values of the label that count against the pod; every other value is good. "
        "Unset: goodValues are given.",
        examples=[["500", "503"]],
    )
    tolerance: Uint = Field(
        default=50,
        description="Percent of the pod's events. A pod is an outlier when more than this share "
        "counts against it; with 100 or more it never is.",
        examples=[50],
    )
    min_activity: Uint = Field(
        default=2,
        description="Number of events of a pod in the result of the query below which it is not "
        "judged.",
        examples=[2],
    )

    def policy(self) -> DiscretePolicy:
        """What the pure core judges by."""
        return DiscretePolicy(
            source=self.source_ref,
            query=self.prom_ql,
            key=self.key,
            pod_label=self.pod_namekey,
            good=frozenset(self.good_values),
            bad=frozenset(self.bad_values),
            tolerance_percent=float(self.tolerance),
            minimum_activity=float(self.min_activity),
        )


class ContinuousValueDeviation(PrometheusQuery):
    """Outliers are pods whose value is too far from the fleet's.

    The query itself divides the pod's value by the fleet's, so that 1 is normal; write a minimum
    activity into the query too.
    """

    max_deviation_percent: Annotated[Number, Field(gt=0, le=1_000_000)] = Field(
        default=75.0,
        description="Percent. A pod is an outlier when its sample differs from 1 by more than "
        "this, to either side.",
        examples=[75],
    )

    def policy(self) -> ContinuousPolicy:
        """What the pure core judges by."""
        return ContinuousPolicy(
            source=self.source_ref,
            query=self.prom_ql,
            pod_label=self.pod_namekey,
            max_deviation_percent=self.max_deviation_percent,
        )
