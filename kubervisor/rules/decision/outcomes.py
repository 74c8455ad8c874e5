"""What came of one step of an action, as far as the decision goes by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Refusal:
    """It is not done. `reason` is a CamelCase word. `is_final`: it is declined until something
    changes (a limit is reached); else it is tried again, `after` seconds from now at the earliest.
    """

    reason: str
    message: str
    is_final: bool = False
    after: float = 0.0

    def __str__(self) -> str:
        return f"{self.message} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Did:
    """A deed was done; `note` joins the progress of its intent."""

    note: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Wait:
    """Something is under way that others do; look again."""

    message: str


@dataclass(frozen=True, slots=True)
class Done:
    """It is as it was meant to be."""

    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot go on as it is; it is tried anew, from a new preview, later."""

    message: str


Outcome: TypeAlias = Did | Wait | Done | Failed | Refusal
