"""Scenario files: YAML documents, each a fleet with its traffic, its faults and the specification
of the KubervisorService that guards it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from kubervisor.api.policy import to_policy
from kubervisor.errors import SpecError
from kubervisor.simulation.scenario import Scenario
from kubervisor.traffic.policy import ServicePolicy


@dataclass(frozen=True, slots=True)
class Plot:
    """A scenario, and the policy that guards its fleet."""

    scenario: Scenario
    policy: ServicePolicy


def read_plots(text: str) -> tuple[Plot, ...]:
    """The scenarios of a file, in order. Raises SpecError: its message starts with the path of the
    field, and with the document's number where there are several.
    """
    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError as error:
        raise SpecError(f"no YAML: {error}") from error
    if not documents:
        raise SpecError("no scenario in it; write at least spec and faults")
    plots = []
    for number, document in enumerate(documents, start=1):
        try:
            plots.append(_plot(document))
        except SpecError as error:
            where = f"document {number}: " if len(documents) > 1 else ""
            raise SpecError(f"{where}{error}") from error
    return tuple(plots)


def _plot(document: object) -> Plot:
    if not isinstance(document, Mapping):
        raise SpecError("must be an object with pods, traffic, faults and spec")
    fields: dict[str, Any] = dict(document)
    spec = fields.pop("spec", None)
    if spec is None:
        raise SpecError("spec: must be given; write that of a KubervisorService")
    try:
        scenario = Scenario.model_validate(fields)
    except ValidationError as error:
        raise SpecError(_problem(error)) from error
    return Plot(scenario, to_policy(spec))


def _problem(error: ValidationError) -> str:
    """The first problem, its path first."""
    problem = error.errors(include_url=False)[0]
    path = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]
    ).lstrip(".")
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "there is no such field"
    return f"{path}: {message}" if path else message
