"""The workload answers, counts and misbehaves as real pods do."""

from __future__ import annotations

from collections import Counter

import pytest

from playground.faults import HEALTHY, Fault
from playground.workload import RESTING_MEMORY, NoAnswer, PodName, Workload

POD = PodName("shop", "shop-1")
OTHER = PodName("shop", "shop-2")


@pytest.fixture
def workload() -> Workload:
    workload = Workload()
    workload.add(POD, "uid-1")
    workload.add(OTHER, "uid-2")
    return workload


def samples(page: str | None, name: str) -> dict[str, float]:
    """Values of one metric by their label text."""
    assert page is not None
    split = (line.rpartition(" ") for line in page.splitlines() if line.startswith(f"{name}{{"))
    return {series.removeprefix(name): float(value) for series, _, value in split}


def test_a_new_pod_has_counted_nothing(workload: Workload) -> None:
    page = workload.metrics(POD)

    assert samples(page, "http_requests_total") == {'{code="200"}': 0}
    assert samples(page, "http_request_duration_seconds_count") == {"{}": 0}
    assert samples(page, "process_resident_memory_bytes") == {"{}": RESTING_MEMORY}


def test_requests_are_counted_by_code_and_by_latency(workload: Workload) -> None:
    for _ in range(100):
        workload.handle(POD)

    page = workload.metrics(POD)
    buckets = list(samples(page, "http_request_duration_seconds_bucket").values())
    assert samples(page, "http_requests_total") == {'{code="200"}': 100}
    assert buckets == sorted(buckets)
    assert buckets[-1] == samples(page, "http_request_duration_seconds_count")["{}"] == 100


def test_a_fault_concerns_its_pod_only(workload: Workload) -> None:
    workload.set_fault(POD, Fault(errors=1, code=503))

    assert workload.handle(POD) == 503
    assert workload.handle(OTHER) == 200


def test_an_error_share_of_a_half_fails_about_half_of_the_requests(workload: Workload) -> None:
    workload.set_fault(POD, Fault(errors=0.5))

    codes = Counter(workload.handle(POD) for _ in range(1000))

    # The dice are seeded by the pod's uid: the count is the same in every run.
    assert set(codes) == {200, 500}
    assert 400 < codes[500] < 600


def test_a_slow_pod_reports_the_latency_times_its_factor(workload: Workload) -> None:
    workload.set_fault(POD, Fault(slow=10))
    for _ in range(200):
        workload.handle(POD)
        workload.handle(OTHER)

    name = "http_request_duration_seconds_sum"
    slow, usual = (samples(workload.metrics(pod), name)["{}"] for pod in (POD, OTHER))
    assert 8 < slow / usual < 12


def test_what_has_leaked_stays_leaked_when_the_fault_ends(
    workload: Workload, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("playground.workload.time.monotonic", lambda: now[0])
    workload.add(PodName("shop", "leaky"), "uid-3")
    workload.set_fault(PodName("shop", "leaky"), Fault(leak=1000))
    now[0] += 60
    workload.set_fault(PodName("shop", "leaky"), HEALTHY)
    now[0] += 60

    page = workload.metrics(PodName("shop", "leaky"))
    assert samples(page, "process_resident_memory_bytes") == {"{}": RESTING_MEMORY + 60_000}


def test_a_hanging_pod_answers_nothing_and_counts_nothing(workload: Workload) -> None:
    workload.set_fault(POD, Fault(hang=True))

    assert workload.handle(POD) is NoAnswer.HANGS
    assert samples(workload.metrics(POD), "http_requests_total") == {'{code="200"}': 0}


def test_a_pod_without_metrics_still_serves(workload: Workload) -> None:
    workload.set_fault(POD, Fault(no_metrics=True))

    assert workload.metrics(POD) is None
    assert workload.handle(POD) == 200


def test_a_replaced_pod_of_the_same_name_starts_healthy_and_from_zero(workload: Workload) -> None:
    workload.set_fault(POD, Fault(errors=1))
    workload.handle(POD)

    workload.add(POD, "uid-9")

    assert samples(workload.metrics(POD), "http_requests_total") == {'{code="200"}': 0}
    assert workload.handle(POD) == 200


def test_the_same_pod_seen_again_keeps_its_counters_and_its_fault(workload: Workload) -> None:
    workload.set_fault(POD, Fault(errors=1))
    workload.handle(POD)

    workload.add(POD, "uid-1")

    assert samples(workload.metrics(POD), "http_requests_total")['{code="500"}'] == 1
    assert workload.handle(POD) == 500


def test_a_new_pod_misbehaves_from_the_beginning_and_can_be_healed(workload: Workload) -> None:
    workload.add(POD, "uid-9", fault=Fault(errors=1, code=503))
    assert workload.handle(POD) == 503

    workload.set_fault(POD, HEALTHY)
    workload.add(POD, "uid-9", fault=Fault(errors=1, code=503))
    assert workload.handle(POD) == 200


def test_a_removed_pod_is_no_longer_there(workload: Workload) -> None:
    workload.remove(POD, "uid-1")

    assert workload.pods() == [OTHER]
    assert workload.handle(POD) is NoAnswer.NO_SUCH_POD
    with pytest.raises(KeyError):
        workload.set_fault(POD, HEALTHY)


def test_the_shards_of_the_aggregate_hold_every_pod_once_with_its_labels() -> None:
    workload = Workload()
    pods = [PodName("shop", f"shop-{number}") for number in range(50)]
    for pod in pods:
        workload.add(pod, pod.name)
    workload.set_fault(pods[0], Fault(no_metrics=True))

    series = [
        labels
        for shard in range(4)
        for labels in samples(workload.aggregate(shard, 4), "http_requests_total")
    ]

    expected = [f'{{namespace="shop",pod="{pod.name}",code="200"}}' for pod in pods[1:]]
    assert sorted(series) == sorted(expected)
