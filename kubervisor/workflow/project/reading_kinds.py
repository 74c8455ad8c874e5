"""The kinds of a project file: those that need no words, and its `customParameters`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kubervisor.workflow.project import names
from kubervisor.workflow.project.model import METRICS, Parameter
from kubervisor.workflow.project.parameters import BUILT_IN, FIXED
from kubervisor.workflow.project.problems import quoted
from kubervisor.workflow.project.section import Section

_FIELDS = (
    "lowerName",
    "singleName",
    "apiGroup",
    "version",
    "namespaced",
    "package",
    # Of use in Go only.
    "pluralName",
    "importPrefix",
    "isCrd",
)
_VERSION = re.compile(r"v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?")
_METHODS = frozenset(["said"])
"""What the generated classes have besides their kinds."""


def read_kinds(section: Section) -> Mapping[str, Parameter]:
    """The kinds that phases may name, by lower name."""
    own: dict[str, Parameter] = {}
    for one in section.sections("customParameters", _FIELDS, "parameter"):
        kind = _read(one)
        if problem := _name_problem(kind.lower_name, own):
            one.add(one.line_of("lowerName"), problem)
        else:
            own[kind.lower_name] = kind
    return {**BUILT_IN, **own}


def _read(section: Section) -> Parameter:
    for unused in ("pluralName", "importPrefix"):
        section.text(unused)
    section.flag("isCrd")
    return Parameter(
        lower_name=section.text("lowerName"),
        kind=_kind(section),
        group=_group(section),
        version=_version(section),
        namespaced=section.flag("namespaced", default=True),
    )


def _name_problem(name: str, own: Mapping[str, Parameter]) -> str:
    if not name:
        return "lowerName must be given: the kind's plural in lower case, such as ingresses"
    if not names.PLURAL.fullmatch(name) or len(name) > names.LONGEST_NAME:
        return f"lowerName must be lower-case letters and digits; is {quoted(name)}"
    if name in FIXED or name == METRICS:
        return f"{name} is built in and cannot be declared again; leave it out"
    if name in own:
        return f"{name} is declared twice"
    if name in _METHODS:
        return f"{name} means something else in workers, and cannot be an input or output"
    return names.identifier_problem("lowerName", name)


def _kind(section: Section) -> str:
    kind = section.text("singleName")
    if not names.KIND.fullmatch(kind) or len(kind) > names.LONGEST_NAME:
        section.add(
            section.line_of("singleName"),
            f"singleName must be the kind, such as Ingress; is {quoted(kind)}"
            if kind
            else "singleName must be given: the kind, such as Ingress",
        )
    return kind


def _group(section: Section) -> str:
    """As written; nothing is the core group."""
    group = section.text("apiGroup")
    if group and (len(group) > 253 or not names.DNS_NAME.fullmatch(group)):
        section.add(
            section.line_of("apiGroup"),
            f"apiGroup must be the group alone, such as networking.k8s.io; is {quoted(group)}",
        )
    return group


def _version(section: Section) -> str:
    """As written, else as the package of the original's types is called."""
    version, package = section.text("version"), section.text("package")
    last = package.rpartition("/")[2]
    if version:
        if not names.DNS_LABEL.fullmatch(version):
            section.add(
                section.line_of("version"),
                f"version must be one such as v1 or v1beta1; is {quoted(version)}",
            )
        return version
    if not _VERSION.fullmatch(last):
        at = "package" if package else "lowerName"
        section.add(section.line_of(at), "version must be given, such as v1")
    return last
