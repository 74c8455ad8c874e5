"""Conditions of statuses, as stored, for those who only look."""

from __future__ import annotations

import msgspec


class Condition(msgspec.Struct, gc=False, rename="camel", omit_defaults=True):
    """A condition of a status; what else is in it is not decoded."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str | None = None
