"""What the chart renders, and what it refuses to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic.alias_generators import to_camel

from chart_files import generated_files, values
from kubervisor import __version__
from kubervisor.api.definitions import DEFINITIONS
from kubervisor.data_settings import DataSettings
from kubervisor.kube import access
from kubervisor.settings import Settings
from kubervisor.watchdog_settings import WatchdogSettings
from tests.chart.rendering import NAME, VERSION, helm, objects, path_of, pods, snapshot, template
from tests.chart.variants import CART, SHOP, VARIANTS
from tests.security.chart import CHART, read_all

SCHEMA = json.loads((CHART / "values.schema.json").read_text())


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_variant_renders_as_it_did(variant: str) -> None:
    """`python -m tests.chart.rendering` writes the snapshots anew: read what changed."""
    assert snapshot(variant) == path_of(variant).read_text()


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_finds_nothing_to_warn_of(variant: str) -> None:
    done = helm("lint", "--strict", str(CHART), values=VARIANTS[variant])

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", generated_files(), ids=str)
def test_generated_pages_are_up_to_date(path: Path) -> None:
    assert path.read_text() == generated_files()[path], "run `python hack/chart_files.py`"


def test_its_definitions_are_those_of_the_command() -> None:
    rendered = [m for m in objects({}) if m["kind"] == "CustomResourceDefinition"]
    for one in rendered:
        assert one["metadata"]["annotations"].pop("helm.sh/resource-policy") == "keep"

    wanted = [json.loads(json.dumps(one.crd())) for one in DEFINITIONS]
    assert sorted(rendered, key=str) == sorted(wanted, key=str)


def test_there_is_no_folder_that_helm_would_never_upgrade() -> None:
    assert not (CHART / "crds").exists()


def test_chart_and_program_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nobody_reaches_the_dashboard_but_by_a_port_forward(variant: str) -> None:
    rendered = objects(VARIANTS[variant])
    containers = [one for pod in pods(rendered) for one in pod["containers"]]
    listening = [a for c in containers for a in c["args"] if a.startswith("--dashboard-listen=")]
    open_ports = {port["name"] for one in containers for port in one.get("ports", ())}

    assert set(listening) == {"--dashboard-listen=127.0.0.1:8087"}
    serves = {one["metadata"]["name"] for one in rendered if one["kind"] == "Service"}
    assert open_ports - {"http"} == {"metrics"}
    assert serves == ({"kubervisor-datarepo"} if "http" in open_ports else set())


# Values and their schema.


def schemas(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from schemas(inner, f"{path}.{name}")
    if "items" in schema:
        yield from schemas(schema["items"], f"{path}[]")


def test_unknown_values_are_refused_at_every_depth() -> None:
    named = [(p, s) for p, s in schemas(SCHEMA) if "properties" in s]

    assert [path for path, schema in named if schema.get("additionalProperties") is not False] == []


def test_every_value_says_what_it_means() -> None:
    told = {value.path: value.comment for value in values()}
    known = {
        path.lstrip(".")
        for path, schema in schemas(SCHEMA)
        if path and "[]" not in path and "properties" not in schema
    }

    assert all(comment.endswith(".") for comment in told.values()), told
    assert told.keys() == known - {"global"}


def test_settings_are_those_of_the_command_with_its_defaults() -> None:
    fields = {to_camel(name): field.default for name, field in Settings.model_fields.items()}
    told = yaml.safe_load((CHART / "values.yaml").read_text())["settings"]
    told["allowSources"] = tuple(told["allowSources"])

    assert told == {name: fields.get(name) for name in told}


def test_settings_of_watchdogs_are_those_of_the_command_with_its_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They reach it by the environment, as text."""
    rendered = objects({"watchdog": {"enabled": True}})
    pod, check = (one for one in pods(rendered) if "watchdog" in one["serviceAccountName"])
    told = {one["name"]: one["value"] for one in pod["containers"][0]["env"] if "value" in one}
    assert check["containers"][0]["env"] == pod["containers"][0]["env"]
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    assert {name.rpartition("WATCHDOG_")[0] for name in told} == {"KUBERVISOR_"}
    names = {name.removeprefix("KUBERVISOR_WATCHDOG_").lower() for name in told}
    assert names <= WatchdogSettings.model_fields.keys()
    with_defaults = WatchdogSettings.model_construct()
    lease = {"lease_name": "kubervisor-watchdog"}
    assert WatchdogSettings().model_dump() == with_defaults.model_dump() | lease


