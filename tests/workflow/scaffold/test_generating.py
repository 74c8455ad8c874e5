"""A generated project: it says what its file says, and is in order as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kubervisor.errors import SpecError
from kubervisor.workflow.deploying.manifests import MARK
from kubervisor.workflow.project.problems import ProjectError
from kubervisor.workflow.project.reading import read_project
from kubervisor.workflow.scaffold.generating import generate, out_of_date
from kubervisor.workflow.scaffold.writing import write
from tests.workflow.scaffold.projects import CANARY, HOSTILE, contents, first, in_project, made

OURS = [
    "build/Dockerfile",
    "deploy/clusterrole-viewer.yaml",
    "deploy/clusterrole.yaml",
    "deploy/clusterrolebinding.yaml",
    "deploy/configmap.yaml",
    "deploy/crd.yaml",
    "deploy/deployment-all-namespaces.yaml",
    "deploy/deployment-single-namespace.yaml",
    "deploy/role-lease.yaml",
    "deploy/role.yaml",
    "deploy/rolebinding.yaml",
    "deploy/service_account.yaml",
    "example_operator/__init__.py",
    "example_operator/__main__.py",
    "example_operator/metrics.py",
    "example_operator/operator.py",
    "example_operator/phases.py",
    "example_operator/py.typed",
    "example_operator/workers/__init__.py",
    "tests/test_generated.py",
]
USERS = [
    ".gitignore",
    "Makefile",
    "README.md",
    "autopilot.yaml",
    "example.yaml",
    "example_operator/spec.py",
    "example_operator/workers/initializing.py",
    "example_operator/workers/processing.py",
    "pyproject.toml",
    "tests/test_workers.py",
]
RESERVED = """
from pydantic import BaseModel
class ExampleSpec(BaseModel): pass
class ExampleStatus(BaseModel):
    phase: str = ""
