"""AutopilotRuleObject autopilot.libopenstorage.org/v1alpha1: where a rule stands about one object.

The controller makes it, goes on from it after a restart, and deletes it with the object or rule.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kubervisor.api.fields import ApiModel
from kubervisor.api.status import Instant, Message, StatusModel

KIND = "AutopilotRuleObject"
PLURAL = "autopilotruleobjects"
SINGULAR = "autopilotruleobject"
SHORT_NAMES = ("aro",)

RULE_LABEL = "rule"
OBJECT_LABEL = "object"
MOST_ITEMS = 10

Bytes = Annotated[int, Field(json_schema_extra={"format": "int64"})]


class RuleObjectItem(StatusModel):
    """One state that the rule was in about the object."""

    last_process_timestamp: Instant | None = Field(
        default=None, description="When it came to this state."
    )
    state: str | None = Field(default=None, description="The state.")
    message: Message | None = Field(default=None, description="Why, as a sentence.")
    action_approval_name: str | None = Field(
        default=None, description="Name of the ActionApproval that it waits for."
    )


class ObjectReference(StatusModel):
    """The object."""

    kind: str | None = Field(default=None, description="Its kind.")
    namespace: str | None = Field(default=None, description="Its namespace.")
    name: str | None = Field(default=None, description="Its name.")
    uid: str | None = Field(default=None, description="Its uid.")


class RuleObjectIntent(StatusModel):
    """An action that was decided."""

    action: str | None = Field(default=None, description="Name of the action.")
    summary: Message | None = Field(default=None, description="What it does, as a sentence.")
    goal: dict[str, str] | None = Field(
        default=None, description="What it goes by, fixed when it was decided."
    )
    progress: dict[str, str] | None = Field(default=None, description="What it noted on the way.")


class MeasuredSizes(StatusModel):
    """The sizes when the last action began."""

    metric: Bytes | None = Field(default=None, description="Bytes that the capacity metric said.")
    claim: Bytes | None = Field(default=None, description="Bytes of the claim's own capacity.")


class AutopilotRuleObjectStatus(StatusModel):
    """Where the rule stands; nobody but the controller writes it."""

    items: Annotated[list[RuleObjectItem], Field(max_length=MOST_ITEMS)] | None = Field(
        default=None, description="The last 10 states, the newest last."
    )
    object: ObjectReference | None = Field(default=None, description="The object it is about.")
    state: str | None = Field(
        default=None,
        description="Normal, Triggered, ActionAwaitingApproval, ActionAwaitingWindow, "
        "ActiveActionsPending, ActiveActionsInProgress, ActiveActionsTaken or ActionsDeclined.",
    )
    since: Instant | None = Field(default=None, description="When that state began.")
    reason: str | None = Field(default=None, description="Why, as one CamelCase word.")
    message: Message | None = Field(
        default=None, description="Why, as a sentence with the numbers."
    )
    values: list[str] | None = Field(
        default=None, description="Value of each expression when it triggered."
    )
    met_since: Instant | None = Field(
        default=None, description="Since when the conditions hold without a break."
    )
    intents: list[RuleObjectIntent] | None = Field(
        default=None, description="Actions that were decided, in their order."
    )
    digest: str | None = Field(
        default=None, description="SHA-256 of these actions, which an approval binds."
    )
    attempts: int | None = Field(
        default=None, description="Times that the actions failed since they were decided."
    )
    not_before: Instant | None = Field(default=None, description="Nothing is tried before this.")
    acted: list[Instant] | None = Field(
        default=None, description="When actions began in the last hour, oldest first."
    )
    generation: int | None = Field(
        default=None, description="Generation of the rule that this was decided by."
    )
    measured: MeasuredSizes | None = Field(
        default=None,
        description="The sizes when the last action began; a metric that still says the same of a "
        "claim that has changed is stale.",
    )


class AutopilotRuleObject(ApiModel):
    """Where an AutopilotRule stands about one object."""

    status: AutopilotRuleObjectStatus | None = Field(
        default=None, description="Where the rule stands; nobody but the controller writes it."
    )
