"""ActionApproval autopilot.libopenstorage.org/v1alpha1: a person's word on actions to be taken.

The controller asks (pending) and takes back (canceled); people approve or decline.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kubervisor.api.autopilot_fields import Actions
from kubervisor.api.fields import ApiModel
from kubervisor.api.status import Instant, Message, StatusModel

KIND = "ActionApproval"
PLURAL = "actionapprovals"
SINGULAR = "actionapproval"
SHORT_NAMES = ()


class ActionApprovalSpec(ApiModel):
    """The word, and on what."""

    approval_state: Literal["pending", "approved", "declined", "canceled"] | None = Field(
        default=None,
        description="pending: nobody has decided. approved: the actions are taken. declined: they "
        "are not, until this object is deleted. canceled: they are no longer wanted. Unset: as "
        "pending.",
        examples=["approved"],
    )
    actions: Actions = Field(
        default_factory=list,
        description="The actions that the rule asks for, for people to read: what is approved is "
        "what status.actionPreviews says. Unset: none.",
    )


class RuleReference(StatusModel):
    """The rule that asks."""

    namespace: str | None = Field(default=None, description="Empty: rules are in no namespace.")
    name: str | None = Field(default=None, description="Its name.")


class PreviewedAction(StatusModel):
    """The action."""

    name: str | None = Field(default=None, description="Its name.")
    params: dict[str, str] | None = Field(default=None, description="Its parameters.")


class ExpectedResult(StatusModel):
    """What comes of it."""

    message: Message | None = Field(default=None, description="As a sentence with the numbers.")


class InvolvedObject(StatusModel):
    """An object that changes."""

    api_version: str | None = Field(default=None, description="Its group and version.")
    kind: str | None = Field(default=None, description="Its kind.")
    namespace: str | None = Field(default=None, description="Its namespace.")
    name: str | None = Field(default=None, description="Its name.")
    uid: str | None = Field(default=None, description="Its uid.")


class ActionPreview(StatusModel):
    """What one action would do now."""

    action: PreviewedAction | None = Field(default=None, description="The action.")
    expected_result: ExpectedResult | None = Field(
        default=None, description="What would come of it."
    )
    involved_objects: list[InvolvedObject] | None = Field(
        default=None, description="Objects that would change."
    )


class ActionApprovalStatus(StatusModel):
    """What is to be approved; nobody but the controller writes it."""

    rule: RuleReference | None = Field(default=None, description="The rule that asks.")
    last_process_timestamp: Instant | None = Field(
        default=None, description="When the controller looked at it last and changed something."
    )
    action_previews: list[ActionPreview] | None = Field(
        default=None, description="What each action would do now."
    )
    actions_digest: str | None = Field(
        default=None,
        description="SHA-256 of what would be done. An approval is for this alone: where something "
        "else would be done now, it is asked for anew.",
    )
    expires_at: Instant | None = Field(
        default=None, description="When it is asked for anew, if nobody decides before."
    )


class ActionApproval(ApiModel):
    """Approval of actions that an AutopilotRule wants to take on one object."""

    spec: ActionApprovalSpec = Field(description="The word, and on what.")
    status: ActionApprovalStatus | None = Field(
        default=None, description="What is to be approved; nobody but the controller writes it."
    )
