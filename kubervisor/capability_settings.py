"""What all capabilities are told: the cluster, where to listen, the Lease, how to log."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def check_address(address: str) -> str:
    """`address`. Raises ValueError where it is not host:port."""
    host, _, port = address.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError(f"must be host:port such as 127.0.0.1:8086, is {address!r:.80}")
    return address


class CapabilitySettings(BaseSettings):
    """The base of each capability's settings, which names the prefix of its variables.

    Raises ValueError (pydantic's) where something cannot be used.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,  # what is wrong may be a secret in the wrong place
    )
    lease_prefix: ClassVar[str]
    """What the name of its Lease begins with."""

    kubeconfig: str | None = Field(
        default=None,
        description="Path of a kubeconfig; without it the pod's service account, else $KUBECONFIG.",
    )
    namespaces: tuple[str, ...] = Field(
        default=(), description="Namespaces whose pods it looks after; empty means all of them."
    )
    listen: str = Field(
        default="127.0.0.1:8086",
        description="host:port of /metrics, /livez and /readyz; loopback: they are open to all.",
    )
    leader_elect: bool = Field(
        default=True, description="Hold a Lease before anything is decided, written or evicted."
    )
    lease_namespace: str = Field(
        default="",
        description="Namespace of the Lease; default: the pod's own, else the kubeconfig's.",
    )
    lease_name: str = Field(
        default="",
        description="Name of the Lease, which begins with that of the capability; default: that, "
        "and a digest of `namespaces` where some are named. Processes of one Lease act one at a "
        "time.",
    )
    lease_duration: float = Field(
        default=15.0,
        gt=1,
        description="Seconds a Lease is valid after its renewal; the client-go value.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="debug, info, warning or error."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="json, console, or auto: console on a terminal."
    )

    _checked_listen = field_validator("listen")(check_address)

    @field_validator("namespaces")
    @classmethod
    def _are_names_of_namespaces(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
                raise ValueError(f"must be names of namespaces, and {name!r:.80} cannot be one")
        return names

    @field_validator("lease_name")
    @classmethod
    def _is_one_of_ours(cls, name: str) -> str:
        # By its beginning `release` and `stop` find it, and the account may write no other.
        prefix = cls.lease_prefix
        if name and not re.fullmatch(rf"{prefix}(-[-a-z0-9]*[a-z0-9])?", name):
            raise ValueError(f"must be like {prefix}-east, is {name!r:.80}")
        return name
