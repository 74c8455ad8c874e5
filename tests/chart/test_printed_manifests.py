"""What `kubervisor yaml` prints is what helm renders, and a real API server takes it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from install_files import generated_files
from kubervisor import __version__
from kubervisor.cli import main
from playground.cluster import LocalCluster
from playground.fleet_api import Json
from tests.chart.rendering import VERSION, helm
from tests.security.chart import CHART, read_all

SOURCES = "a:git@https://git.example/a.git;b:git:https://git.example/b"

# The chart's values, and the keys that mean the same. The image may be any, so it has its tag.
SETS: Mapping[str, tuple[list[str], dict[str, Any]]] = {
    "as it is": ([], {}),
    "AutoCrane's": (
        ["namespace=autocrane", "image=autocrane:1", "pull=Never", "cpu=10m"],
        {
            "image": {"repository": "autocrane", "tag": "1", "pullPolicy": "Never"},
            "traffic": {"resources": {"requests": {"cpu": "10m"}}},
            "watchdog": {"resources": {"requests": {"cpu": "10m"}}},
        },
    ),
    "several of each": (
        ["traffic_replicas=3", "watchdogprober_replicas=2"],
        {"traffic": {"replicas": 3}, "watchdog": {"replicas": 2}},
    ),
    "several that evict": (["autocrane_replicas=2"], {"watchdog": {"replicas": 2}}),
    "none for now": (
        ["traffic_replicas=0", "watchdogprober_replicas=0", "autocrane_replicas=0"],
        {"traffic": {"replicas": 0}, "watchdog": {"replicas": 0}},
    ),
    "without watchdogs": (["use_watchdogprober=0"], {"watchdog": {"enabled": False}}),
    "with data": (
        ["use_datarepo=1", f"datarepo_sources={SOURCES}", "datarepo_memory=200M", "cpu=10m"],
        {
            "traffic": {"resources": {"requests": {"cpu": "10m"}}},
            "watchdog": {"resources": {"requests": {"cpu": "10m"}}},
            "data": {
                "enabled": True,
                "rollout": {"resources": {"requests": {"cpu": "10m"}}},
                "repository": {
                    "resources": {"requests": {"cpu": "10m"}, "limits": {"memory": "200M"}},
                    "sources": [
                        {"name": "a", "spec": "git@https://git.example/a.git"},
                        {"name": "b", "spec": "git:https://git.example/b"},
                    ],
                },
            },
        },
    ),
    "several repositories": (
        ["use_datarepo=1", "datarepo_replicas=2", "autocrane_replicas=3"],
        {
            "watchdog": {"replicas": 3},
            "data": {"enabled": True, "rollout": {"replicas": 3}, "repository": {"replicas": 2}},
        },
    ),
    "with rules": (
        ["use_rules=1", "rules_source=http://prometheus.monitoring:9090", "rules_replicas=2"],
        {
            "rules": {
                "enabled": True,
                "replicas": 2,
                "extraArgs": ["--source=default=http://prometheus.monitoring:9090"],
            },
        },
    ),
    "by a digest": (
        [f"image=registry.example:5000/kubervisor@sha256:{'0' * 64}"],
        {
            "image": {
                "repository": "registry.example:5000/kubervisor",
                "digest": f"sha256:{'0' * 64}",
            }
        },
    ),
}


def printed(*keys: str) -> str:
    done = CliRunner().invoke(main, ["yaml", *keys])
    assert done.exit_code == 0, done.output
    return done.stdout


def rendered(namespace: str, values: Mapping[str, Any]) -> list[Json]:
    values = {**values, "watchdog": {"enabled": True, **values.get("watchdog", {})}}
    # helm alone knows what to keep.
    values = {**values, "crds": {"keep": False}}
    command = ("template", "kubervisor", str(CHART), "--no-hooks", f"--namespace={namespace}")
    done = helm(*command, VERSION, values=values)
    assert done.returncode == 0, done.stderr
    return objects(done.stdout)


def objects(text: str) -> list[Json]:
    found = [one for one in read_all(text) if one]
    return sorted(found, key=lambda one: (one["kind"], one["metadata"]["name"]))


@pytest.mark.parametrize("path", generated_files(), ids=str)
def test_what_it_is_made_of_is_up_to_date(path: Path) -> None:
    assert path.read_text() == generated_files()[path], "run `python hack/install_files.py`"


@pytest.mark.parametrize(("keys", "values"), SETS.values(), ids=SETS)
def test_it_is_what_the_chart_renders_and_the_namespace(
    keys: list[str], values: dict[str, Any]
) -> None:
    found = objects(printed(*keys))
    (namespace,) = (one for one in found if one["kind"] == "Namespace")
    found.remove(namespace)

    assert found == rendered(namespace["metadata"]["name"], values)


def test_the_workload_to_try_it_on_is_added_to_that() -> None:
    without = objects(printed())
    added = [one for one in objects(printed("use_testworkload=1")) if one not in without]

    assert [(one["kind"], one["metadata"]["name"]) for one in added] == [
        ("Deployment", "testworkload"),
        ("PodDisruptionBudget", "testworkload"),
    ]
    template = added[0]["spec"]["template"]
    assert template["metadata"]["annotations"] == {
        "probe.autocrane.io/watchdog1": "POD_IP:8080/watchdog"
    }
    assert added[0]["spec"]["replicas"] == 2
    alone = objects(printed("use_testworkload=1", "testworkload_replicas=1"))
    assert not [one for one in alone if one["kind"] == "PodDisruptionBudget"]


def test_autocranes_way_of_asking_is_understood() -> None:
    """As its own page has it: `docker run -e AUTOCRANE_ARGS="yaml use_testworkload=1" …`."""
    done = CliRunner(env={"AUTOCRANE_ARGS": "yaml use_testworkload=1"}).invoke(main, [])

    assert done.stdout == printed("use_testworkload=1")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param("aadpodidbinding=x", "write KEY=VALUE", id="a key that is none"),
        pytest.param(f"datarepo_sources={SOURCES}", "use_datarepo=1", id="sources for nobody"),
        pytest.param("datarepo_sources=catalog", "must match", id="a source without a name"),
        pytest.param('datarepo_sources=a:b"', "must match", id="the end of such a text"),
        pytest.param("use_rules=1", "rules_source", id="rules without metrics"),
        pytest.param("rules_source=http://p", "use_rules=1", id="metrics for nobody"),
        pytest.param("datarepo_memory=much", "must match", id="no amount of memory"),
        pytest.param("image", "write KEY=VALUE", id="no value"),
        pytest.param("use_testworkload=yes", "[01]", id="a word for a number"),
        pytest.param("pull=Sometimes", "Always|IfNotPresent|Never", id="none of these"),
        pytest.param("namespace=Shop", "must match", id="no name of a namespace"),
        pytest.param("image=x\nkind: Pod", "must match", id="more than one line"),
        pytest.param('image=x"', "must match", id="the end of a text"),
        pytest.param("cpu=${image}", "must match", id="another key"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_printed(wrong: str, said: str) -> None:
    done = CliRunner().invoke(main, ["yaml", wrong])

    assert done.exit_code == 1
    assert said in done.stderr
    assert done.stdout == ""


def test_its_help_names_every_key_and_default() -> None:
    told = CliRunner().invoke(main, ["yaml", "--help"]).stdout

    assert f"image=kubervisor:{__version__}" in told
    assert "use_testworkload=0" in told


def test_a_real_api_server_takes_it_without_a_warning(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "namespace", "printed")
    flags = ("--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
    done = subprocess.run(
        [cluster.binaries / "kubectl", f"--kubeconfig={cluster.kubeconfig}", "apply", *flags],
        input=printed(
            "namespace=printed",
            "use_testworkload=1",
            "use_datarepo=1",
            "use_rules=1",
            "rules_source=http://prometheus.monitoring:9090",
            "watchdogprober_replicas=2",
        ),
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(cluster.folder)},
    )

    assert done.returncode == 0, done.stderr
    assert "deployment.apps/kubervisor-watchdog serverside-applied" in done.stdout
    assert done.stderr == ""