"""
"""Models of which one has a field that every status has."""


@pytest.fixture(params=["first", "canary", "hostile"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    texts = {"first": first(), "canary": CANARY, "hostile": HOSTILE}
    return made(tmp_path / "project", texts[request.param])


def test_the_first_project_has_these_files_and_the_generated_are_marked(tmp_path: Path) -> None:
    found = contents(made(tmp_path / "project", first()))
    assert sorted(found) == sorted(OURS + USERS)
    assert [path for path, text in found.items() if text.startswith(MARK)] == OURS


def test_a_project_passes_its_own_tests_and_style_as_generated(project: Path) -> None:
    printed = in_project(project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "passed" in printed
    assert "failed" not in printed
    in_project(project, "-m", "ruff", "check", "--no-cache")
    in_project(project, "-m", "ruff", "format", "--check", "--no-cache")


def test_a_project_type_checks_strictly_as_generated(project: Path, mypy_cache: Path) -> None:
    printed = in_project(project, "-m", "mypy", "--strict", f"--cache-dir={mypy_cache}")
    assert printed.startswith("Success: no issues found")


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What projects have in common is checked once."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("text", [CANARY, HOSTILE])
def test_the_code_says_what_the_project_file_says(tmp_path: Path, text: str) -> None:
    root = made(tmp_path / "project", text)
    package = read_project(text).operator_name.replace("-", "_")
    same = (
        f"from {package}.operator import OPERATOR as made\n"
        "from kubervisor.workflow.project.reading import read_project\n"
        "project = read_project(open('autopilot.yaml', encoding='utf-8').read())\n"
        "assert made.project == project\n"
        "assert set(made.workers) == {one.name for one in project.phases if not one.final}\n"
        "assert (made.finalizer is not None) == project.enable_finalizer\n"
        "print('the same')"
    )
    assert in_project(root, "-c", same) == "the same\n"


def test_to_generate_again_changes_nothing(project: Path) -> None:
    before = contents(project)
    assert not any(step.changes for step in generate(project))
    assert out_of_date(project) == []
    assert contents(project) == before


def test_a_changed_project_is_followed_and_the_users_files_stay(tmp_path: Path) -> None:
    root = made(tmp_path / "project", first())
    worker = root / "example_operator/workers/processing.py"
    worker.write_text(worker.read_text() + "# mine\n")
    file = root / "autopilot.yaml"
    file.write_text(
        file.read_text()
        .replace("- name: Finished", "- name: Promoting\n- name: Finished")
        .replace("- metrics", "- pods")
    )
    assert out_of_date(root) == [
        "rewrite deploy/clusterrole.yaml",
        "rewrite deploy/crd.yaml",
        "rewrite deploy/role.yaml",
        "remove example_operator/metrics.py",
        "rewrite example_operator/operator.py",
        "rewrite example_operator/phases.py",
    ]
    write(root, generate(root))
    assert worker.read_text().endswith("# mine\n")
    assert (root / "example_operator/workers/promoting.py").exists()
    assert not (root / "example_operator/metrics.py").exists()
    assert out_of_date(root) == []


def test_the_definition_follows_the_models(tmp_path: Path) -> None:
    root = made(tmp_path / "project", first())
    spec = root / "example_operator/spec.py"
    made_models, ours = (
        spec.read_text(),
        "\n    success_threshold: float = 99\n\n\nclass ExampleStatus",
    )
    spec.write_text(made_models.replace("\n\nclass ExampleStatus", ours))
    assert out_of_date(root) == ["rewrite deploy/crd.yaml"]
    write(root, generate(root))
    crd = yaml.safe_load((root / "deploy/crd.yaml").read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert schema["properties"]["spec"]["properties"]["successThreshold"]["type"] == "number"


def test_what_the_users_code_prints_is_no_part_of_the_definition(tmp_path: Path) -> None:
    root = made(tmp_path / "project", first())
    spec = root / "example_operator/spec.py"
    spec.write_text(f"{spec.read_text()}\nprint('noise')\n__import__('os').write(1, b'noise')\n")
    assert not out_of_date(root)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def x(:", "SyntaxError"),
        ("import nothing_like_it", "No module named 'nothing_like_it'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("print('noise')", "has no pydantic model ExampleSpec"),
        ("ExampleSpec = ExampleStatus = 1", "has no pydantic model ExampleSpec"),
        ("import os; os._exit(0)", "ended Python (exit code 0)"),
        ("raise KeyboardInterrupt", "ended Python (KeyboardInterrupt)"),
        (RESERVED, "phase"),
    ],
)
def test_models_that_are_none_stop_it_with_a_sentence(
    tmp_path: Path, source: str, sentence: str
) -> None:
    root = made(tmp_path / "project", first())
    (root / "example_operator/spec.py").write_text(source)
    before = contents(root)
    with pytest.raises(SpecError) as refused:
        generate(root)
    assert "example_operator/spec.py: " in str(refused.value)
    assert sentence in str(refused.value)
    assert contents(root) == before


def test_a_project_file_that_is_wrong_is_told_by_its_lines(tmp_path: Path) -> None:
    (tmp_path / "autopilot.yaml").write_text(first().replace("initial: true", "initial: maybe"))
    with pytest.raises(ProjectError, match=r"autopilot\.yaml:\d+: "):
        generate(tmp_path)


def test_of_a_file_that_has_no_end_no_more_is_read_than_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "autopilot.yaml").symlink_to("/dev/zero")
    with pytest.raises(ProjectError, match="has more than 256 KiB"):
        generate(tmp_path)


def test_where_there_is_no_project_it_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"autopilot\.yaml: is not there; .*workflow init"):
        generate(tmp_path)


def test_made_anew_by_force_a_project_is_as_on_its_first_day(tmp_path: Path) -> None:
    root = made(tmp_path / "project", first())
    before = contents(root)
    for path in ("example_operator/spec.py", "README.md", "deploy/crd.yaml"):
        (root / path).write_text("class {")
    with pytest.raises(SpecError, match=r"^deploy/crd\.yaml: |spec\.py"):
        generate(root)
    write(root, generate(root, force=True))
    assert contents(root) == before
