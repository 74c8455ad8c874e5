"""Measurements that lie, lag or are missing: no ejection on them, the right ones afterwards."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from playground.cluster import LocalCluster
from playground.detector_http import (
    Answer,
    Exchange,
    drips,
    fails,
    hangs,
    html,
    huge,
    nested,
    redirects,
    refused_address,
)
from playground.detector_prometheus import (
    PrometheusStandIn,
    empty,
    failure,
    malformed,
    matrix,
    vector,
    warns,
)
from playground.fleet_api import Json
from playground.fleet_pod import Pod
from tests.e2e.scene import WITHIN
from tests.faults.bench import FLOOR, Bench, Stage
from tests.faults.conftest import LONG, Figure

Samples = list[tuple[dict[str, str], float | str]]
EVALUATIONS = 3
AT_EACH_CHANGE = (47, 49, 50, 58)
"""Faults of which `make test` runs the first case; `make faults` runs all."""


class MeteredStage(Stage):
    """The same story, told by a Prometheus that counts requests by pod and code."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]  # as the stage it is
        self.prometheus = self._stack.enter_context(PrometheusStandIn())
        self.prometheus.answer = vector(self.samples(()))
        self.asked = self.prometheus

    def breaker(self, **more: object) -> Json:
        """Pods with more than half of their requests failed are outliers."""
        query = {
            "prometheusService": self.prometheus.address,
            "promQL": f'requests{{app="{self.name}"}}',
            "key": "code",
            "podNamekey": "pod",
            "goodValues": ["200"],
        }
        own = {"name": f"by-{self.name}", "evaluationPeriod": 0.3, "minPodsAvailableCount": FLOOR}
        return own | {"discreteValueOutOfList": query} | more

    def accuse(self) -> None:
        """From now on the metrics tell the truth: two outliers."""
        self.prometheus.answer = vector(self.samples(self.outliers))

    def samples(self, failing: Iterable[Pod], more: dict[str, str] | None = None) -> Samples:
        """What an honest scrape of the fleet counts."""
        bad = {pod.name for pod in failing}
        return [
            ({"pod": pod.name, "code": code, "namespace": pod.namespace} | (more or {}), count)
            for pod in self.fleet.pods()
            for code, count in (
                ("200", 10 if pod.name in bad else 100),
                ("500", 90 if pod.name in bad else 0),
            )
        ]

    @property
    def all_bad(self) -> Samples:
        """Every pod fails."""
        return self.samples(self.fleet.pods())

    def of_all(self, value: str) -> Samples:
        """This value for every pod and code."""
        return [(labels, value) for labels, _ in self.all_bad]


def cut_off(_: Exchange) -> None:
    """The connection ends before an answer."""
    raise OSError


def bare(samples: Samples, label: str) -> Samples:
    """The samples without one of their labels."""
    return [({k: v for k, v in labels.items() if k != label}, n) for labels, n in samples]


METADATA = "http://169.254.169.254/latest/meta-data/"
LIES: dict[str, tuple[Callable[[MeteredStage], Answer], str]] = {
    "fault_45_prometheus_answers_503": (lambda _: fails(503), "SourceUnavailable"),
    "fault_45_prometheus_cuts_the_connection": (lambda _: cut_off, "SourceUnavailable"),
    "fault_45_a_page_for_people": (lambda _: html(), "SourceAnswerUnusable"),
    "fault_46_a_warning_beside_the_samples": (
        lambda s: warns(s.all_bad, "store gateway unreachable"),
        "SourceAnswerUnusable",
    ),
    "fault_46_an_error_with_status_200": (
        lambda _: failure("execution", "query timed out"),
        "SourceRejected",
    ),
    "fault_46_a_range_in_place_of_a_vector": (lambda _: matrix(), "SourceAnswerUnusable"),
    "fault_46_samples_without_values": (lambda _: malformed(), "SourceAnswerUnusable"),
    "fault_47_no_answer": (lambda _: hangs, "SourceTimeout"),
    "fault_47_a_byte_at_a_time": (lambda _: drips, "SourceTimeout"),
    "fault_48_an_empty_answer": (lambda _: empty(), "NoSamples"),
    "fault_49_nan": (lambda s: vector(s.of_all("NaN")), ""),
    "fault_49_infinite": (lambda s: vector(s.of_all("+Inf")), ""),
    "fault_49_negative": (lambda s: vector(s.of_all("-90")), ""),
    "fault_50_an_answer_of_an_hour_ago": (
        lambda s: vector(s.all_bad, age=3600),
        "SourceAnswerUnusable",
    ),
    "fault_51_counters_that_were_reset": (
        lambda s: vector([*s.of_all("-1"), *s.all_bad]),
        "",
    ),
    "fault_53_samples_without_the_pods_label": (lambda s: vector(bare(s.all_bad, "pod")), ""),
    "fault_56_a_clock_that_is_ten_minutes_behind": (
        lambda s: vector(s.all_bad, age=600),
        "SourceAnswerUnusable",
    ),
    "fault_57_a_hundred_megabytes": (lambda _: huge(), "SourceAnswerUnusable"),
    "fault_57_a_hundred_megabytes_unannounced": (
        lambda _: huge(declared=False),
        "SourceAnswerUnusable",
    ),
    "fault_57_a_hundred_thousand_brackets": (lambda _: nested(), "SourceAnswerUnusable"),
    "fault_58_a_redirect_to_the_metadata_address": (
        lambda _: redirects(METADATA),
        "SourceAnswerUnusable",
    ),
    "fault_60_a_recording_rule_that_lags_five_minutes": (
        lambda s: vector(s.all_bad, age=300),
        "SourceAnswerUnusable",
    ),
}