def test_settings_of_data_are_those_of_the_command_with_its_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered = objects({"data": {"enabled": True}})
    pod, check = (one for one in pods(rendered) if "datarollout" in one["serviceAccountName"])
    told = {one["name"]: one["value"] for one in pod["containers"][0]["env"] if "value" in one}
    assert check["containers"][0]["env"] == pod["containers"][0]["env"]
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    names = {name.removeprefix("KUBERVISOR_DATA_").lower() for name in told}
    assert names <= DataSettings.model_fields.keys()
    where = {
        "lease_name": "kubervisor-datarollout",
        "repository": "http://kubervisor-datarepo.chart",
        "register_crds": False,  # the chart brings them
    }
    assert DataSettings().model_dump() == DataSettings.model_construct().model_dump() | where


def test_watchdogs_are_told_their_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = objects(VARIANTS["watchdog-of-namespaces"])
    pod, _ = (one for one in pods(rendered) if "watchdog" in one["serviceAccountName"])
    for one in pod["containers"][0]["env"]:
        monkeypatch.setenv(one["name"], one.get("value", ""))

    assert WatchdogSettings().namespaces == (SHOP, CART)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"replicas": 2}, "replicas", id="a value that is none"),
        pytest.param({"traffic": {"replicas": "two"}}, "replicas", id="a word for a number"),
        pytest.param({"settings": {"minFloorPercent": 101}}, "minFloorPercent", id="too much"),
        pytest.param({"image": {"digest": "latest"}}, "digest", id="a tag for a digest"),
        pytest.param({"namespaces": ["Shop"]}, "namespaces", id="no name of a namespace"),
        pytest.param(
            {"monitoring": {"rules": {"runbookUrl": "https://docs.example"}}},
            "runbookUrl",
            id="runbooks at one address",
        ),
        pytest.param({"sources": [{"name": "x"}]}, "url", id="a source without a URL"),
        pytest.param(
            {"sources": [{"name": "x", "url": "http://user:password@x"}]}, "url", id="a password"
        ),
        pytest.param(
            {"sources": [{"name": "x", "url": "https://x", "secret": {"name": "x", "cert": "c"}}]},
            "key",
            id="half a certificate",
        ),
        pytest.param(
            {"data": {"enabled": True, "repository": {"enabled": False}}},
            "data.repository.url",
            id="no repository at all",
        ),
        pytest.param(
            {"data": {"enabled": True, "rollout": {"settings": {"stages": [25, 50]}}}},
            "must end with 100",
            id="stages that never come to all",
        ),
        pytest.param(
            {
                "data": {
                    "enabled": True,
                    "repository": {"replicas": 2, "storage": {"persistent": True}},
                }
            },
            "one replica",
            id="two pods on one volume",
        ),
        pytest.param(
            {"data": {"repository": {"sources": [{"name": "x", "spec": "git:https://a;b:c"}]}}},
            "spec",
            id="two sources in one",
        ),
        pytest.param(
            {"data": {"deployers": [{"namespace": "shop", "accounts": ["a' || 'b"]}]}},
            "accounts",
            id="no name of an account",
        ),
        pytest.param(
            {"crds": {"register": True}}, "exclude each other", id="two who bring the definition"
        ),
        pytest.param(
            {"crds": {"register": True, "enabled": False}, "namespaces": [SHOP]},
            "register needs a ClusterRole",
            id="rights that Roles cannot give",
        ),
    ],
)
def test_wrong_values_are_refused_by_name(wrong: dict[str, Any], said: str) -> None:
    done = helm("template", NAME, str(CHART), VERSION, values=wrong)

    assert done.returncode != 0
    assert said in done.stderr


