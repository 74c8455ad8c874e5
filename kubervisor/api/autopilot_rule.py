"""AutopilotRule autopilot.libopenstorage.org/v1alpha1: when something is done about which objects.

Field for field the original's; Kubervisor's own fields may be left out.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kubervisor.api.autopilot_condition import Conditions
from kubervisor.api.autopilot_fields import (
    OURS,
    Actions,
    ExpirySeconds,
    PollSeconds,
    Selector,
    Weight,
    WholeSeconds,
)
from kubervisor.api.autopilot_window import ActionWindow
from kubervisor.api.fields import LABEL_NAME, ApiModel, Switch
from kubervisor.api.status import Condition, StatusModel

KIND = "AutopilotRule"
PLURAL = "autopilotrules"
SINGULAR = "autopilotrule"
SHORT_NAMES = ("ar",)
LONGEST_NAME = 63
"""It becomes a label value."""

LabelName = Annotated[str, Field(pattern=LABEL_NAME, max_length=128)]
LabelNames = Annotated[list[LabelName], Field(max_length=16)]


class MetricLabels(ApiModel):
    """Which labels of a sample name its object; of several the first one that a sample has."""

    namespace: LabelNames | None = Field(
        default=None,
        description="Labels that hold the namespace. Unset: exported_namespace and namespace.",
        examples=[["namespace"]],
    )
    name: LabelNames | None = Field(
        default=None,
        description="Labels that hold the object's name. Unset: by its kind, of claims "
        "persistentvolumeclaim and pvc, of others exported_pod and pod, and so on.",
        examples=[["persistentvolumeclaim"]],
    )
    volume: LabelNames | None = Field(
        default=None,
        description="Labels that hold the name of the claim's PersistentVolume, for samples "
        "without the claim's. Unset: persistentvolume, volumename and pv.",
        examples=[["volumename"]],
    )


class AutopilotRuleSpec(ApiModel):
    """Which objects, under which conditions, and what is done then."""

    weight: Weight = Field(
        default=0,
        description="Of several rules about one object, the one with the most weight acts; among "
        "equals the oldest.",
        examples=[10],
    )
    enforcement: Literal["required", "preferred", "approvalRequired"] | None = Field(
        default=None,
        description="approvalRequired: each action waits for an ActionApproval. required and "
        "preferred mean nothing more than unset. Unset: actions need no approval, but for those "
        "that always do.",
        examples=["approvalRequired"],
    )
    selector: Selector = Field(
        default_factory=Selector,
        description="Objects that the rule is about, by their labels. Default: all.",
        examples=[{"matchLabels": {"app": "postgres"}}],
    )
    namespace_selector: Selector = Field(
        default_factory=Selector,
        description="Namespaces whose objects the rule is about, by labels of the namespace. "
        "Default: all.",
        examples=[{"matchLabels": {"type": "db"}}],
    )
    conditions: Conditions = Field(description="When the rule triggers for an object.")
    actions: Actions = Field(
        default_factory=list,
        description="What is done about an object, one after the other. Unset: nothing, which is "
        "allowed only where the conditions have the type volumeAccess: then it is reported.",
    )
    poll_interval: PollSeconds = Field(
        default=10,
        description="Seconds between two queries; the controller's own least interval holds too.",
        examples=[60],
    )
    actions_cool_down_period: WholeSeconds = Field(
        default=300,
        description="Seconds after an action in which no rule acts on that object again.",
        examples=[300],
    )
    action_window: ActionWindow | None = Field(
        default=None, description="When actions may be taken. Unset: at any time."
    )
    object_kind: Literal["PersistentVolumeClaim", "Pod", "Deployment", "StatefulSet"] | None = (
        Field(
            default=None,
            description=f"{OURS} Kind of the objects. Unset: the one that the actions are for, "
            "PersistentVolumeClaim where they are for several.",
            examples=["Deployment"],
        )
    )
    metric_labels: MetricLabels = Field(
        default_factory=MetricLabels,
        description=f"{OURS} Which labels of a sample name its object. Default: by the kind.",
    )
    capacity_key: Annotated[str, Field(max_length=32_768)] | None = Field(
        default=None,
        description=f"{OURS} PromQL of the capacity, in bytes, that metrics were measured with: "
        "where it does not fit the claim's own, the sample is stale and does not count. Empty: "
        "nothing is compared. Unset: kubelet_volume_stats_capacity_bytes, else "
        "px_volume_capacity_bytes, where an action resizes; else nothing.",
        examples=["kubelet_volume_stats_capacity_bytes"],
    )
    no_data: Literal["Hold", "Clear"] = Field(
        default="Hold",
        description=f"{OURS} What an object is that has no sample: Hold leaves it as it is, Clear "
        "means that its conditions do not hold.",
        examples=["Clear"],
    )
    dry_run: Switch = Field(
        default=False,
        description=f"{OURS} Whether nothing is done: statuses and Events say what would be.",
        examples=[True],
    )
    approval_expiry: ExpirySeconds = Field(
        default=86_400,
        description=f"{OURS} Seconds after which an approval that nobody gave is asked for anew.",
        examples=[86_400],
    )


class AutopilotRuleStatus(StatusModel):
    """What the controller reports; nobody else writes it."""

    observed_generation: int | None = Field(
        default=None, description="Generation of the object that this status speaks of."
    )
    objects: int | None = Field(default=None, description="Objects that the rule is about.")
    triggered: int | None = Field(
        default=None, description="Objects for which its conditions are met or action is needed."
    )
    acting: int | None = Field(
        default=None, description="Objects on which an action is in progress."
    )
    conditions: list[Condition] | None = Field(
        default=None,
        description="Ready (whether the rule can be followed, else why not) and Triggered.",
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    )


class AutopilotRule(ApiModel):
    """What is done about objects whose metrics meet conditions."""

    spec: AutopilotRuleSpec = Field(description="Which objects, when, and what is done.")
    status: AutopilotRuleStatus | None = Field(
        default=None, description="What the controller reports; nobody else writes it."
    )
