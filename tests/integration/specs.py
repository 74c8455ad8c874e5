"""KubervisorServices as tests write them: short, and with loops fast enough for a test."""

from __future__ import annotations

from typing import Any

from playground.fleet_api import Json

GROUP = "kubervisor.k8s.io"
OUT_FOR_LONG = 600.0
"""Seconds out of traffic that no test lives to see the end of."""


def path_of(namespace: str, name: str = "") -> str:
    """Where KubervisorServices of a namespace are, or one of them."""
    collection = f"/apis/{GROUP}/v1alpha1/namespaces/{namespace}/kubervisorservices"
    return f"{collection}/{name}" if name else collection


def custom(address: str, *, name: str = "oracle", period: float = 0.5, **fields: Any) -> Json:
    """A breaker that asks a custom detector."""
    return {"name": name, "evaluationPeriod": period, "customService": address, **fields}


def discrete(address: str, *, name: str = "codes", period: float = 0.5, **fields: Any) -> Json:
    """A breaker on the share of samples whose code is 500; `fields` in camelCase are its own."""
    detector = {
        "prometheusService": address,
        "promQL": "sum by (namespace, pod, code) (requests)",
        "key": "code",
        "podNamekey": "pod",
        "badValues": ["500"],
        "tolerance": fields.pop("tolerance", 20),
        "minActivity": fields.pop("min_activity", 2),
    }
    return {
        "name": name,
        "evaluationPeriod": period,
        "discreteValueOutOfList": detector,
        **fields,
    }


def continuous(address: str, *, name: str = "value", period: float = 0.5, **fields: Any) -> Json:
    """A breaker on the distance of a sample from 1."""
    detector = {
        "prometheusService": address,
        "promQL": "value / scalar(avg(value))",
        "podNamekey": "pod",
        "maxDeviationPercent": fields.pop("deviation", 50),
    }
    return {
        "name": name,
        "evaluationPeriod": period,
        "continuousValueDeviation": detector,
        **fields,
    }


def guarding(service: str, *breakers: Json, period: float = OUT_FOR_LONG, **fields: Any) -> Json:
    """A spec whose pods stay out for `period` seconds, unless `defaultActivator` says otherwise."""
    activator = {"mode": "periodic", "period": period}
    return {"service": service, "breakers": [*breakers], "defaultActivator": activator} | fields
