"""The defaults of policies, told once."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any


def default_of(policy: type[Any], field: str) -> Any:
    """What `field` of a policy is where a specification does not say. Raises KeyError where the
    field has no default.
    """
    found = {known.name: known.default for known in fields(policy)}[field]
    if found is MISSING:
        raise KeyError(field)
    return found
