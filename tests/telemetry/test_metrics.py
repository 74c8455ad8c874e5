"""Every metric is named as Prometheus asks for, described on its page, and forgotten in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import Histogram
from prometheus_client.metrics import MetricWrapperBase

import metrics_page
from kubervisor.telemetry import data_metrics, rule_metrics, traffic_metrics
from kubervisor.telemetry.registry import REGISTRY
from kubervisor.telemetry.series import Counters, Many

METRICS = metrics_page.METRICS
OF_SERVICES = [one for one in METRICS if "service" in metrics_page.label_names(one)]
OF_ROLLOUTS = [one for one in METRICS if "source" in metrics_page.label_names(one)]
OF_RULES = [one for one in METRICS if "rule" in metrics_page.label_names(one)]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    for service in ("cart", "price"):
        traffic_metrics.forget_service("shop", service)
        data_metrics.forget_rollout("shop", service)
        rule_metrics.forget_rule(service)


def shown(**labels: str) -> set[str]:
    """Names of the series with these labels that the page shows."""
    return {
        sample.name
        for family in REGISTRY.collect()
        for sample in family.samples
        if labels.items() <= sample.labels.items()
    }


def fill(metric: MetricWrapperBase | Many, **labels: str) -> None:
    """Let the metric have a series with these labels, and any others it needs."""
    assert isinstance(metric, Many), "what each Service or source has its own of is kept small"
    metric.labels(*(labels.get(name, "x") for name in metric.label_names)).inc()


def test_the_page_is_up_to_date() -> None:
    assert metrics_page.PAGE.read_text() == metrics_page.page(), "run `python hack/metrics_page.py`"


@pytest.mark.parametrize("metric", METRICS, ids=lambda one: next(iter(one.describe())).name)
def test_a_metric_is_named_and_described(metric: MetricWrapperBase | Many) -> None:
    (family,) = metric.describe()
    assert family.name.startswith("kubervisor_")
    assert family.documentation.endswith(".")
    assert not {"pod", "node"} & set(metrics_page.label_names(metric))
    if isinstance(metric, Histogram):
        assert family.name.endswith("_seconds")


def test_everything_of_a_service_goes_with_it() -> None:
    for metric in OF_SERVICES:
        for service in ("cart", "price"):
            fill(metric, namespace="shop", service=service)

    traffic_metrics.forget_service("shop", "cart")

    assert shown(namespace="shop", service="cart") == set()
    assert len(shown(namespace="shop", service="price")) == len(OF_SERVICES)


def test_everything_of_a_rollout_goes_with_it() -> None:
    for metric in OF_ROLLOUTS:
        for source in ("cart", "price"):
            fill(metric, namespace="shop", source=source)

    data_metrics.forget_rollout("shop", "cart")

    assert shown(namespace="shop", source="cart") == set()
    assert len(shown(namespace="shop", source="price")) == len(OF_ROLLOUTS)


def test_everything_of_a_rule_goes_with_it() -> None:
    for metric in OF_RULES:
        for rule in ("cart", "price"):
            fill(metric, rule=rule)

    rule_metrics.forget_rule("cart")

    assert shown(rule="cart") == set()
    assert len(shown(rule="price")) == len(OF_RULES)


def test_everything_of_a_breaker_goes_with_it_and_the_others_stay() -> None:
    of_breakers = [one for one in METRICS if "breaker" in metrics_page.label_names(one)]
    for metric in OF_SERVICES:
        fill(metric, namespace="shop", service="cart", breaker="codes")
        fill(metric, namespace="shop", service="cart", breaker="latency")

    traffic_metrics.forget_breaker("shop", "cart", "codes")

    assert shown(namespace="shop", service="cart", breaker="codes") == set()
    kept = shown(namespace="shop", service="cart", breaker="latency")
    assert len(kept) == len(of_breakers)


def test_counters_begin_with_zero_so_that_the_first_ejection_is_an_increase() -> None:
    traffic_metrics.begin_breaker("shop", "cart", "codes")

    counters = {
        sample.name: sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.labels.get("service") == "cart" and sample.name.endswith("_total")
    }
    assert len(counters) == sum(isinstance(one, Counters) for one in OF_SERVICES)
    assert set(counters.values()) == {0.0}


def test_the_process_tells_of_itself() -> None:
    assert {"process_resident_memory_bytes", "process_open_fds"} <= shown()
    assert "python_gc_collections_total" in shown()