# Rights.


def rules_of(manifests: list[Any], ending: str) -> set[access.Right]:
    """The rights of the roles whose names end so."""
    return {
        access.Right(verb, group, resource)
        for manifest in manifests
        if manifest["kind"] in ("Role", "ClusterRole")
        and manifest["metadata"]["name"].endswith(ending)
        for rule in manifest["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize("variant", ["termination", "namespaces"])
def test_what_is_granted_is_what_kubervisor_check_looks_for(variant: str) -> None:
    rendered = objects(VARIANTS[variant])

    assert rules_of(rendered, "-traffic") == set(access.TRAFFIC)
    assert rules_of(rendered, "-traffic-lease") == set(access.LEASE)
    assert rules_of(rendered, "-termination") == set(access.TERMINATION)


@pytest.mark.parametrize("variant", ["watchdog", "watchdog-of-namespaces"])
def test_watchdogs_end_pods_by_eviction_alone_and_read_no_services(variant: str) -> None:
    rendered = objects(VARIANTS[variant])

    assert rules_of(rendered, "-watchdog-lease") == set(access.LEASE)
    assert rules_of(rendered, "-watchdog") == {*access.WATCHDOG, *access.EVICTION}
    assert not rules_of(rendered, "-watchdog") & {*access.TERMINATION[1:]}, "no deletion"


@pytest.mark.parametrize("settings", [{"evict": False}, {"dryRun": True}])
def test_watchdogs_that_evict_nothing_may_not(settings: dict[str, Any]) -> None:
    rendered = objects({"watchdog": {"enabled": True, "settings": settings}})

    assert rules_of(rendered, "-watchdog") == set(access.WATCHDOG)
    assert not [one for one in rendered if "evict" in one["metadata"]["name"]]


@pytest.mark.parametrize("variant", ["data", "data-of-namespaces", "data-from-elsewhere"])
def test_what_rolls_out_data_is_granted_what_it_looks_for(variant: str) -> None:
    rendered = objects(VARIANTS[variant])

    assert rules_of(rendered, "-datarollout-lease") == set(access.LEASE)
    assert rules_of(rendered, "-datarollout") == set(access.DATAROLLOUT)
    assert rules_of(rendered, "-dashboard-data") == {listing("datarollouts")}


def listing(resource: str) -> access.Right:
    return access.Right("list", "kubervisor.k8s.io" if "data" in resource else "", resource)


def test_a_repository_reads_what_it_is_told_to_read_and_no_more() -> None:
    told, asking = objects(VARIANTS["data"]), objects(VARIANTS["data-of-namespaces"])

    assert rules_of(told, "-datarepo") == {listing("datarollouts")}
    assert rules_of(asking, "-datarepo") == {listing("datarollouts"), listing("pods")}
    (role,) = (m for m in told if m["kind"] == "Role" and m["metadata"]["name"].endswith("-prices"))
    assert role["metadata"]["namespace"] == SHOP
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["prices"]}
        | {"verbs": ["get"]}
    ]
    assert not rules_of(objects(VARIANTS["data-from-elsewhere"]), "-datarepo")


def test_deployers_have_their_rights_where_their_pods_are() -> None:
    rendered = objects(VARIANTS["data"])
    (binding,) = (
        one
        for one in rendered
        if one["kind"] == "RoleBinding" and one["metadata"]["name"].endswith("-deployer")
    )

    assert {str(one) for one in rules_of(rendered, "-deployer")} == {"get pods", "patch pods"}
    assert binding["metadata"]["namespace"] == SHOP
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "catalog", "namespace": SHOP}]


