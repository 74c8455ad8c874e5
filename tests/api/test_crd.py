"""The generated CRDs are structural, bounded and described, and their files are up to date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from kubervisor.api.crd import SCHEMA_VERSION, SCHEMA_VERSION_ANNOTATION, crd
from kubervisor.api.definitions import DEFINITIONS
from kubervisor.api.detectors import Detectors
from kubervisor.api.policy import to_policy
from kubervisor.api.reference import EXAMPLE
from kubervisor.cli.crds import crds

VERSION = crd()["spec"]["versions"][0]
SCHEMA = VERSION["schema"]["openAPIV3Schema"]
STRUCTURAL_KEYWORDS = {
    "type", "description", "properties", "items", "required", "enum", "format", "pattern",
    "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems",
    "x-kubernetes-int-or-string", "x-kubernetes-list-type", "x-kubernetes-list-map-keys",
    "x-kubernetes-validations", "additionalProperties", "maxProperties",
}  # fmt: skip


def fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every field below `schema`: its path, its schema, and whether it must be given."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field, name in schema.get("required", ())
        yield from fields(field, f"{path}.{name}")
        yield from fields(field.get("items", {}), f"{path}.{name}[]")


FIELDS = {path: schema for path, schema, _ in fields(SCHEMA)}
GIVEN = {path for path, _, given in fields(SCHEMA) if given}
STATUS = [path for path in FIELDS if path.startswith(".status.")]
EVERY = [
    pytest.param(schema, given, id=f"{of.kind}{path}")
    for of in DEFINITIONS
    for path, schema, given in fields(of.schema())
    if path.startswith((".spec.", ".status."))
]
SPEC = [one for one in EVERY if ".spec." in str(one.id)]
EACH = [pytest.param(one.values[0], id=str(one.id)) for one in EVERY]


@pytest.mark.parametrize("schema", EACH)
def test_each_field_is_structural_and_described(schema: dict[str, Any]) -> None:
    assert set(schema) <= STRUCTURAL_KEYWORDS
    assert "type" in schema or schema["x-kubernetes-int-or-string"]
    assert schema["description"].strip().endswith((".", "…"))


@pytest.mark.parametrize(("schema", "given"), SPEC)
def test_each_optional_field_says_what_unset_means(schema: dict[str, Any], given: bool) -> None:
    assert given or "Default: " in schema["description"] or "Unset: " in schema["description"]


@pytest.mark.parametrize("schema", [one for one in EACH if ".spec." in str(one.id)])
def test_each_field_of_the_specification_is_bounded(schema: dict[str, Any]) -> None:
    match schema.get("type"):
        case "integer" | "number":
            assert {"minimum", "maximum"} <= set(schema)
        case "string":
            assert "maxLength" in schema or "enum" in schema
        case "array":
            assert "maxItems" in schema


def test_no_default_is_written_into_the_users_object() -> None:
    of_specs = [of.schema()["properties"].get("spec", {}) for of in DEFINITIONS]
    assert not [
        path for spec in of_specs for path, schema, _ in fields(spec) if "default" in schema
    ]


def test_the_names_of_the_original_are_kept() -> None:
    spec = crd()["spec"]
    assert spec["group"] == "kubervisor.k8s.io"
    assert spec["names"]["kind"] == "KubervisorService"
    assert spec["names"]["plural"] == "kubervisorservices"
    assert VERSION["name"] == "v1alpha1"
    discrete = FIELDS[".spec.breakers[].discreteValueOutOfList"]
    assert set(discrete["properties"]) == {
        "prometheusService", "source", "promQL", "podNamekey", "key",
        "goodValues", "badValues", "tolerance", "minActivity",
    }  # fmt: skip


def test_the_annotations_say_approval_and_schema_version() -> None:
    assert crd()["metadata"]["annotations"] == {
        "api-approved.kubernetes.io": "unapproved, legacy group of Kubervisor",
        SCHEMA_VERSION_ANNOTATION: str(SCHEMA_VERSION),
    }


def test_lists_with_keys_are_maps() -> None:
    assert FIELDS[".spec.breakers"]["x-kubernetes-list-map-keys"] == ["name"]
    assert FIELDS[".status.conditions"]["x-kubernetes-list-map-keys"] == ["type"]


def test_the_rule_of_one_detector_names_every_detector() -> None:
    rule = FIELDS[".spec.breakers"]["items"]["x-kubernetes-validations"][0]
    for field in Detectors.model_fields.values():
        assert f"has(self.{field.alias})" in rule["rule"]
        assert str(field.alias) in rule["message"]


def test_a_status_demands_no_more_than_the_key_of_a_condition() -> None:
    demanded = {path for path in STATUS if path in GIVEN}
    assert demanded == {".status.conditions[].type", ".status.conditions[].status"}


def test_the_example_of_the_reference_page_is_valid() -> None:
    assert to_policy(yaml.safe_load(EXAMPLE)["spec"]).breakers[0].name == "response-code"


def test_the_generated_files_are_up_to_date(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pytestconfig.rootpath)
    result = CliRunner().invoke(crds, ["--check"])
    assert result.exit_code == 0, result.output


def test_without_options_the_yaml_is_printed() -> None:
    result = CliRunner().invoke(crds)
    assert result.exit_code == 0
    assert list(yaml.safe_load_all(result.output)) == [of.crd() for of in DEFINITIONS]


def test_check_tells_missing_and_changed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = CliRunner().invoke(crds, ["--check"])
    assert missing.exit_code == 1
    assert "docs/reference/kubervisorservice.md: missing" in missing.output

    assert CliRunner().invoke(crds, ["--write"]).exit_code == 0
    assert CliRunner().invoke(crds, ["--check"]).exit_code == 0

    stored = Path("crds/kubervisorservices.kubervisor.k8s.io.yaml")
    stored.write_text(stored.read_text().replace("Namespaced", "Cluster"))
    changed = CliRunner().invoke(crds, ["--check"])
    assert changed.exit_code == 1
    assert "+  scope: Namespaced" in changed.output
    assert "run `kubervisor crds --write`" in changed.output
