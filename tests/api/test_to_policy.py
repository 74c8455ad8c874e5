"""What a specification means: defaults, the original's rules, additions, refusals by field path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.api.policy import to_policy
from kubervisor.errors import SpecError
from kubervisor.traffic.detector_policy import (
    ContinuousPolicy,
    CustomPolicy,
    DiscretePolicy,
    SourceRef,
)
from kubervisor.traffic.policy import (
    ActivatorMode,
    ActivatorPolicy,
    BreakerPolicy,
    BudgetPolicy,
    KillMode,
    Matches,
    ServicePolicy,
)

PROMETHEUS = SourceRef(address="prometheus.monitoring:9090")


def load(path: Path) -> dict[str, Any]:
    spec: dict[str, Any] = yaml.safe_load(path.read_text())["spec"]
    return spec


def custom(**breaker: Any) -> dict[str, Any]:
    """A valid specification with one custom breaker and the given fields."""
    return {"service": "web", "breakers": [{"name": "b", "customService": "oracle"} | breaker]}


def discrete(**fields: Any) -> dict[str, Any]:
    detector = {
        "prometheusService": "prometheus.monitoring:9090",
        "promQL": "errors",
        "key": "code",
        "podNamekey": "pod",
        "goodValues": ["200"],
    }
    breaker = {"name": "b", "discreteValueOutOfList": detector | fields}
    return {"service": "web", "breakers": [breaker]}


def test_the_smallest_specification_gets_every_default_of_the_original() -> None:
    assert to_policy(custom()) == ServicePolicy(
        service="web",
        breakers=(
            BreakerPolicy(
                name="b",
                detector=CustomPolicy(SourceRef(address="oracle")),
                activator=ActivatorPolicy(
                    mode=ActivatorMode.PERIODIC, period=10.0, max_retries=3, max_paused=1
                ),
                period=5.0,
                min_available_count=1,
                min_available_percent=None,
            ),
        ),
        default_activator=ActivatorPolicy(),
        budget=BudgetPolicy(),
        dry_run=False,
        peer_group=None,
    )


def test_a_discrete_detector_gets_its_defaults() -> None:
    assert to_policy(discrete()).breakers[0].detector == DiscretePolicy(
        source=PROMETHEUS,
        query="errors",
        key="code",
        pod_label="pod",
        good=frozenset({"200"}),
        tolerance_percent=50.0,
        minimum_activity=2.0,
    )


def test_a_continuous_detector_gets_its_default() -> None:
    detector = {"source": "main", "promQL": "x", "podNamekey": "pod"}
    spec = {"service": "web", "breakers": [{"name": "b", "continuousValueDeviation": detector}]}
    assert to_policy(spec).breakers[0].detector == ContinuousPolicy(
        source=SourceRef(name="main"), query="x", pod_label="pod", max_deviation_percent=75.0
    )


def test_every_field_of_the_original_is_carried(request: pytest.FixtureRequest) -> None:
    path = request.path.parent / "manifests/original/inclusion-with-own-activator.yaml"
    policy = to_policy(load(path))
    assert policy.service == "booking-1a"
    assert policy.default_activator == ActivatorPolicy(period=15.0)
    assert policy.breakers[0] == BreakerPolicy(
        name="status-in-list",
        detector=DiscretePolicy(
            source=PROMETHEUS,
            query='sum(delta(booking_calls{job="kubernetes-pods",run="booking"}[10s])) '
            "by (code,kubernetes_pod_name)",
            key="code",
            pod_label="kubernetes_pod_name",
            good=frozenset({"200", "204"}),
            tolerance_percent=20.0,
            minimum_activity=50.0,
        ),
        activator=ActivatorPolicy(mode=ActivatorMode.RETRY_AND_KILL, period=15.0, max_retries=1),
        period=5.0,
        min_available_count=2,
        min_available_percent=50,
    )


def test_original_manifests_keep_the_originals_rules(original: Path) -> None:
    policy = to_policy(load(original))
    assert policy.peer_group is None
    assert policy.budget == BudgetPolicy()
    assert not policy.dry_run
    for breaker in policy.breakers:
        assert breaker.matches == Matches(need=1, of=1)
        assert breaker.warm_up == 0
        assert not breaker.on_requests
    for activator in (policy.default_activator, *(b.activator for b in policy.breakers)):
        assert activator.max_period is None
        assert activator.jitter_percent == 0
        assert activator.probation == 0
        assert activator.return_stagger == 0
        assert activator.kill_mode is KillMode.EVICT


def test_a_breaker_without_activator_uses_the_default_one() -> None:
    spec = custom() | {"defaultActivator": {"mode": "retryAndPause", "period": 600}}
    policy = to_policy(spec)
    assert policy.breakers[0].activator == policy.default_activator
    assert policy.default_activator.period == 600.0


def test_a_partial_activator_is_defaulted_field_by_field_not_from_the_default_one() -> None:
    spec = custom(activator={"mode": "retryAndKill"}) | {"defaultActivator": {"period": 600}}
    assert to_policy(spec).breakers[0].activator == ActivatorPolicy(
        mode=ActivatorMode.RETRY_AND_KILL, period=10.0, max_retries=3, max_paused=1
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(0, 0, id="a ratio of 0 stays 0"),
        pytest.param(50, 50, id="a ratio of 50 stays 50"),
        pytest.param(100, 100, id="a ratio of 100 stays 100"),
        pytest.param(150, 100, id="a ratio above 100 means 100"),
    ],
)
def test_ratio(given: int, expected: int) -> None:
    assert (
        to_policy(custom(minPodsAvailableRatio=given)).breakers[0].min_available_percent == expected
    )


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        pytest.param("minActivity", 0, 0.0, id="an activity of 0 is allowed"),
        pytest.param("minActivity", 3.0, 3.0, id="a whole float is an integer"),
    ],
)
def test_minimum_activity(field: str, value: float, expected: float) -> None:
    detector = to_policy(discrete(**{field: value})).breakers[0].detector
    assert isinstance(detector, DiscretePolicy)
    assert detector.minimum_activity == expected


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        pytest.param({}, BudgetPolicy(), id="an empty budget limits nothing"),
        pytest.param({"minAvailable": 3}, BudgetPolicy(min_available_count=3), id="a count"),
        pytest.param(
            {"minAvailable": "30%"}, BudgetPolicy(min_available_percent=30), id="a percentage"
        ),
        pytest.param(
            {"minAvailable": "0%"}, BudgetPolicy(min_available_percent=0), id="zero percent"
        ),
        pytest.param(
            {"maxEjectedPercent": 20, "panicThresholdPercent": 60, "maxLoadPercent": 150},
            BudgetPolicy(max_ejected_percent=20, panic_threshold_percent=60, max_load_percent=150),
            id="cap, panic threshold and load",
        ),
    ],
)
def test_budget(budget: dict[str, Any], expected: BudgetPolicy) -> None:
    assert to_policy(custom() | {"budget": budget}).budget == expected


def test_additions_to_the_activator_are_carried_in_seconds() -> None:
    activator = {
        "maxPeriod": "1h30m",
        "jitterPercent": 12.5,
        "probation": "1m",
        "returnStagger": "500ms",
        "killMode": "delete",
    }
    assert to_policy(custom(activator=activator)).breakers[0].activator == ActivatorPolicy(
        max_period=5400.0,
        jitter_percent=12.5,
        probation=60.0,
        return_stagger=0.5,
        kill_mode=KillMode.DELETE,
    )


def test_peer_group_and_dry_run_are_carried() -> None:
    policy = to_policy(custom() | {"peerGroup": "topology.kubernetes.io/zone", "dryRun": True})
    assert policy.peer_group == "topology.kubernetes.io/zone"
    assert policy.dry_run


def test_null_and_unknown_fields_mean_nothing() -> None:
    spec = custom(activator=None, evaluationPeriod=None, discreteValueOutOfList=None, future=1)
    assert to_policy(spec | {"budget": None, "other": {"a": []}}) == to_policy(custom())


@pytest.mark.parametrize(
    "address",
    ["oracle", "oracle.e2e", "10.0.0.1:80", "[::1]:9090", "a.svc.cluster.local.:1/x?y=1", "o/"],
)
def test_addresses_of_the_original_are_accepted(address: str) -> None:
    detector = to_policy(custom(customService=address)).breakers[0].detector
    assert detector == CustomPolicy(SourceRef(address=address))


def test_invalid_specifications_are_refused_by_field(invalid: Any) -> None:
    with pytest.raises(SpecError) as refusal:
        to_policy(invalid.spec)
    assert str(refusal.value).startswith(f"{invalid.field}: must ")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            discrete(tolerance=-1),
            "spec.breakers[0].discreteValueOutOfList.tolerance: must be at least 0, is -1; "
            "write tolerance: 50",
            id="a number out of range",
        ),
        pytest.param(
            custom(evaluationPeriod="5s"),
            'spec.breakers[0].evaluationPeriod: must be a number, is "5s"; '
            "write evaluationPeriod: 5",
            id="a wrong type",
        ),
        pytest.param(
            {"service": "web"},
            "spec.breakers: must be given; "
            'write breakers: [{"name": "oracle", "customService": "oracle.demo:8080"}]',
            id="a missing list",
        ),
        pytest.param(
            custom() | {"service": "Web"},
            "spec.service: must be a DNS label: lower-case letters, digits and '-', starting with "
            'a letter, is "Web"; write service: "pricer"',
            id="a wrong name",
        ),
        pytest.param(
            custom(continuousValueDeviation={"source": "m", "promQL": "x", "podNamekey": "pod"}),
            "spec.breakers[0]: must have exactly one detector; write one of "
            "discreteValueOutOfList, continuousValueDeviation, customService, ratio, threshold, "
            "deviation, trend, watchdog, preset",
            id="two detectors",
        ),
        pytest.param(
            custom(activator={"period": float("nan")}),
            "spec.breakers[0].activator.period: must be a finite number, is NaN; write period: 10",
            id="not a number",
        ),
        pytest.param(
            custom(activator={"period": float("inf")}),
            "spec.breakers[0].activator.period: must be a finite number, is Infinity; "
            "write period: 10",
            id="infinity",
        ),
        pytest.param(
            custom(minPodsAvailableCount=10**5000),
            "spec.breakers[0].minPodsAvailableCount: must be at most 2147483647, is a huge number; "
            "write minPodsAvailableCount: 1",
            id="a number of 5000 digits",
        ),
        pytest.param(
            {
                "service": "web",
                "breakers": [{"customService": "o", "name": f"b{i}"} for i in range(65)],
            },
            "spec.breakers: must have at most 64 entries, is a list of 65; "
            'write breakers: [{"name": "oracle", "customService": "oracle.demo:8080"}]',
            id="too many breakers",
        ),
        pytest.param(
            {"service": "web", "breakers": [{}, {}, {}]},
            'spec.breakers[0].name: must be given; write name: "response-code". '
            'Also spec.breakers[1].name: must be given; write name: "response-code". '
            'Also spec.breakers[2].name: must be given; write name: "response-code"',
            id="several problems at once",
        ),
    ],
)
def test_messages_say_what_to_write(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as refusal:
        to_policy(spec)
    assert str(refusal.value) == message


def test_only_the_first_three_problems_are_told() -> None:
    with pytest.raises(SpecError, match=r"\. Also 3 more$"):
        to_policy({"service": "web", "breakers": [{}] * 6})


def test_a_name_that_cannot_be_a_label_value_is_refused() -> None:
    to_policy(custom(), name="a" * 63)
    with pytest.raises(SpecError, match=r"^metadata\.name: must have at most 63 characters"):
        to_policy(custom(), name="a" * 64)


@pytest.mark.parametrize("spec", [None, [], "web", 5])
def test_a_specification_that_is_no_object_is_refused(spec: Any) -> None:
    with pytest.raises(SpecError, match=r"^spec: must be an object"):
        to_policy(spec)


def test_equal_specifications_make_equal_policies() -> None:
    assert to_policy(discrete()) == to_policy(discrete())
    assert hash(to_policy(discrete())) == hash(to_policy(discrete()))


def test_to_policy_does_not_load_the_schema_generator() -> None:
    probe = "import sys, kubervisor.api.policy; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "kubervisor.api.policy" in loaded
    assert not {"kubervisor.api.crd", "kubervisor.api.structural", "yaml", "click"} & set(loaded)
