"""What a rule asks for: the frozen values that it is judged and acted by.

Durations are seconds. Field names of the original's AutopilotRule are in the comments of
`kubervisor.api.autopilot_rule`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from kubervisor.rules.decision.selector import LabelSelector

Params = Mapping[str, str]
_NOTHING: Params = MappingProxyType({})


class ObjectKind(StrEnum):
    """What a rule can be about."""

    CLAIM = "PersistentVolumeClaim"
    POD = "Pod"
    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"


class Operator(StrEnum):
    """How a sample is compared with the values of an expression."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    GT_EQ = "GtEq"
    LT = "Lt"
    LT_EQ = "LtEq"
    IN_RANGE = "InRange"
    NOT_IN_RANGE = "NotInRange"


class NoData(StrEnum):
    """What an object is, of which the answer says nothing."""

    HOLD = "Hold"  # it stays as it is; time without data counts for nothing
    CLEAR = "Clear"  # its condition does not hold


class RuleType(StrEnum):
    """What a rule looks at."""

    METRICS = "metrics"
    VOLUME_ACCESS = "volumeAccess"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """One object of the cluster; `namespace` is "" where the kind has none."""

    kind: str
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Expression:
    """A metric expression (PromQL, aliases resolved), and what its samples are compared with."""

    promql: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricLabels:
    """Which labels of a sample name its object. `name` are tried in order: the first one that a
    sample has counts. `volume` name the object by its PersistentVolume (claims only).
    """

    namespace: tuple[str, ...]
    name: tuple[str, ...]
    volume: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionCall:
    """One action of a rule, with its parameters as written."""

    name: str
    params: Params = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Window:
    """When actions may be taken: from `start` to `end` (after midnight where it is not later) on
    `days` (0 is Monday; empty: every day), by the clock of the zone.
    """

    start: time
    end: time
    days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Windows:
    """Any of `windows` will do; none at all: always."""

    zone: ZoneInfo
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class RulePolicy:
    """A rule that can be judged. `problems` is empty: a spec with problems becomes no policy."""

    name: str
    uid: str
    generation: int
    created_at: float
    kind: ObjectKind
    labels: MetricLabels
    selector: LabelSelector = field(default_factory=LabelSelector)
    """Objects that it is about, by their labels."""
    namespace_selector: LabelSelector = field(default_factory=LabelSelector)
    """Namespaces whose objects it is about, by the labels of the namespace."""
    expressions: tuple[Expression, ...] = ()
    actions: tuple[ActionCall, ...] = ()
    type: RuleType = RuleType.METRICS
    source: str = "default"
    required_matches: int = 0
    """At least so many expressions must match; 0: all."""
    hold_for: float = 30.0
    poll_interval: float = 10.0
    cool_down: float = 300.0
    weight: int = 0
    needs_approval: bool = False
    approval_expiry: float = 86_400.0
    action_windows: Windows | None = None
    capacity: str = ""
    """PromQL of the capacity that the metrics were measured with, "" where none is compared."""
    no_data: NoData = NoData.HOLD
    dry_run: bool = False
