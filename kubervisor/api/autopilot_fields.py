"""What the kinds of autopilot.libopenstorage.org share: the group, label selectors, actions.

Durations are whole seconds, as the original has them. What the original does not know is marked as
Kubervisor's own and may be left out.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from kubervisor.api.fields import DAY, INT32_MAX, YEAR, ApiModel, LabelKey, Rule, Values, whole

GROUP = "autopilot.libopenstorage.org"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

MOST_ACTIONS = 10
OURS = "Kubervisor's own."

WHOLE = BeforeValidator(whole)
WholeSeconds = Annotated[int, Field(strict=True, ge=0, le=YEAR), WHOLE]
PollSeconds = Annotated[int, Field(strict=True, ge=1, le=DAY), WHOLE]
ExpirySeconds = Annotated[int, Field(strict=True, ge=60, le=YEAR), WHOLE]
Weight = Annotated[int, Field(strict=True, ge=-INT32_MAX, le=INT32_MAX), WHOLE]
Texts = Annotated[dict[str, Annotated[str, Field(max_length=4096)]], Field(max_length=64)]
LabelValues = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=64)]


class LabelRequirement(ApiModel):
    """What is asked of one label."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : "
            "!has(self.values) || size(self.values) == 0",
            holds=lambda one: (one.operator in ("In", "NotIn")) == bool(one.values),
            message="must have values where operator is In or NotIn, and none where it is Exists "
            "or DoesNotExist",
        ),
    )
    key: LabelKey = Field(description="Key of the label.", examples=["app"])
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(
        description="How the label is compared with the values.", examples=["In"]
    )
    values: Values = Field(
        default_factory=list,
        description="Values of the label: at least one for In and NotIn. Unset: none, as Exists "
        "and DoesNotExist want it.",
        examples=[["postgres"]],
    )


class Selector(ApiModel):
    """Labels that an object must have; an empty one selects all."""

    match_labels: LabelValues = Field(
        default_factory=dict,
        description="Labels with these values. Unset: none.",
        examples=[{"app": "postgres"}],
    )
    match_expressions: Annotated[list[LabelRequirement], Field(max_length=32)] = Field(
        default_factory=list, description="Requirements that all must hold. Unset: none."
    )


class Action(ApiModel):
    """One action, by name."""

    name: Annotated[str, Field(min_length=1, max_length=253)] = Field(
        description="Name of the action.", examples=["openstorage.io.action.volume/resize"]
    )
    params: Texts = Field(
        default_factory=dict,
        description="Parameters of the action, all of them strings. Which there are is said with "
        "the action; others are a problem, told in the rule's condition Ready. Unset: none.",
        examples=[{"scalepercentage": "50", "maxsize": "400Gi"}],
    )


Actions = Annotated[list[Action], Field(max_length=MOST_ACTIONS)]
