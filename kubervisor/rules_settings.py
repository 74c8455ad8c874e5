"""Frozen settings of `kubervisor run --capability rules`: unit, default and reason of each.

Flags win over the environment, the environment over the file (`--config`), the file over defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from kubervisor.config_file import FileSettings
from kubervisor.rules_config import read_rules_config
from kubervisor.source_settings import NamedSource, check_names

ACTIONS = (
    "volume/resize",
    "volume/tier",
    "workload/scale",
    "pod/evict",
    "pod/eject",
    "volume/move",
    "webhook",
    "job",
)
"""What rules may be allowed to do: the ends of the actions' names."""


class RulesSettings(FileSettings):
    """What a process of this capability may be told; every field can be set by the environment as
    KUBERVISOR_RULES_NAME.

    Raises ValueError (pydantic's among them) where something cannot be used, a file too.
    """

    model_config = SettingsConfigDict(env_prefix="KUBERVISOR_RULES_")
    lease_prefix: ClassVar[str] = "kubervisor-rules"

    config: Path | None = Field(
        default=None,
        description="Path of a YAML file in the form of the original's: providers, "
        "min_poll_interval; and sources.",
    )
    sources: tuple[NamedSource, ...] = Field(
        default=(),
        description="Measurement sources that rules name in conditions.provider: URLs and "
        "credentials set by the administrator.",
    )
    actions: tuple[str, ...] = Field(
        default=ACTIONS[:5],
        description="Actions that rules may take, by the end of their names; what is not named "
        "here is refused, whatever a rule asks for.",
    )
    webhook_hosts: tuple[str, ...] = Field(
        default=(),
        description="Patterns host[:port] of the webhooks that rules may call, such as *.svc:8443.",
    )
    job_templates: Path | None = Field(
        default=None, description="Folder of the Jobs that rules may start: NAME.yaml."
    )
    job_namespace: str = Field(
        default="",
        description="Namespace in which these Jobs are created; default: the pod's own, else the "
        "kubeconfig's.",
    )
    min_poll_interval: float = Field(
        default=5.0,
        ge=0.05,
        le=86_400,
        description="Seconds; shorter poll intervals in rules are raised to it. The original's.",
    )
    actions_at_once: int = Field(
        default=5, ge=1, description="Objects on which actions are in progress at once."
    )
    actions_per_hour: int = Field(
        default=60, ge=0, description="Actions that begin within any hour: the blast radius."
    )
    actions_per_namespace_per_hour: int = Field(
        default=10, ge=0, description="The same for the objects of one namespace."
    )
    provider_cool_down: Mapping[str, float] = Field(
        default={"ebs.csi.aws.com": 21_600.0},
        description="Seconds between two changes of a volume that a provisioner wants, by its "
        "name; EBS refuses a second one for six hours.",
    )
    max_objects: int = Field(
        default=10_000,
        ge=1,
        description="Objects that one rule looks after; a rule that selects more says so and "
        "looks after none.",
    )
    dry_run: bool = Field(
        default=False, description="Change nothing: tell what would be done. Statuses are written."
    )
    register_crds: bool = Field(default=True, description="Create or update the CRDs at start.")
    writes_at_once: int = Field(
        default=8, ge=1, le=16, description="Requests to the API server under way at once."
    )

    @field_validator("actions")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in ACTIONS:
                raise ValueError(f"must be among {', '.join(ACTIONS)}; {name!r:.80} is none")
        return names

    @field_validator("provider_cool_down")
    @classmethod
    def _are_durations(cls, seconds: Mapping[str, float]) -> Mapping[str, float]:
        for name, value in seconds.items():
            if not name or not 0 <= value <= 31_536_000:
                raise ValueError(f"must be seconds up to a year by provisioner, see {name!r:.80}")
        return seconds

    _checked_sources = field_validator("sources")(check_names)

    @classmethod
    def read_file(cls, path: Path) -> dict[str, Any]:
        """The settings in the file, by field name, unchecked. Raises ValueError, naming it."""
        return read_rules_config(path)
