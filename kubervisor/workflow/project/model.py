"""A project as read and checked: names can be used as identifiers, references lead somewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phase:
    """A state of the workflow. All durations are in seconds.

    `next` are the phases that may follow besides itself; empty means any. After `timeout` seconds
    in it the resource goes to `on_timeout`; after `retries` failed syncs in a row to `on_failure`.
    None and "" mean never, and that it stays and tries again.
    """

    name: str
    description: str = ""
    initial: bool = False
    final: bool = False
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    work_interval: float | None = None
    timeout: float | None = None
    on_timeout: str = ""
    retries: int | None = None
    on_failure: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A kind that phases read or write. `lower_name` is its plural in paths and in project files;
    `group` is "" for the core group.
    """

    lower_name: str
    kind: str
    group: str
    version: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class Query:
    """A query by its name. `template` is PromQL with places like `{{ .Namespace }}`, one for each
    of `parameters`.
    """

    name: str
    template: str
    parameters: tuple[str, ...] = ()


METRICS = "metrics"
"""The input that is no kind: the project's queries."""


@dataclass(frozen=True, slots=True)
class Project:
    """What `autopilot.yaml` says. `parameters` are all kinds that its phases name, built in or its
    own, and `queries` likewise all that may be asked.
    """

    kind: str
    group: str
    version: str
    operator_name: str
    phases: tuple[Phase, ...]
    enable_finalizer: bool = False
    parameters: tuple[Parameter, ...] = ()
    queries: tuple[Query, ...] = ()

    @property
    def plural(self) -> str:
        """The name of the resource in paths.

        >>> Project("CanaryPolicy", "a.io", "v1", "x", ()).plural
        'canarypolicies'
        """
        lower = self.kind.lower()
        if lower.endswith(("s", "x", "ch", "sh")):
            return f"{lower}es"
        if lower.endswith("y") and lower[-2:-1] not in "aeiou":
            return f"{lower[:-1]}ies"
        return f"{lower}s"

    @property
    def initial(self) -> Phase:
        """The phase of a new resource."""
        return next(phase for phase in self.phases if phase.initial)

    def find(self, name: str) -> Phase | None:
        """The phase of that name; "" is the initial one."""
        if not name:
            return self.initial
        return next((phase for phase in self.phases if phase.name == name), None)

    def parameter(self, lower_name: str) -> Parameter:
        """The kind of an input or output. Raises KeyError where no phase names it."""
        for parameter in self.parameters:
            if parameter.lower_name == lower_name:
                return parameter
        raise KeyError(lower_name)
