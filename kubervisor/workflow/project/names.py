"""Which names a project may give: they become names in Kubernetes, in Python, and of files."""

from __future__ import annotations

import keyword
import re
import sys

from kubervisor.workflow.project.problems import quoted

DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
PLURAL = re.compile(r"[a-z][a-z0-9]*")
QUERY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

LONGEST_KIND = 59
"""Characters; the API server also knows KINDList, of at most 63."""
LONGEST_NAME = 63

# fmt: off
_TAKEN = frozenset({
    "build", "click", "deploy", "dist", "h11", "hatchling", "kubernetes", "kubervisor", "msgspec",
    "mypy", "numpy", "pandas", "pip", "prometheus_api_client", "prometheus_client", "pydantic",
    "pydantic_core", "pydantic_settings", "pytest", "requests", "ruff", "scipy", "setuptools",
    "sitecustomize", "starlette", "structlog", "tenacity", "tests", "typing_extensions", "tzdata",
    "urllib3", "usercustomize", "uvicorn", "yaml", "zstandard",
})
# fmt: on
"""Packages and folders beside which a project's package stands."""


def is_group(text: str) -> bool:
    """Whether it can be the group of a resource that a cluster is taught."""
    return "." in text and len(text) <= 253 and bool(DNS_NAME.fullmatch(text))


def is_protected(group: str) -> bool:
    """Whether the API server keeps a group for what the Kubernetes project has approved."""
    return group.endswith((".k8s.io", ".kubernetes.io")) or group in ("k8s.io", "kubernetes.io")


def package_of(operator_name: str) -> str:
    """The Python package of an operator."""
    return operator_name.replace("-", "_")


def package_problem(operator_name: str) -> str:
    """What is wrong with it as the name of a package, "" where nothing is."""
    package = package_of(operator_name)
    if package in _TAKEN or package in sys.stdlib_module_names:
        return (
            f"operatorName {quoted(operator_name)} would hide another Python package or folder of "
            f"that name; choose another, such as {operator_name[:50]}-operator"
        )
    return identifier_problem("operatorName", package)


def identifier_problem(noun: str, name: str) -> str:
    """What is wrong with a name that becomes one in Python, "" where nothing is."""
    if keyword.iskeyword(name) or keyword.iskeyword(name.lower()):
        return f"{noun} {quoted(name)} is a word of Python; choose another name"
    return ""


def alike(name: str) -> str:
    """The same for names that are the same but for case, `-` and `_`: they would be one file or
    one function.
    """
    return re.sub(r"[-_]", "", name).lower()
