"""Frozen settings of a controller process: unit, default and reason of each.

Flags win over the environment, the environment over the file (`--config`), the file over defaults.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator
from pydantic.alias_generators import to_camel
from pydantic_settings import SettingsConfigDict

from kubervisor.capability_settings import check_address
from kubervisor.config_file import FileSettings, read_mapping
from kubervisor.source_settings import NamedSource, check_names


class Settings(FileSettings):
    """What `kubervisor run` may be told; every field can be set by the environment as
    KUBERVISOR_NAME, and in the file in camelCase.

    Raises ValueError (pydantic's among them) where something cannot be used, a file too.
    """

    model_config = SettingsConfigDict(env_prefix="KUBERVISOR_")
    lease_prefix: ClassVar[str] = "kubervisor-traffic"

    config: Path | None = Field(
        default=None, description="Path of a YAML file with these settings in camelCase."
    )
    termination_kubeconfig: str | None = Field(
        default=None,
        description=(
            "Path of the kubeconfig whose account evicts and deletes pods; default: the same "
            "account. With another one, no stolen token can both take pods out and end them."
        ),
    )
    dashboard_listen: str = Field(
        default="127.0.0.1:8087",
        description="host:port of the dashboard; loopback, which a port-forward reaches.",
    )
    sources: tuple[NamedSource, ...] = Field(
        default=(),
        description="Measurement sources that specs name: URLs and credentials set by the "
        "administrator.",
    )
    allow_sources: tuple[str, ...] = Field(
        default=("*.svc", "*.svc.cluster.local"),
        description=(
            "Patterns `host[:port]` of addresses that a spec may name. The default admits names of "
            "in-cluster Services only; what they resolve to must not be a node, loopback or "
            "link-local."
        ),
    )
    scrape_proxy: str = Field(
        default="",
        description="host:port of an HTTP proxy by which pods' metrics pages are read (`scrape`); "
        "for a controller outside the pods' network. Unset: the pods are connected to.",
    )
    register_crds: bool = Field(default=True, description="Create or update the CRDs at start.")
    dry_run: bool = Field(
        default=False, description="Treat every KubervisorService as `dryRun: true`."
    )
    min_evaluation_period: float = Field(
        default=0.5,
        ge=0.01,
        description="Seconds; shorter evaluation periods in specs are raised to it.",
    )
    min_floor_percent: int = Field(
        default=0,
        ge=0,
        le=100,
        description="Percent of the members, rounded up, that every KubervisorService leaves "
        "serving, whatever its spec asks for.",
    )
    allow_termination: bool = Field(
        default=True,
        description="Evict or delete pods where specs ask for it; otherwise they are paused, or "
        "stay on timed return.",
    )
    max_services: int = Field(
        default=3000,
        ge=1,
        description="KubervisorServices run at once; those beyond it are not guarded, and say so.",
    )
    max_ejections_per_second: float = Field(
        default=5.0,
        gt=0,
        description="Ejections per second of the whole process: the blast radius.",
    )
    max_sample_age: float = Field(
        default=75.0,
        gt=0,
        description="Seconds after which a sample is no sample (lookback_delta): one "
        "scrape a minute and a little.",
    )
    orphan_sweep_interval: float = Field(
        default=60.0,
        gt=0,
        description="Seconds between two sweeps for pods whose KubervisorService "
        "is gone; a pod is given back when two sweeps in a row find it so.",
    )
    _checked_dashboard_listen = field_validator("dashboard_listen")(check_address)

    @field_validator("scrape_proxy")
    @classmethod
    def _is_unset_or_host_and_port(cls, address: str) -> str:
        return check_address(address) if address else address

    _checked_sources = field_validator("sources")(check_names)

    @classmethod
    def read_file(cls, path: Path) -> dict[str, Any]:
        """The settings in the file, by field name, unchecked. Raises ValueError, naming it."""
        return read_config(path)


def read_config(path: Path) -> dict[str, Any]:
    """The settings in a YAML file by field name, unchecked. Raises ValueError, naming the file."""
    found = read_mapping(path, "settings such as `minFloorPercent: 50`")
    names = {to_camel(name): name for name in Settings.model_fields if name != "config"}
    unknown = [key for key in found if key not in names]
    if unknown:
        known = ", ".join(sorted(names))
        raise ValueError(f"{path}: unknown setting {str(unknown[0])!r:.80}; known are {known}")
    return {names[key]: value for key, value in found.items()}
