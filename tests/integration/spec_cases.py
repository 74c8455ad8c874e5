"""Specs that no CRD of ours admits, and the field that each message has to name."""

from __future__ import annotations

from typing import Any

import pytest

from playground.fleet_api import Json
from tests.integration.specs import continuous, custom, discrete, guarding

GOOD = guarding("shop", custom("detector.shop"))
UNKNOWN_MODE = {"mode": "whenever", "period": 1}


def with_breaker(**fields: Any) -> Json:
    """A spec whose only breaker has these fields too; None removes one."""
    breaker = custom("detector.shop") | fields
    return guarding("shop", {k: v for k, v in breaker.items() if v is not None})


TWO_DETECTORS = guarding("shop", custom("detector.shop") | continuous("p.shop", name="oracle"))

SPECS = [
    pytest.param("a text", "spec.service", id="no object at all"),
    pytest.param([1, 2], "spec.service", id="a list"),
    pytest.param({}, "spec.service", id="nothing in it"),
    pytest.param(GOOD | {"service": 5}, "spec.service", id="a Service by number"),
    pytest.param(GOOD | {"service": "Not_A_Name"}, "spec.service", id="no name of a Service"),
    pytest.param({"service": "shop"}, "spec.breakers", id="no breakers"),
    pytest.param(GOOD | {"breakers": []}, "spec.breakers", id="an empty list of breakers"),
    pytest.param(GOOD | {"breakers": 7}, "spec.breakers", id="breakers that are a number"),
    pytest.param(GOOD | {"breakers": ["b"]}, "spec.breakers[0]", id="a breaker that is a text"),
    pytest.param(
        guarding("shop", custom("a.b"), custom("c.d")), "spec.breakers", id="two of one name"
    ),
    pytest.param(with_breaker(customService=None), "spec.breakers[0]", id="no detector"),
    pytest.param(TWO_DETECTORS, "spec.breakers[0]", id="two detectors"),
    pytest.param(
        with_breaker(evaluationPeriod=0.001),
        "spec.breakers[0].evaluationPeriod",
        id="a period too short",
    ),
    pytest.param(
        with_breaker(evaluationPeriod=1e6),
        "spec.breakers[0].evaluationPeriod",
        id="a period too long",
    ),
    pytest.param(
        with_breaker(minPodsAvailableCount=-1),
        "spec.breakers[0].minPodsAvailableCount",
        id="a negative minimum",
    ),
    pytest.param(
        with_breaker(minPodsAvailableCount="2"),
        "spec.breakers[0].minPodsAvailableCount",
        id="a quoted number",
    ),
    pytest.param(
        with_breaker(activator=UNKNOWN_MODE),
        "spec.breakers[0].activator.mode",
        id="an unknown mode of a breaker's activator",
    ),
    pytest.param(
        GOOD | {"defaultActivator": UNKNOWN_MODE},
        "spec.defaultActivator.mode",
        id="an unknown mode of the default activator",
    ),
    pytest.param(
        with_breaker(customService="http://user@host/"),
        "spec.breakers[0].customService",
        id="a URL for an address",
    ),
    pytest.param(
        guarding("shop", discrete("prometheus.shop", tolerance=-5)),
        "spec.breakers[0].discreteValueOutOfList.tolerance",
        id="a negative tolerance",
    ),
]