@pytest.fixture(scope="module")
def undisturbed(bench: Bench) -> Json:
    """How the story ends where Prometheus tells the truth from the start."""
    with bench.stage(of=MeteredStage) as stage:
        stage.begin()
        stage.accuse()
        return stage.end()


def shared(lies: Iterable[str]) -> Iterator[object]:
    """The cases as parameters, all but one for each number long."""
    wanted = set(AT_EACH_CHANGE)
    for lie in lies:
        number = int(lie.split("_")[1])
        yield pytest.param(lie, marks=() if number in wanted else LONG)
        wanted.discard(number)


@pytest.mark.parametrize("lie", tuple(shared(LIES)))
def test_nobody_is_ejected_on_it_and_the_story_ends_as_undisturbed(
    lie: str, bench: Bench, undisturbed: Json, figure: Figure
) -> None:
    answer, reason = LIES[lie]
    with bench.stage(of=MeteredStage) as stage:
        assert isinstance(stage, MeteredStage)
        stage.begin()
        stage.wait_sources("True", "")
        before = bench.controller.resident_mb()
        with bench.scene.observer.silence("pods"):
            stage.prometheus.answer = answer(stage)
            stage.evaluations(EVALUATIONS)
        if reason == "NoSamples":
            stage.wait_sources("True", reason)
        elif reason:
            stage.wait_sources("False", reason)
        grown = bench.controller.resident_mb() - before
        began = time.monotonic()
        stage.accuse()
        assert stage.end() == undisturbed
        assert grown < 100
        figure(
            f"{reason or 'inconclusive'}; the truth is acted on {time.monotonic() - began:.1f} s "
            f"later; {max(0, grown):.0f} MB more memory"
        )


PARTS: dict[str, tuple[Callable[[MeteredStage], Samples], int]] = {
    # Two replicas scrape the same pods: every series twice, by another label.
    "fault_52_every_series_twice": (
        lambda s: [
            *s.samples(s.outliers, {"replica": "a"}),
            *s.samples(s.outliers, {"replica": "b"}),
        ],
        2,
    ),
    "fault_54_an_outlier_without_samples": (
        lambda s: [one for one in s.samples(s.outliers) if one[0]["pod"] != s.outliers[0].name],
        1,
    ),
    "fault_55_a_scrape_of_half_the_pods": (
        lambda s: [
            one
            for one in s.samples(s.outliers)
            if one[0]["pod"] in [s.outliers[0].name, *(p.name for p in s.fleet.pods()[3:])]
        ],
        1,
    ),
}


@pytest.mark.parametrize(
    "part",
    [pytest.param(part, marks=() if "_54_" in part else LONG) for part in PARTS],
)
def test_what_is_there_is_judged_and_what_is_missing_is_not(
    part: str, bench: Bench, undisturbed: Json
) -> None:
    samples, out = PARTS[part]
    with bench.stage(of=MeteredStage) as stage:
        assert isinstance(stage, MeteredStage)
        stage.begin()
        stage.prometheus.answer = vector(samples(stage))
        stage.wait_out(out)
        stage.evaluations(EVALUATIONS)
        assert len(stage.fleet.out()) == out
        stage.accuse()
        assert stage.end() == undisturbed


def test_fault_53_samples_without_the_codes_label_are_out_of_the_list_down_to_the_floor(
    bench: Bench,
) -> None:
    """The original's meaning: a missing key is an empty value. The budget bounds the damage."""
    with bench.stage(of=MeteredStage) as stage:
        assert isinstance(stage, MeteredStage)
        stage.begin()
        stage.prometheus.answer = vector(bare(stage.all_bad, "code"))
        stage.wait_out(2)
        with bench.scene.observer.silence("pods"):
            stage.evaluations(EVALUATIONS)


def test_fault_45_prometheus_is_down(bench: Bench, undisturbed: Json, figure: Figure) -> None:
    with bench.stage(of=MeteredStage) as stage, refused_address() as nobody:
        assert isinstance(stage, MeteredStage)
        query = stage.breaker()["discreteValueOutOfList"] | {"prometheusService": nobody}
        stage.guard(breakers=(stage.breaker(discreteValueOutOfList=query),))
        stage.wait_sources("False", "SourceUnavailable")
        began = time.monotonic()
        stage.guard()
        stage.accuse()
        assert stage.end() == undisturbed
        figure(f"nothing ejected; right again {time.monotonic() - began:.1f} s after the repair")


@pytest.fixture
def expired(tmp_path: Path) -> Path:
    """A self-signed certificate of loopback with its key, out of date since yesterday."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now - timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "expired.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def expired_prometheus(expired: Path) -> Iterator[PrometheusStandIn]:
    """A Prometheus behind that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(expired)
    with PrometheusStandIn(tls=context) as prometheus:
        yield prometheus


def test_fault_59_a_certificate_that_has_expired(
    taught: LocalCluster, namespace: str, expired: Path, expired_prometheus: PrometheusStandIn
) -> None:
    """Trusted by the administrator's file, and out of date."""
    address = expired_prometheus.address
    config = expired.with_name("kubervisor.yaml")
    config.write_text(f"sources: [{{name: main, url: 'https://{address}', caFile: {expired}}}]\n")
    with (
        Bench(taught, namespace, flags=(f"--config={config}",)) as bench,
        bench.stage(of=MeteredStage) as stage,
    ):
        query: Json = {"source": "main", "promQL": "up", "key": "code", "podNamekey": "pod"}
        query["goodValues"] = ["200"]
        stage.guard(breakers=(stage.breaker(discreteValueOutOfList=query),))
        told = stage.wait_sources("False", "SourceUnavailable")
        assert "not trusted" in told["message"]
        stage.fleet.wait(lambda f: len(f.serving()) == 5, WITHIN, "nobody is out")
    assert expired_prometheus.requests == ()
