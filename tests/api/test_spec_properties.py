"""Whatever stands in an object, `to_policy` answers with a policy or with a SpecError."""

from __future__ import annotations

import copy
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.api.measured import PLAIN
from kubervisor.api.policy import parse_spec, to_policy
from kubervisor.api.presets import Preset
from kubervisor.errors import SpecError
from kubervisor.traffic.promql import is_plain_selector

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("30s")
    | st.just("5%")
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = st.from_regex(r"\A[a-z][-a-z0-9]{0,20}[a-z0-9]\Z")
UINTS = st.integers(0, 2**31 - 1)
SECONDS = st.floats(0.01, 86_400, exclude_min=True)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with any subset of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


def durations(least: int = 0) -> st.SearchStrategy[str]:
    return st.integers(least, 8760 * 3600).map(lambda s: f"{s}s") | st.integers(
        max(1, least // 60 + 1), 500_000
    ).map(lambda m: f"{m}m")


ACTIVATORS = some(
    mode=st.sampled_from(["periodic", "retryAndKill", "retryAndPause"]),
    period=SECONDS,
    maxRetryCount=UINTS,
    maxPauseCount=UINTS,
    maxPeriod=durations(86_400),
    jitterPercent=st.floats(0, 100),
    probation=durations(),
    returnStagger=durations(),
    killMode=st.sampled_from(["evict", "delete"]),
)
SOURCES = st.just({"prometheusService": "prometheus:9090"}) | st.just({"source": "main"})
QUERIES = st.fixed_dictionaries(
    {"promQL": st.text(min_size=1), "podNamekey": st.text(min_size=1, max_size=256)}
)
VALUES = st.lists(st.text(max_size=10), min_size=1, max_size=5)
LISTS = st.fixed_dictionaries({"goodValues": VALUES}) | st.fixed_dictionaries({"badValues": VALUES})


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {k: v for part in found for k, v in part.items()})


SCRAPES = st.fixed_dictionaries(
    {"port": st.integers(1, 65535)}, optional={"interval": st.sampled_from(["500ms", "1s", "1m"])}
).map(lambda scrape: {"scrape": scrape})
BOUNDS = st.floats(-1e9, 1e9).map(lambda bound: {"above": bound}) | st.floats(-1e9, 1e9).map(
    lambda bound: {"below": bound}
)
SELECTORS = st.sampled_from(["requests", 'requests{code=~"5.."}', "{__name__='requests'}"])
COUNTS = st.fixed_dictionaries({"errors": SELECTORS, "total": SELECTORS}) | st.fixed_dictionaries(
    {"promQL": SELECTORS, "codeLabel": st.just("code"), "badCodes": st.just("5..|429")}
)
LEVELS = st.fixed_dictionaries({"promQL": SELECTORS})
EVIDENCE = some(
    podLabel=st.text(min_size=1, max_size=256),
    matches=some(need=st.integers(1, 2), of=st.integers(2, 20)),
    warmUp=durations(),
    noData=st.sampled_from(["Ignore", "Suspect", "Fail"]),
)
WINDOWS = some(window=st.sampled_from(["1s", "1m", "1h"]))


def measured(
    detector: str, *parts: st.SearchStrategy[dict[str, Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    """A breaker's new detector."""
    return merged(SOURCES | SCRAPES, EVIDENCE, *parts).map(lambda found: {detector: found})


DETECTORS = st.one_of(
    measured("ratio", COUNTS, WINDOWS, some(alpha=st.floats(1e-12, 0.5), minimumEvents=UINTS)),
    measured("threshold", LEVELS, BOUNDS, some(**{"for": st.just("30s"), "total": SELECTORS})),
    measured("deviation", LEVELS, some(direction=st.sampled_from(["up", "down", "both"]))),
    measured("trend", LEVELS, BOUNDS, some(horizon=st.just("15m"), window=st.just("1h"))),
    merged(
        SOURCES,
        st.sampled_from(list(Preset)).map(lambda preset: {"preset": str(preset)}),
    ),
    st.just({"customService": "oracle:80/x"}),
    some(
        names=st.lists(st.sampled_from(["disk", "Net_1.x"]), max_size=2),
        level=st.sampled_from(["error", "warning"]),
        trust=st.sampled_from(["probed", "posted"]),
        matches=some(need=st.integers(1, 2), of=st.integers(2, 20)),
        warmUp=durations(),
    ).map(lambda found: {"watchdog": found}),
    merged(SOURCES, QUERIES, some(maxDeviationPercent=st.floats(0.1, 1000))).map(
        lambda found: {"continuousValueDeviation": found}
    ),
    merged(
        SOURCES, QUERIES, LISTS, st.just({"key": "code"}), some(tolerance=UINTS, minActivity=UINTS)
    ).map(lambda found: {"discreteValueOutOfList": found}),
)
BREAKERS = merged(
    st.fixed_dictionaries({"name": NAMES}),
    DETECTORS,
    some(
        evaluationPeriod=SECONDS,
        minPodsAvailableCount=UINTS,
        minPodsAvailableRatio=UINTS,
        activator=ACTIVATORS,
    ),
)
PERCENTS = st.integers(1, 100)
SPECS = merged(
    st.fixed_dictionaries(
        {
            "service": NAMES,
            "breakers": st.lists(
                BREAKERS, min_size=1, max_size=3, unique_by=lambda b: str(b["name"])
            ),
        }
    ),
    some(
        defaultActivator=ACTIVATORS,
        dryRun=st.booleans(),
        peerGroup=st.just("app.kubernetes.io/version"),
        budget=some(
            minAvailable=UINTS | PERCENTS.map(lambda p: f"{p}%"),
            maxEjectedPercent=PERCENTS,
            panicThresholdPercent=PERCENTS,
        ),
    ),
)


def refusal_of(spec: Any) -> str | None:
    """The message that refuses `spec`; None where it is valid."""
    try:
        to_policy(spec)
    except SpecError as refusal:
        return str(refusal)
    return None


def paths(value: Any) -> list[tuple[Any, ...]]:
    """The paths of all values inside `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[Any, ...]] = []
    for step, child in inner:
        deeper = paths(child) if isinstance(child, (dict, list)) else []
        found += [(step,), *((step, *rest) for rest in deeper)]
    return found


@given(SPECS)
def test_a_valid_specification_round_trips_through_the_model(spec: dict[str, Any]) -> None:
    policy = to_policy(spec)
    model = parse_spec(spec)
    assert to_policy(model) == policy
    assert to_policy(model.model_dump(by_alias=True, exclude_none=True, mode="json")) == policy


PIECES = ["a", "__name__", "{", "}", ",", "=", "=~", '"x{[(y"', "'z'", "`[`", " ", r'"\""', "("]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_the_api_server_lets_every_plain_selector_pass(promql: str) -> None:
    if is_plain_selector(promql):
        assert re.fullmatch(PLAIN.strip("^$"), promql, re.ASCII)


@given(JSON)
def test_arbitrary_json_is_a_policy_or_a_spec_error(spec: Any) -> None:
    refusal = refusal_of(spec)
    assert refusal is None or refusal.startswith("spec")


@given(SPECS, JSON, st.data())
def test_a_valid_specification_with_one_value_replaced_is_a_policy_or_a_spec_error(
    spec: dict[str, Any], value: Any, data: st.DataObject
) -> None:
    changed = copy.deepcopy(spec)
    *parents, last = data.draw(st.sampled_from(paths(changed)))
    target: Any = changed
    for step in parents:
        target = target[step]
    target[last] = value
    refusal = refusal_of(changed)
    assert refusal is None or refusal.startswith("spec")
