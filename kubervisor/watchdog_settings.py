"""Frozen settings of `kubervisor run --capability watchdog`: unit, default and reason of each.

Flags win over the environment, the environment over defaults.
"""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from kubervisor.capability_settings import CapabilitySettings


class WatchdogSettings(CapabilitySettings):
    """What a process of this capability may be told; every field can be set by the environment as
    KUBERVISOR_WATCHDOG_NAME.

    Raises ValueError (pydantic's) where something cannot be used.
    """

    model_config = SettingsConfigDict(env_prefix="KUBERVISOR_WATCHDOG_")
    lease_prefix: ClassVar[str] = "kubervisor-watchdog"

    probe_period: float = Field(
        default=30.0,
        ge=1,
        le=3600,
        description="Seconds between two probes of a watchdog, AutoCrane's; each wait is up to a "
        "tenth shorter or longer.",
    )
    probe_timeout: float = Field(
        default=5.0,
        ge=0.1,
        le=10,
        description="Seconds in which a probe's answer must have come, AutoCrane's.",
    )
    probe_failures: int = Field(
        default=1,
        ge=1,
        le=10,
        description="Probes in a row that must fail before a watchdog is in error. One, as "
        "AutoCrane: an eviction takes several scans more.",
    )
    probe_successes: int = Field(
        default=1,
        ge=1,
        le=10,
        description="Probes in a row that must succeed before an error is cleared.",
    )
    probe_concurrency: int = Field(
        default=256, ge=1, le=10_000, description="Probes under way at once."
    )
    probe_ports: str = Field(
        default="1024-65535",
        description="FIRST-LAST of the ports that may be probed. Without privileges no program of "
        "a pod listens below.",
    )
    probe_loopback: bool = Field(
        default=False, description="Probe pods whose address is loopback; for tests alone."
    )

    evict: bool = Field(
        default=True, description="Evict pods that stay in error; otherwise they are only marked."
    )
    dry_run: bool = Field(
        default=False, description="Evict nothing: tell what would be. Statuses are written."
    )
    scan_period: float = Field(
        default=60.0, ge=0.05, le=3600, description="Seconds between two scans, AutoCrane's."
    )
    scans: int = Field(
        default=4,
        ge=1,
        le=100,
        description="Scans in a row that must find a pod in error before it is evicted, "
        "AutoCrane's.",
    )
    eviction_grace: int = Field(
        default=120,
        ge=0,
        le=86_400,
        description="Seconds that an evicted pod has to shut down, AutoCrane's.",
    )
    evictions_at_once: int = Field(
        default=1, ge=1, description="Pods of one owner evicted and without a Ready replacement."
    )
    evictions_per_owner: int = Field(
        default=10, ge=1, description="Evictions of one owner's pods within an hour."
    )
    evictions_per_namespace: int = Field(
        default=30, ge=1, description="Evictions in one namespace within an hour."
    )
    evict_unowned: bool = Field(
        default=False, description="Evict pods that no controller replaces, too."
    )
    trust_posted: bool = Field(
        default=False,
        description="Evict for posted statuses too: whoever may patch a pod has it evicted then.",
    )

    @field_validator("probe_ports")
    @classmethod
    def _is_a_range_of_ports(cls, text: str) -> str:
        _read_ports(text)
        return text

    @property
    def ports(self) -> range:
        """The ports that may be probed."""
        return _read_ports(self.probe_ports)


def _read_ports(text: str) -> range:
    found = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", text)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 0 < first <= last <= 65535:
        raise ValueError(f"must be FIRST-LAST such as 1024-65535, is {text!r:.80}")
    return range(first, last + 1)
