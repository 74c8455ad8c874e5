"""What the chart renders for rules: their settings, and rights for what they may do alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kubervisor.kube import access
from kubervisor.rules_config import read_rules_config
from kubervisor.rules_settings import ACTIONS, RulesSettings
from playground.fleet_api import Json
from tests.chart.rendering import NAME, VERSION, helm, objects, pods
from tests.chart.test_rendering import rules_of
from tests.chart.variants import CART, JOB, SHOP, VARIANTS
from tests.security.chart import CHART

ROOT = CHART.parents[1]


def told(rendered: list[Json], monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that its pod and its check have."""
    pod, check = (one for one in pods(rendered) if "-rules" in one["serviceAccountName"])
    assert check["containers"][0]["env"] == pod["containers"][0]["env"]
    for one in pod["containers"][0]["env"]:
        if "value" in one:
            monkeypatch.setenv(one["name"], one["value"])


def test_settings_are_those_of_the_command_with_its_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told(objects({"rules": {"enabled": True}}), monkeypatch)

    # The chart brings the definitions.
    own = {"lease_name": "kubervisor-rules", "register_crds": False}
    assert RulesSettings().model_dump() == RulesSettings.model_construct().model_dump() | own


def test_what_is_set_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told(objects(VARIANTS["rules-that-may-all"]), monkeypatch)
    settings = RulesSettings()

    assert set(settings.actions) == set(ACTIONS)
    assert settings.webhook_hosts == ("*.svc:8443",)
    assert settings.job_namespace == SHOP
    assert settings.dry_run


def test_it_is_told_its_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    told(objects(VARIANTS["rules-of-namespaces"]), monkeypatch)

    assert RulesSettings().namespaces == (SHOP, CART)


def file_of(variant: str, config_map: str, name: str) -> str:
    (found,) = (
        one["data"][name]
        for one in objects(VARIANTS[variant])
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == config_map
    )
    text: str = found
    return text


def test_its_files_are_the_sources_and_the_jobs(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(file_of("rules", "kubervisor-rules", "config.yaml"))
    (source,) = read_rules_config(config)["sources"]
    assert source["tokenFile"] == "/etc/kubervisor/sources/main/token"
    assert "namespaces" not in source, "they are those of KubervisorServices"

    jobs = file_of("rules-that-may-all", "kubervisor-rules-jobs", "vacuum.yaml")
    assert yaml.safe_load(jobs) == JOB


WITH = {action: [action] for action in ACTIONS} | {"default": list(ACTIONS[:5])}


@pytest.mark.parametrize("actions", WITH.values(), ids=WITH)
def test_what_is_granted_is_what_kubervisor_check_looks_for(actions: list[str]) -> None:
    jobs = {"jobTemplates": {"vacuum": JOB}} if "job" in actions else {}
    rendered = objects({"rules": {"enabled": True, "actions": actions, **jobs}})
    namespaced, of_cluster = access.rights_of_rules(actions)

    assert rules_of(rendered, "kubervisor-rules") == set(namespaced)
    own = [one for one in rendered if "dashboard" not in one["metadata"]["name"]]
    assert rules_of(own, "-rules-cluster") == set(of_cluster)
    assert rules_of(rendered, "-rules-lease") == set(access.LEASE)
    assert rules_of(rendered, "-rules-jobs") == (set(access.JOBS) if "job" in actions else set())


def test_with_namespaces_only_what_has_none_takes_a_cluster_role() -> None:
    rendered = objects(VARIANTS["rules-of-namespaces"])
    wide = [one["metadata"]["name"] for one in rendered if one["kind"] == "ClusterRole"]

    assert sorted(wide) == [
        "chart-kubervisor-dashboard-rules-cluster",
        "chart-kubervisor-rules-cluster",
    ]
    assert rules_of(rendered, "-rules-events") == {
        access.Right(verb, "events.k8s.io", "events") for verb in ("create", "patch")
    }


def test_the_account_may_not_write_rules_nor_read_secrets() -> None:
    rendered = objects(VARIANTS["rules-that-may-all"])
    rights = rules_of(rendered, "kubervisor-rules") | rules_of(rendered, "-rules-cluster")

    assert {one.verb for one in rights if one.resource == "autopilotrules"} == {
        *("get", "list", "watch")
    }
    assert not [one for one in rights if one.resource in ("secrets", "configmaps")]


@pytest.mark.parametrize("values", ["values.yaml", "values-jobs.yaml"])
def test_the_values_of_the_examples_are_values(values: str) -> None:
    asked = yaml.safe_load((ROOT / "examples" / "rules" / values).read_text())

    assert pods(objects(asked))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"actions": ["volume/shrink"]}, "rules/actions", id="an unknown action"),
        pytest.param({"actions": ["job"]}, "rules.jobTemplates", id="Jobs that nobody wrote"),
        pytest.param({"jobTemplates": {"x": {"kind": "Pod"}}}, "jobTemplates", id="no Job"),
        pytest.param({"settings": {"pollInterval": 1}}, "pollInterval", id="no setting"),
    ],
)
def test_wrong_values_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    values = {"rules": {"enabled": True, **wrong}}
    done = helm("template", NAME, str(CHART), VERSION, values=values)

    assert done.returncode != 0
    assert said in done.stderr