@pytest.mark.parametrize("capability", ["watchdog", "data", "rules"])
def test_a_capability_adds_objects_and_changes_none(capability: str) -> None:
    """So whoever turns it on, or prints it alone, need not look at the rest."""
    without = objects({})

    assert [one for one in objects({capability: {"enabled": True}}) if one in without] == without


def test_it_can_be_installed_by_whoever_has_namespaces_only() -> None:
    rendered = objects(VARIANTS["without-objects-of-the-cluster"])

    assert [one["kind"] for one in rendered if "namespace" not in one["metadata"]] == []


def test_namespaces_take_roles_alone() -> None:
    kinds = {manifest["kind"] for manifest in objects(VARIANTS["namespaces"])}

    assert not {"ClusterRole", "ClusterRoleBinding"} & kinds


# Pods.


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_pod_has_more_than_it_needs(variant: str) -> None:
    rendered = pods(objects(VARIANTS[variant]))

    own = len({"watchdog", "data", "rules"} & VARIANTS[variant].keys())
    data = VARIANTS[variant].get("data", {})
    repository = bool(data) and data["repository"].get("enabled", True)
    expected = 4 + 2 * own + repository
    assert len(rendered) == expected, "controller, check, release and its end; capabilities"
    for pod in rendered:
        (container,) = pod["containers"]
        files = {"fsGroup": 65532} if "datarepo" in pod["serviceAccountName"] else {}
        assert pod["securityContext"] == files | {
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize(("replicas", "budgets"), [(0, 0), (1, 0), (2, 1), (3, 1)])
def test_a_budget_never_blocks_the_only_controller(replicas: int, budgets: int) -> None:
    text = template({"traffic": {"replicas": replicas}})

    assert text.count("kind: PodDisruptionBudget") == budgets


def test_the_pod_of_a_test_that_went_well_can_still_be_read() -> None:
    (check,) = (m for m in objects({}) if m["kind"] == "Pod")
    annotations = check["metadata"]["annotations"]

    assert annotations["helm.sh/hook"] == "test"
    assert annotations["helm.sh/hook-delete-policy"] == "before-hook-creation"


def test_other_settings_make_other_pods() -> None:
    def template_of(**settings: Any) -> Any:
        (found,) = (m for m in objects({"settings": settings}) if m["kind"] == "Deployment")
        return found["spec"]["template"]

    assert template_of() != template_of(minFloorPercent=10)


@pytest.mark.parametrize(
    ("release", "lease"),
    [
        pytest.param("kubervisor", "kubervisor-traffic", id="the usual one the usual Lease"),
        pytest.param("east", "kubervisor-traffic-east", id="another one its own"),
        pytest.param("east--1", "kubervisor-traffic-east--1", id="whatever Helm lets it be called"),
        pytest.param("east.1", "kubervisor-traffic-east-1", id="but for points"),
    ],
)
def test_controllers_of_a_release_compete_for_one_lease(release: str, lease: str) -> None:
    command = ("template", release, str(CHART), VERSION, "--show-only=templates/traffic.yaml")
    for asked in ({}, {"namespaces": [SHOP]}):
        rendered = read_all(helm(*command, values=asked).stdout)
        (told,) = (m["data"]["config.yaml"] for m in rendered if m["kind"] == "ConfigMap")
        name = yaml.safe_load(told)["leaseName"]
        assert Settings(lease_name=name).lease_name == lease


def test_the_definition_is_kept_unless_told_otherwise() -> None:
    def policy(**crds: bool) -> list[str | None]:
        rendered = [m for m in objects({"crds": crds}) if m["kind"] == "CustomResourceDefinition"]
        return [m["metadata"]["annotations"].get("helm.sh/resource-policy") for m in rendered]

    assert policy() == ["keep"] * len(DEFINITIONS)
    assert policy(keep=False) == [None] * len(DEFINITIONS)
    assert policy(enabled=False) == []
