"""Settings of an operator's process, made of its own configuration file and environment."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from kubervisor.capability_settings import CapabilitySettings
from kubervisor.workflow.project.operator_config import OperatorConfig


class WorkflowSettings(CapabilitySettings):
    """What the process of an operator may be told; nothing else is read from the environment."""

    lease_prefix: ClassVar[str] = ""

    work_interval: float = Field(
        default=5.0, gt=0, description="Seconds between two syncs in which nothing changed."
    )
    prometheus_url: str = Field(
        default="", description="The Prometheus that answers the queries of the project."
    )

    @classmethod
    def of(
        cls, config: OperatorConfig, operator_name: str, *, kubeconfig: str | None = None
    ) -> Self:
        """The settings of an operator; its Lease has its name. Raises ValueError (pydantic's)."""
        return cls(
            kubeconfig=kubeconfig,
            namespaces=config.watch_namespaces,
            # Without an address there is no page, and nobody asks for one.
            listen=config.metrics_listen or cls.model_fields["listen"].default,
            leader_elect=config.leader_elect,
            lease_namespace=config.lease_namespace,
            lease_name=operator_name,
            log_level=config.log_level,
            work_interval=config.work_interval,
            prometheus_url=config.prometheus_url,
        )

    @field_validator("lease_name")
    @classmethod
    def _is_one_of_ours(cls, name: str) -> str:
        # It is the operator's, which is checked where the project is read.
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the file and environment are read before
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What it is made of."""
        return (init_settings,)
