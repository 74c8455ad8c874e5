"""Frozen settings of `kubervisor run --capability datarollout`: unit, default and reason of each.

Flags win over the environment, the environment over defaults.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from kubervisor.capability_settings import CapabilitySettings

MOST_STAGES = 10


class DataSettings(CapabilitySettings):
    """What a process of this capability may be told; every field can be set by the environment as
    KUBERVISOR_DATA_NAME.

    Raises ValueError (pydantic's) where something cannot be used.
    """

    model_config = SettingsConfigDict(env_prefix="KUBERVISOR_DATA_")
    lease_prefix: ClassVar[str] = "kubervisor-datarollout"

    register_crds: bool = Field(default=True, description="Create or update the CRD at start.")
    dry_run: bool = Field(
        default=False,
        description="Ask no pod for anything: tell what would be. Statuses are written.",
    )

    repository: str = Field(
        default="http://datarepo",
        description="URL of the data repository; AutoCrane's.",
    )
    token_file: Path | None = Field(
        default=None,
        description="File with the token that the repository wants; read again when it changes.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="File with the certificate authorities of the repository; default: the "
        "system's.",
    )
    repository_timeout: float = Field(
        default=5.0,
        ge=0.1,
        le=60,
        description="Seconds in which the repository's manifest must have come.",
    )
    period: float = Field(
        default=15.0,
        ge=0.05,
        le=3600,
        description="Seconds between two looks; what moves on the API server is looked at sooner.",
    )
    stages: str = Field(
        default="25,100",
        description="Shares of the pods, in percent, that a new version goes out to one after the "
        "other, where a DataRollout says nothing. AutoCrane's.",
    )
    probation: float = Field(
        default=600.0,
        ge=0,
        le=31_536_000,
        description="Seconds that a stage's pods must run a new version before it goes further, "
        "where a DataRollout says nothing. AutoCrane's.",
    )
    failure_percent: int = Field(
        default=25,
        ge=0,
        le=100,
        description="More than this percentage failing takes a new version back, where a "
        "DataRollout says nothing. AutoCrane's.",
    )
    progress_deadline: float = Field(
        default=1800.0,
        ge=0,
        le=31_536_000,
        description="Seconds after which a stage whose pods do not run the new version counts as "
        "stalled, where a DataRollout says nothing.",
    )
    max_rollouts: int = Field(
        default=100,
        ge=1,
        description="DataRollouts in one namespace up to which more are made; pods that use "
        "sources beyond these get no data, and the log says so.",
    )
    writes_at_once: int = Field(
        default=8, ge=1, le=16, description="Requests to the API server under way at once."
    )
    writes_per_look: int = Field(
        default=500,
        ge=1,
        description="Pods asked for a version at one look; the next look follows at once.",
    )

    @field_validator("repository")
    @classmethod
    def _is_an_address_without_secrets(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment:
            raise ValueError("must be like http://datarepo or https://host:8443/data")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not contain a user or password; write a tokenFile")
        return url.rstrip("/")

    @field_validator("stages")
    @classmethod
    def _rises_to_a_hundred(cls, text: str) -> str:
        _read_stages(text)
        return text

    @property
    def shares(self) -> tuple[int, ...]:
        """The stages' shares in percent."""
        return _read_stages(self.stages)


def _read_stages(text: str) -> tuple[int, ...]:
    found = text.split(",")
    shares = tuple(int(share) for share in found if re.fullmatch(r"[1-9][0-9]{0,2}", share))
    rises = tuple(sorted(set(shares))) == shares
    if len(shares) != len(found) or not rises or shares[-1] != 100 or len(shares) > MOST_STAGES:
        raise ValueError(
            f"must be at most {MOST_STAGES} percentages that rise to 100 such as 25,100, is "
            f"{text!r:.80}"
        )
    return shares
