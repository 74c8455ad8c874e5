"""The conditions of an AutopilotRule: expressions over metrics, and how many must hold how long."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kubervisor.api.autopilot_fields import WHOLE, WholeSeconds
from kubervisor.api.fields import ApiModel, Query, Rule, SourceName

MOST_EXPRESSIONS = 20
MOST_VALUES = 100

Matches = Annotated[int, Field(strict=True, ge=0, le=MOST_EXPRESSIONS), WHOLE]

_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
_COMPARING = ("Gt", "GtEq", "Lt", "LtEq")
_RANGES = ("InRange", "NotInRange")
_LISTS = ("In", "NotIn")
_PRESENCE = ("Exists", "DoesNotExist")


def _has_numbers(one: Expression, operators: tuple[str, ...], count: int) -> bool:
    if one.operator not in operators:
        return True
    return len(one.values) == count and all(re.fullmatch(_NUMBER, v) for v in one.values)


def _cel_numbers(operators: tuple[str, ...], count: int) -> str:
    return (
        f"!has(self.operator) || !(self.operator in {list(operators)}) || (has(self.values) && "
        f"size(self.values) == {count} && self.values.all(v, v.matches('^{_NUMBER}$')))"
    )


class Expression(ApiModel):
    """A metric of each object, and what it is compared with. Any of the object's samples that
    matches will do.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="[has(self.key), has(self.keyAlias), has(self.expression)].filter(x, x).size()"
            " == 1",
            holds=lambda one: [one.key, one.key_alias, one.expression].count(None) == 2,
            message="must have either key or keyAlias",
        ),
        Rule(
            cel="has(self.expression) || has(self.operator)",
            holds=lambda one: one.expression is not None or one.operator is not None,
            message="must have an operator such as Gt",
        ),
        Rule(
            cel=_cel_numbers(_COMPARING, 1),
            holds=lambda one: _has_numbers(one, _COMPARING, 1),
            message="must have one number in values where operator is Gt, GtEq, Lt or LtEq, such as"
            ' ["50"]',
        ),
        Rule(
            cel=_cel_numbers(_RANGES, 2),
            holds=lambda one: _has_numbers(one, _RANGES, 2),
            message="must have two numbers in values where operator is InRange or NotInRange, such "
            'as ["-20", "20"]',
        ),
        Rule(
            cel=f"!has(self.operator) || !(self.operator in {list(_LISTS)}) || "
            "(has(self.values) && size(self.values) > 0)",
            holds=lambda one: one.operator not in _LISTS or bool(one.values),
            message="must have values where operator is In or NotIn",
        ),
        Rule(
            cel=f"!has(self.operator) || !(self.operator in {list(_PRESENCE)}) || "
            "!has(self.values) || size(self.values) == 0",
            holds=lambda one: one.operator not in _PRESENCE or not one.values,
            message="must have no values where operator is Exists or DoesNotExist",
        ),
    )
    key: Query | None = Field(
        default=None,
        description="Metric expression in PromQL whose answer has a sample for each object. Unset: "
        "keyAlias stands for it.",
        examples=["100 * kubelet_volume_stats_used_bytes / kubelet_volume_stats_capacity_bytes"],
    )
    key_alias: Annotated[str, Field(min_length=1, max_length=63)] | None = Field(
        default=None,
        description="Name of a metric expression that Kubervisor knows: VolumeUsagePercent, "
        "VolumeInodesUsagePercent or VolumeCapacityGB (10^9 bytes). Unset: key has the expression.",
        examples=["VolumeUsagePercent"],
    )
    expression: Query | None = Field(
        default=None,
        description="The original's query for Datadog, which is not supported: write key instead. "
        "Unset: key or keyAlias has the expression.",
    )
    operator: (
        Literal[
            "In",
            "NotIn",
            "Exists",
            "DoesNotExist",
            "Gt",
            "GtEq",
            "Lt",
            "LtEq",
            "InRange",
            "NotInRange",
        ]
        | None
    ) = Field(
        default=None,
        description="How a sample is compared with the values. Ranges include their ends. Unset: "
        "not allowed beside key and keyAlias.",
        examples=["Gt"],
    )
    values: Annotated[
        list[Annotated[str, Field(max_length=256)]], Field(max_length=MOST_VALUES)
    ] = Field(
        default_factory=list,
        description="Numbers, as strings, in the unit of the expression: one for Gt, GtEq, Lt and "
        "LtEq; the lower and the upper end for InRange and NotInRange; at least one for In and "
        "NotIn. Unset: none, as Exists and DoesNotExist want it.",
        examples=[["50"]],
    )


class Conditions(ApiModel):
    """When the rule triggers for an object."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="(has(self.type) && self.type == 'volumeAccess') != (has(self.expressions) && "
            "size(self.expressions) > 0)",
            holds=lambda one: (one.type == "volumeAccess") != bool(one.expressions),
            message="must have at least one of expressions, or none where type is volumeAccess",
        ),
        Rule(
            cel="!has(self.requiredMatches) || self.requiredMatches <= (has(self.expressions) ? "
            "size(self.expressions) : 0)",
            holds=lambda one: one.required_matches <= len(one.expressions),
            message="must not have more requiredMatches than there are expressions",
        ),
    )
    expressions: Annotated[list[Expression], Field(max_length=MOST_EXPRESSIONS)] = Field(
        default_factory=list,
        description="Expressions over metrics; requiredMatches says how many must match. Unset: "
        "none, as volumeAccess wants it.",
    )
    for_: WholeSeconds = Field(
        default=30,
        alias="for",
        description="Seconds for which the conditions must hold without a break.",
        examples=[30],
    )
    required_matches: Matches = Field(
        default=0,
        description="Number of expressions that must match; 0 means all of them.",
        examples=[1],
    )
    type: Literal["monitoring", "metrics", "volumeAccess"] = Field(
        default="monitoring",
        description="What is looked at: monitoring and metrics (an older word for the same) mean "
        "expressions over metrics; volumeAccess, Kubervisor's own, means volumes that are used "
        "outside the namespaces and workloads that their claims allow, and takes no expressions.",
        examples=["monitoring"],
    )
    provider: SourceName = Field(
        default="default",
        description="Name of the source that is asked; `default` and `prometheus` mean the source "
        "of that name, else the only one that is configured.",
        examples=["prometheus"],
    )
