"""`kubervisor backtest` as people run it; its results are tested in tests/replay."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from kubervisor.cli import main
from tests.replay.recorded import Record, serving
from tests.replay.shop import SELECTOR, T0, pod_name, recorded_shop

MANIFEST = {
    "apiVersion": "kubervisor.k8s.io/v1alpha1",
    "kind": "KubervisorService",
    "metadata": {"name": "shop", "namespace": "shop"},
    "spec": {
        "service": "shop",
        "breakers": [
            {
                "name": "errors",
                "discreteValueOutOfList": {
                    "prometheusService": "prometheus:9090",
                    "promQL": "sum by (namespace, pod, code) (increase(http_requests_total[30s]))",
                    "key": "code",
                    "podNamekey": "pod",
                    "goodValues": ["200"],
                    "tolerance": 20,
                    "minActivity": 20,
                },
                "activator": {"period": 60},
            }
        ],
    },
}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(yaml.safe_dump(MANIFEST), encoding="utf-8")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["backtest", *map(str, arguments)])


def over(record: Record, manifest: Path, *more: object) -> Result:
    with serving(record) as url:
        return run(
            "-f", manifest, "--source", url, "--start", int(T0), "--end", int(T0 + 1800), *more
        )


def test_json_has_exactly_the_documented_fields(manifest: Path) -> None:
    done = over(recorded_shop((3, 600, 900, 0.5), seconds=1800), manifest, "-o", "json")

    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert list(found) == ["ejections", "returns", "panics", "summary"]
    first = found["ejections"][0]
    assert list(first) == [
        "time",
        "pod",
        "breaker",
        "score",
        "evidence",
        "enforced",
        "refusedBy",
    ]
    assert (first["pod"], first["breaker"], first["enforced"]) == (pod_name(3), "errors", True)
    assert re.fullmatch(r"2023-11-14T22:2\d:\d\dZ", first["time"])
    assert first["refusedBy"] is None
    assert found["returns"][0]["outcome"] == "Returned"
    summary = found["summary"]
    assert (summary["pods"], summary["podsEjected"], summary["panics"]) == (10, 1, 0)
    assert summary["byPod"][0]["pod"] == pod_name(3)
    assert {a["settings"].split(":")[0] for a in summary["alternatives"]} >= {"tighter", "looser"}
    assert any("samples are ignored" in assumed for assumed in summary["assumptions"])


def test_text_is_a_timeline_with_aligned_columns(manifest: Path) -> None:
    done = over(recorded_shop((3, 600, 900, 0.5), seconds=1800), manifest)

    lines = done.stdout.splitlines()
    head = next(line for line in lines if line.startswith("TIME"))
    rows = [line for line in lines if line.startswith("2023-")]
    assert {row[head.index("WHAT") :].split()[0] for row in rows} == {"ejected", "returned"}
    assert {row[head.index("POD") :].split()[0] for row in rows} == {pod_name(3)}
    assert any(line.startswith("tighter: tolerance x 0.5") for line in lines)


def test_nothing_that_happened_is_said_too(manifest: Path) -> None:
    done = over(recorded_shop(seconds=1800), manifest)

    assert done.exit_code == 0
    assert "Nothing." in done.stdout


def test_html_is_one_page_that_loads_nothing(manifest: Path) -> None:
    done = over(recorded_shop((3, 600, 900, 0.5), seconds=1800), manifest, "-o", "html")

    assert done.stdout.startswith("<!doctype html>")
    assert "<svg" in done.stdout
    assert pod_name(3) in done.stdout
    assert "<script" not in done.stdout
    assert re.findall(r"""(?:src|href)=|url\(|@import""", done.stdout) == []


def test_names_from_outside_are_text_wherever_they_are_shown(manifest: Path) -> None:
    record = recorded_shop((3, 600, 900, 0.5), seconds=1800)
    hostile = '"><img src=x onerror=alert(1)>\x1b[31m'
    for lines in record.series.values():
        for line in lines:
            if line.labels["pod"] == pod_name(3):
                line.labels = {**line.labels, "pod": hostile}

    page = over(record, manifest, "-o", "html").stdout
    text = over(record, manifest).stdout

    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "\x1b" not in page + text


def test_json_manifests_and_several_documents_are_read(tmp_path: Path) -> None:
    other = {**MANIFEST, "metadata": {"name": "other", "namespace": "shop"}}
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"kind": "List", "items": [MANIFEST, other]}), encoding="utf-8")
    record = recorded_shop(seconds=1800, pods=3)

    assert over(record, path, "--name", "other").exit_code == 0
    asks = over(record, path)
    assert asks.exit_code == 2
    assert "--name: shop, other" in asks.output


def test_pods_may_be_chosen_and_the_namespace_named(manifest: Path) -> None:
    record = recorded_shop((3, 600, 900, 0.5), seconds=1800)

    chosen = over(record, manifest, "--pods", ".*a000[0-2]", "-o", "json")
    assert json.loads(chosen.stdout)["summary"]["pods"] == 3
    elsewhere = over(record, manifest, "--namespace", "elsewhere")
    assert elsewhere.exit_code == 1
    assert "No samples of a pod of namespace elsewhere" in elsewhere.output


WRONG_USE = [
    pytest.param(["--start", "yesterday"], "write 2026-03-01T12:00:00Z", id="no time"),
    pytest.param(["--start", "2026-03-01T12:00:00"], "is no time", id="a time without a zone"),
    pytest.param(["--start", "-1h", "--end", "-2h"], "is not after the start", id="end first"),
    pytest.param(["--start", "-1h", "--step", "5"], "write 5s", id="a step without a unit"),
    pytest.param(["--start", "-1h", "--step", "1ms"], "less than 0.1 s", id="a step of nothing"),
    pytest.param(["--start", "-1h", "--pods", "("], "no regular expression", id="no pattern"),
    pytest.param(["--start", "-1h", "--source", "prom:9090"], "http(s)://", id="no URL"),
    pytest.param(["--start", "-1h", "--name", "cart"], "named cart", id="a name it has not"),
    pytest.param(
        ["--start", "-1h", "--token-file", "t"], "https only", id="a token without encryption"
    ),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG_USE)
def test_bad_usage_exits_2_and_says_what_to_write(
    manifest: Path, arguments: list[str], says: str
) -> None:
    done = run("-f", manifest, "--source", "http://127.0.0.1:1", *arguments)

    assert done.exit_code == 2, done.output
    assert says in done.output


FILES = [
    pytest.param("kind: Deployment", "holds no KubervisorService", id="another kind"),
    pytest.param("a: [", "neither YAML nor JSON", id="no YAML"),
    pytest.param(
        yaml.safe_dump({**MANIFEST, "spec": {"service": "shop", "breakers": []}}),
        "spec.breakers",
        id="a spec that is invalid",
    ),
]


@pytest.mark.parametrize(("text", "says"), FILES)
def test_a_file_that_cannot_be_used_exits_2(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")

    done = run("-f", path, "--source", "http://127.0.0.1:1", "--start", "-1h")

    assert done.exit_code == 2, done.output
    assert says in done.output


def test_a_missing_file_exits_2(tmp_path: Path) -> None:
    done = run("-f", tmp_path / "none", "--source", "http://127.0.0.1:1", "--start", "-1h")

    assert done.exit_code == 2
    assert "cannot be read" in done.output


def test_a_source_that_does_not_answer_exits_1(manifest: Path) -> None:
    done = run("-f", manifest, "--source", "http://127.0.0.1:1", "--start", "-1h")

    assert done.exit_code == 1
    assert "could not be connected to" in done.output


def test_a_source_that_refuses_the_query_exits_1_with_its_words(manifest: Path) -> None:
    done = over(Record(status=400, error="parse error: unexpected end of input"), manifest)

    assert done.exit_code == 1
    assert "parse error: unexpected end of input" in done.output


def test_a_raw_selector_is_read_by_its_samples(tmp_path: Path) -> None:
    ratio = {
        "name": "errors",
        "ratio": {
            "prometheusService": "prometheus:9090",
            "promQL": SELECTOR,
            "codeLabel": "code",
            "badCodes": "5..",
            "window": "25s",
        },
    }
    path = tmp_path / "ratio.yaml"
    spec = {"service": "shop", "breakers": [ratio]}
    path.write_text(yaml.safe_dump({**MANIFEST, "spec": spec}), encoding="utf-8")
    record = recorded_shop((3, 600, 900, 0.5), seconds=1800)

    done = over(record, path, "-o", "json")

    assert done.exit_code == 0, done.output
    assert {e["pod"] for e in json.loads(done.stdout)["ejections"]} == {pod_name(3)}
    assert {asked["endpoint"] for asked in record.asked} == {"query"}
