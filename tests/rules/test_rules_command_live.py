"""`kubervisor rules test` with a real Prometheus and a real API server; and that it computes what
Prometheus computes.
"""

from __future__ import annotations

import json
import math
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from kubervisor.rules.trial.answers import FromPage, FromPrometheus, Stretch
from kubervisor.rules.trial.exposition import LOOKBACK, read_page
from kubervisor.rules.trial.vectors import Vector
from kubervisor.source_settings import NamedSource
from kubervisor.sources.history import History
from playground import binaries
from playground.cluster import LocalCluster
from playground.fleet_api import Api
from playground.fleet_manifests import namespace_path
from playground.processes import Processes, free_port
from playground.provisioner import Provisioner
from playground.storage_objects import EXPANDABLE, FIXED
from tests.rules.test_rules_command import T0, Trial, a_page, a_past, a_rule
from tests.rules.test_rules_command_promql import COMPUTED

pytestmark = pytest.mark.cluster  # of its programs it needs Prometheus
BEGUN = T0 - T0 % 60
OPEN_METRICS = """\
# TYPE used gauge
used{pvc="a",node="1"} 40 AT
used{pvc="b",node="1"} 10 AT
used{pvc="c",node="2"} 7 AT
# TYPE capacity gauge
capacity{pvc="a",node="1"} 100 AT
capacity{pvc="b",node="1"} 100 AT
capacity{pvc="d",node="2"} 0 AT
# TYPE pool gauge
pool{node="1"} 1000 AT
# TYPE plain gauge
plain 3 AT
# EOF
"""


@pytest.fixture(scope="module")
def page() -> str:
    """What a Prometheus has stored, as OpenMetrics: the vectors above, and a claim that fills."""
    vectors = OPEN_METRICS.replace("AT", str(BEGUN))
    # Each metric by itself and in the order of its instants, as the format wants it.
    filling = sorted(a_past(61, 4, 0.1).splitlines(), key=lambda line: line.partition("{")[0])
    seconds = [line[:-3] for line in filling]  # from milliseconds
    return "\n".join([*seconds, vectors])


@pytest.fixture(scope="module")
def prometheus(page: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one that has it all, and scrapes nothing."""
    folder, programs = tmp_path_factory.mktemp("prometheus"), binaries.ensure()
    stored, config = folder / "page.txt", folder / "prometheus.yaml"
    stored.write_text(page, encoding="utf-8")
    config.write_text("{}", encoding="utf-8")
    create = ["tsdb", "create-blocks-from", "openmetrics", stored, folder / "data"]
    done = subprocess.run(
        [str(programs / "promtool"), *map(str, create)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    processes, address = Processes(), f"127.0.0.1:{free_port()}"
    try:
        flags = (
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={address}",
        )
        processes.start("prometheus", [programs / "prometheus", *flags])
        processes.wait_ready("prometheus", partial(_answers, f"http://{address}/-/ready"))
        yield f"http://{address}"
    finally:
        processes.close()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1):
            return True
    except (URLError, OSError):
        return False


@pytest.mark.parametrize(("promql", "_values"), COMPUTED)
def test_what_is_computed_is_what_prometheus_computes(
    promql: str, _values: Mapping[str, float], page: str, prometheus: str
) -> None:
    source = NamedSource(name="real", url=prometheus)
    with closing(History(source, max_sample_age=LOOKBACK)) as history:
        asked = FromPrometheus(history, BEGUN).now(promql)
        past = FromPrometheus(history, BEGUN).past(promql, Stretch(BEGUN, BEGUN + 600, 60))
        ours = FromPage(read_page(page), BEGUN)
        assert _comparable(ours.now(promql)) == _comparable(asked)
        whole = ours.past(promql, Stretch(BEGUN, BEGUN + 600, 60))
        for at in (BEGUN, BEGUN + 240, BEGUN + 300, BEGUN + 360):
            computed = [one.at(at, lambda sample: sample.value) for one in (whole, past)]
            assert _comparable(computed[0]) == _comparable(computed[1])


def _comparable(vector: Vector) -> set[tuple[frozenset[tuple[str, str]], str]]:
    return {(frozenset(one.labels.items()), _rounded(one.value)) for one in vector}


def _rounded(value: float) -> str:
    return "nan" if math.isnan(value) else f"{value:.12g}"


def test_a_source_and_a_file_of_the_same_say_the_same(
    page: str, prometheus: str, tmp_path: Path
) -> None:
    trial = Trial(tmp_path)
    rule, data = trial.file("rule.yaml", a_rule()), trial.file("page.txt", page)
    over = ("--start", T0, "--end", T0 + 3600, "--step", "30s", "-o", "json")
    by_source = trial.run(rule, "--source", prometheus, *over)
    by_data = trial.run(rule, "--data", data, *over)
    assert by_source.exit_code == by_data.exit_code == 10, by_source.output
    (course,) = json.loads(by_source.stdout)["rules"][0]["past"]
    assert course["size"] == {"start": "10Gi", "end": "20Gi"}
    (other,) = json.loads(by_data.stdout)["rules"][0]["past"]
    assert course["actions"] == other["actions"]


def test_objects_of_a_cluster_are_those_that_rules_select(
    taught: LocalCluster, namespace: str, tmp_path: Path
) -> None:
    """Of two labelled claims one may grow; a third has no label. Nothing is written."""
    trial = Trial(tmp_path)
    with Provisioner(taught), closing(Api(taught.kubeconfig)) as api:
        for name, kind, labels in (
            ("grows", EXPANDABLE, {"app": namespace}),
            ("fixed", FIXED, {"app": namespace}),
            ("other", EXPANDABLE, {}),
        ):
            api.create(
                f"{namespace_path(namespace)}/persistentvolumeclaims", _claim(name, kind, labels)
            )
        path = f"{namespace_path(namespace)}/persistentvolumeclaims"
        deadline = time.monotonic() + 60
        while any(one["status"].get("phase") != "Bound" for one in api.get(path)["items"]):
            assert time.monotonic() < deadline, "the claims are bound"
        before = [one["metadata"]["resourceVersion"] for one in api.get(path)["items"]]
        rule = trial.file("rule.yaml", a_rule(selector={"matchLabels": {"app": namespace}}))
        claims = dict.fromkeys(("grows", "fixed", "other"), (8.0, 10.0))
        data = trial.file("page.txt", a_page(claims).replace('"shop"', f'"{namespace}"'))
        done = trial.run(rule, "--data", data, "--kubeconfig", taught.kubeconfig, "-o", "json")
        assert [one["metadata"]["resourceVersion"] for one in api.get(path)["items"]] == before
    assert done.exit_code == 10, done.output
    found = json.loads(done.stdout)["rules"][0]["objects"]
    assert {one["name"]: one["acts"] for one in found} == {"grows": True, "fixed": False}
    assert {one["name"]: (one["refused"] or {}).get("reason") for one in found} == {
        "grows": None,
        "fixed": "NotExpandable",
    }


def _claim(name: str, kind: str, labels: Mapping[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": kind,
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }
