"""DataRollout kubervisor.k8s.io/v1alpha1: how one source's data goes out in a namespace, and how
far it is.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from kubervisor.api.fields import (
    ApiModel,
    Duration,
    Percent,
    PercentOrNone,
    Rule,
    SourceName,
    Switch,
)
from kubervisor.api.status import Condition, Instant, Message, StatusModel

KIND = "DataRollout"
PLURAL = "datarollouts"
SINGULAR = "datarollout"
SHORT_NAMES = ("kdr",)

MOST_STAGES = 10
MOST_VERSIONS = 10
MOST_HISTORY = 10
PIN = r"^([A-Za-z0-9][A-Za-z0-9._-]{5,199})?$"

_UNSET = "Unset: as the controller's settings say, {} where they say nothing."


class DataRolloutSpec(ApiModel):
    """Which source, in which stages its versions go out, and what takes them back."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.stages) || (self.stages.isSorted() && self.stages.all(s, "
            "self.stages.exists_one(t, t == s)) && self.stages[size(self.stages) - 1] == 100)",
            holds=lambda spec: (
                spec.stages is None
                or (sorted(set(spec.stages)) == spec.stages and spec.stages[-1] == 100)
            ),
            message="must have stages that rise to 100, such as [25, 100]",
        ),
    )
    source: SourceName | None = Field(
        default=None,
        description="Name of the source, as pods' annotations have it. Unset: metadata.name.",
        examples=["prices"],
    )
    stages: Annotated[list[Percent], Field(min_length=1, max_length=MOST_STAGES)] | None = Field(
        default=None,
        description="Shares of the pods, in percent, that a new version goes out to one after the "
        f"other; each more than the one before, the last 100. {_UNSET.format('[25, 100]')}",
        examples=[[25, 100]],
    )
    probation: Duration | None = Field(
        default=None,
        description="Duration such as 10m. How long a stage's pods must run a new version before "
        f"it goes further, and how long no pod is moved again. {_UNSET.format('10m')}",
        examples=["10m"],
    )
    failure_percent: PercentOrNone | None = Field(
        default=None,
        description="A new version is taken back where more than this percentage of the pods that "
        f"depend on the source, or of those that have the version, fail. {_UNSET.format('25')}",
        examples=[25],
    )
    progress_deadline: Duration | None = Field(
        default=None,
        description="Duration such as 30m. A stage whose pods do not run the new version by then "
        f"counts as stalled. {_UNSET.format('30m')}",
        examples=["30m"],
    )
    paused: Switch = Field(
        default=False,
        description="Whether nothing goes further. A version that fails is taken back all the "
        "same.",
        examples=[True],
    )
    pin: Annotated[str, Field(pattern=PIN, max_length=200)] = Field(
        default="",
        description="The version that shall be out: its path, its digest, or the beginning of "
        "either, at least 6 characters. It goes out in stages too. Unset: the newest.",
        examples=["65f0c2a1-0a1b2c3d4e5f6071.tar.zst"],
    )


class VersionStatus(StatusModel):
    """One version of the source."""

    path: str | None = Field(default=None, description="Name of its archive in the repository.")
    sha256: str | None = Field(default=None, description="Digest of the archive, in upper case.")
    at: Instant | None = Field(default=None, description="When the source had it.")
    size: int | None = Field(default=None, description="Bytes of the archive.")
    users: int | None = Field(
        default=None, description="Pods whose deployer says that they run it."
    )


class StageStatus(StatusModel):
    """The stage that the candidate is in."""

    index: int | None = Field(default=None, description="Its place in the stages, from 0.")
    percent: int | None = Field(default=None, description="Share of the pods it goes out to.")
    since: Instant | None = Field(default=None, description="When it began.")


class QuarantinedStatus(StatusModel):
    """A version that was taken back; it goes out again only where it is pinned anew."""

    path: str | None = Field(default=None, description="Name of its archive in the repository.")
    sha256: str | None = Field(default=None, description="Digest of the archive, in upper case.")
    version_at: Instant | None = Field(default=None, description="When the source had it.")
    reason: str | None = Field(default=None, description="Why, as one CamelCase word.")
    at: Instant | None = Field(default=None, description="When it was taken back.")
    generation: int | None = Field(
        default=None, description="Generation of the object then; a later pin tries it once more."
    )


class RolloutEventStatus(StatusModel):
    """One thing that happened to the rollout."""

    at: Instant | None = Field(default=None, description="When it happened.")
    reason: str | None = Field(default=None, description="What, as one CamelCase word.")
    path: str | None = Field(default=None, description="Archive of the version it is about.")
    message: Message | None = Field(default=None, description="The same as a sentence.")


class PolicyStatus(StatusModel):
    """By which rules versions go out: the spec's, and where it says nothing the controller's."""

    stages: list[int] | None = Field(default=None, description="Shares of the pods, in percent.")
    probation: str | None = Field(default=None, description="Duration such as 10m.")
    failure_percent: int | None = Field(
        default=None, description="More than so many percent failing take a version back."
    )
    progress_deadline: str | None = Field(default=None, description="Duration such as 30m.")


class DataRolloutStatus(StatusModel):
    """What the controller reports, and what it goes on from; nobody else writes it."""

    observed_generation: int | None = Field(
        default=None, description="Generation of the object that this status speaks of."
    )
    phase: str | None = Field(
        default=None, description="Waiting, Settled, RollingOut or RollingBack."
    )
    reason: str | None = Field(default=None, description="Why, as one CamelCase word.")
    message: Message | None = Field(
        default=None, description="Why, as a sentence with the numbers."
    )
    last_known_good: VersionStatus | None = Field(
        default=None, description="The version that pods have, and go back to."
    )
    candidate: VersionStatus | None = Field(
        default=None, description="The version that goes out in stages."
    )
    newest: VersionStatus | None = Field(
        default=None, description="The newest version that the repository publishes."
    )
    stage: StageStatus | None = Field(
        default=None, description="The stage that the candidate is in."
    )
    policy: PolicyStatus | None = Field(
        default=None,
        description="The rules in force: the spec's, and where it says nothing the controller's.",
    )
    users: int | None = Field(default=None, description="Pods that use the source.")
    on_last_known_good: int | None = Field(
        default=None, description="Pods that are asked to have the last known good version."
    )
    on_candidate: int | None = Field(
        default=None, description="Pods that are asked to have the candidate."
    )
    proven: int | None = Field(
        default=None, description="Pods that run the candidate since at least the probation."
    )
    failing: int | None = Field(
        default=None, description="Pods that use the source and are in error or out of traffic."
    )
    dependants: int | None = Field(
        default=None, description="Pods that name the source in store.autocrane.io/deps."
    )
    failing_dependants: int | None = Field(
        default=None, description="Those of them that are in error or out of traffic."
    )
    versions: Annotated[list[VersionStatus], Field(max_length=MOST_VERSIONS)] | None = Field(
        default=None,
        description="What the pods' deployers say that they run, the most pods first, at most 10.",
    )
    quarantine: list[QuarantinedStatus] | None = Field(
        default=None, description="Versions that were taken back, the newest last, at most 50."
    )
    failures: int | None = Field(
        default=None, description="Versions taken back since the last one that was promoted."
    )
    not_before: Instant | None = Field(
        default=None, description="No other version goes out before this."
    )
    history: Annotated[list[RolloutEventStatus], Field(max_length=MOST_HISTORY)] | None = Field(
        default=None, description="The last 10 things that happened, the newest first."
    )
    conditions: list[Condition] | None = Field(
        default=None,
        description="Ready (the summary), Progressing and RepositoryAvailable.",
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    )


class DataRollout(ApiModel):
    """How one source's data goes out to the pods of this namespace that use it."""

    spec: DataRolloutSpec | None = Field(
        default=None, description="What is asked for; all of it may be left out."
    )
    status: DataRolloutStatus | None = Field(
        default=None, description="What the controller reports; nobody else writes it."
    )
