"""The status of a KubervisorService: what the controller reports.

Never over-strict: a status that cannot be written hides everything else. Texts and lists that are
too long are cut here rather than refused by the API server, and texts are made printable: people
read them in terminals.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from kubervisor.text import printable

MAX_RECENT = 20
MAX_EVIDENCE = 1024
MAX_MESSAGE = 32_768  # the limit of metav1.Condition


def _first(limit: int) -> BeforeValidator:
    def cut(value: Any) -> Any:
        first = value[:limit] if isinstance(value, (str, list, tuple)) else value
        return printable(first) if isinstance(first, str) else first

    return BeforeValidator(cut)


Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Evidence = Annotated[str, _first(MAX_EVIDENCE), Field(max_length=MAX_EVIDENCE)]
Message = Annotated[str, _first(MAX_MESSAGE), Field(max_length=MAX_MESSAGE)]


class StatusModel(BaseModel):
    """Base of the parts of a status: built by field name, sent by JSON name."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True
    )

    def wire(self) -> dict[str, Any]:
        """The JSON object for the API server; unset fields are absent."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Condition(StatusModel):
    """One aspect of the state, as in all Kubernetes objects."""

    type: str = Field(description="Ready, Active, SourcesAvailable, Panicking, BudgetExhausted, …")
    status: str = Field(description="True, False or Unknown.")
    reason: str | None = Field(default=None, description="Why, as one CamelCase word.")
    message: Message | None = Field(
        default=None, description="Why, as a sentence with the numbers."
    )
    last_transition_time: Instant | None = Field(
        default=None, description="When the status of the condition changed last."
    )
    last_probe_time: Instant | None = Field(
        default=None,
        description="When the condition was looked at last; kept for the original's readers.",
    )
    observed_generation: int | None = Field(
        default=None, description="Generation of the object that the condition speaks of."
    )


class PodCount(StatusModel):
    """Members of the Service by the value of their traffic label, under the original's names."""

    nb_pods_managed: int | None = Field(
        default=None, description="Ready pods under the care of this object, in traffic or not."
    )
    nb_pods_breaked: int | None = Field(
        default=None, description="Ready pods that are ejected (label `no`)."
    )
    nb_pods_paused: int | None = Field(
        default=None, description="Ready pods that are paused (label `pause`)."
    )
    nb_pods_unknown: int | None = Field(
        default=None, description="Ready pods without a known value of the label."
    )


class FleetCount(StatusModel):
    """The numbers of the budget: how many pods serve and how many more may be ejected."""

    members: int | None = Field(default=None, description="Pods of the Service, Ready or not.")
    serving: int | None = Field(default=None, description="Members that are Ready and in traffic.")
    ejected: int | None = Field(default=None, description="Members that are ejected.")
    paused: int | None = Field(default=None, description="Members that are paused.")
    floor: int | None = Field(
        default=None, description="Number of pods that no ejection may take out of traffic."
    )
    may_eject: int | None = Field(
        default=None, description="Number of pods that may be ejected now."
    )


class Recent(StatusModel):
    """One thing that was done to a pod."""

    time: Instant | None = Field(default=None, description="When it was done.")
    action: str | None = Field(
        default=None, description="Ejected, Returned, EarlyReturned, Paused, Terminated, …"
    )
    pod: str | None = Field(default=None, description="Name of the pod.")
    pod_uid: str | None = Field(default=None, description="UID of the pod.")
    breaker: str | None = Field(default=None, description="Breaker that ejected the pod.")
    reason: str | None = Field(default=None, description="Why, as one CamelCase word.")
    evidence: Evidence | None = Field(
        default=None, description="Value, peers, threshold and budget that decided it."
    )


class Outlier(StatusModel):
    """An outlier that stays in traffic, and the rule that keeps it there."""

    pod: str | None = Field(default=None, description="Name of the pod.")
    pod_uid: str | None = Field(default=None, description="UID of the pod.")
    breaker: str | None = Field(default=None, description="Breaker that finds it an outlier.")
    since: Instant | None = Field(
        default=None, description="Since when it is an outlier that this rule keeps in traffic."
    )
    reason: str | None = Field(default=None, description="Which rule, as one CamelCase word.")
    evidence: Evidence | None = Field(
        default=None,
        description="Value, peers and threshold of the first such evaluation, and the rule's "
        "numbers.",
    )


class EjectionIntent(StatusModel):
    """An ejection that was decided and may not be on the pod yet.

    It is written here first, so that a new leader counts it as out.
    """

    pod_uid: str | None = Field(default=None, description="UID of the pod.")
    ejection_id: str | None = Field(
        default=None, description="Id of the ejection, as in the pod's annotation."
    )
    epoch: int | None = Field(
        default=None, description="Number of leader changes at the time of the decision."
    )


class KubervisorServiceStatus(StatusModel):
    """What the controller reports; nobody else writes it."""

    conditions: list[Condition] | None = Field(
        default=None,
        description="The state, one entry per type; Ready is the summary.",
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    )
    observed_generation: int | None = Field(
        default=None, description="Generation of the object that this status speaks of."
    )
    start_time: Instant | None = Field(
        default=None, description="When the controller first took up this object."
    )
    pod_count: PodCount | None = Field(
        default=None, description="Pods by traffic label, under the original's names."
    )
    breakers: str | None = Field(
        default=None, description="Names of the breakers that run, separated by commas."
    )
    fleet: FleetCount | None = Field(default=None, description="The numbers of the budget.")
    outliers: Annotated[list[Outlier], _first(MAX_RECENT), Field(max_length=MAX_RECENT)] | None = (
        Field(default=None, description="Outliers that stay in traffic, at most 20.")
    )
    recent: Annotated[list[Recent], _first(MAX_RECENT), Field(max_length=MAX_RECENT)] | None = (
        Field(default=None, description="The last 20 things done to pods, the newest first.")
    )
    epoch: int | None = Field(
        default=None, description="Number of leader changes when a leader took this object up."
    )
    intents: list[EjectionIntent] | None = Field(
        default=None, description="Ejections decided and not yet seen on their pods."
    )
