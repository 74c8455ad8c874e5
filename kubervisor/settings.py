"""Frozen settings of a controller process: unit, default and reason of each, from flags and
environment.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What `kubervisor run` may be told; every field can be set by the environment as
    KUBERVISOR_NAME.
    """

    model_config = SettingsConfigDict(env_prefix="KUBERVISOR_", frozen=True, extra="forbid")

    kubeconfig: str | None = Field(
        default=None,
        description="Path of a kubeconfig; without it the pod's service account, else $KUBECONFIG.",
    )
    namespaces: tuple[str, ...] = Field(
        default=(), description="Namespaces to guard; empty means all of them."
    )
    listen: str = Field(
        default="127.0.0.1:8086",
        description="host:port of /metrics, /livez and /readyz; loopback: they are open to all.",
    )
    dashboard_listen: str = Field(
        default="127.0.0.1:8087",
        description="host:port of the dashboard; loopback, which a port-forward reaches.",
    )
    sources: dict[str, str] = Field(
        default_factory=dict,
        description="Measurement sources by name: base URLs set by the administrator.",
    )
    allow_sources: tuple[str, ...] = Field(
        default=("*.svc", "*.svc.cluster.local"),
        description=(
            "Patterns `host[:port]` of addresses that a spec may name. The default admits names of "
            "in-cluster Services only; what they resolve to must not be a node, loopback or "
            "link-local."
        ),
    )
    leader_elect: bool = Field(default=True, description="Hold a Lease before writing anything.")
    register_crds: bool = Field(default=True, description="Create or update the CRDs at start.")
    dry_run: bool = Field(
        default=False, description="Treat every KubervisorService as `dryRun: true`."
    )
    lease_namespace: str = Field(
        default="",
        description="Namespace of the Lease; default: the pod's own, else the kubeconfig's.",
    )
    lease_duration: float = Field(
        default=15.0,
        gt=1,
        description="Seconds a Lease is valid after its renewal; the client-go value.",
    )
    min_evaluation_period: float = Field(
        default=0.5,
        ge=0.01,
        description="Seconds; shorter evaluation periods in specs are raised to it.",
    )
    max_services: int = Field(
        default=1500,
        ge=1,
        description="KubervisorServices run at once, two threads each; fewer where "
        "the process limit is lower.",
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
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    log_format: str = Field(
        default="auto", description="json, console, or auto: console on a terminal."
    )
