"""A DataRollout as the decision reads it: its policy, and what was remembered in its status.

Pure. A status that cannot be read in part, because a person wrote it, is read in its other parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any, TypeVar

from pydantic import ValidationError

from kubervisor import instants
from kubervisor.api.data_rollout import DataRolloutSpec
from kubervisor.datarollout.decision.state import (
    MOST_QUARANTINED,
    Phase,
    Quarantined,
    Reason,
    RolloutPolicy,
    RolloutState,
)
from kubervisor.datarollout.needs import NAME
from kubervisor.datarollout.versions import Version
from kubervisor.errors import SpecError
from kubervisor.kube.records import SpecRecord

E = TypeVar("E", bound=StrEnum)
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def source_of(record: SpecRecord) -> str | None:
    """The source that a DataRollout is for; None where what it names cannot be one."""
    named = record.spec.get("source")
    source = record.name if named is None else named
    return source if isinstance(source, str) and NAME.fullmatch(source) else None


def read_policy(record: SpecRecord, default: RolloutPolicy) -> RolloutPolicy:
    """What the spec asks for, and `default` where it says nothing. Raises SpecError."""
    try:
        spec = DataRolloutSpec.model_validate(record.spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["spec", *(str(part) for part in first["loc"])])
        raise SpecError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
    given: dict[str, Any] = {
        "stages": None if spec.stages is None else tuple(spec.stages),
        "probation": spec.probation,
        "failure_percent": spec.failure_percent,
        "deadline": spec.progress_deadline,
    }
    set_by_people = {name: value for name, value in given.items() if value is not None}
    return replace(
        default,
        paused=spec.paused,
        pin=spec.pin,
        generation=record.generation,
        **set_by_people,
    )


def read_state(status: Mapping[str, Any]) -> RolloutState:
    """What was remembered; where nothing was, the state that a rollout begins with."""
    stage = _dict(status.get("stage"))
    return RolloutState(
        phase=_word(Phase, status.get("phase")) or Phase.WAITING,
        last_known_good=read_version(status.get("lastKnownGood")),
        candidate=read_version(status.get("candidate")),
        stage=_count(stage.get("index")),
        stage_at=_instant(stage.get("since")),
        quarantine=tuple(_quarantine(status.get("quarantine")))[-MOST_QUARANTINED:],
        failures=_count(status.get("failures")),
        not_before=_instant(status.get("notBefore")),
        reason=_word(Reason, status.get("reason")),
    )


def read_version(found: Any, at: str = "at") -> Version | None:
    """The version that a part of a status names; None where it names none."""
    entry = _dict(found)
    try:
        path, digest = entry.get("path"), entry.get("sha256")
        # Where these are no texts, the patterns of a Version refuse them with a TypeError.
        return Version(path, digest, _instant(entry.get(at)), _count(entry.get("size")))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None


def name_for(source: str, taken: Iterable[str]) -> str:
    """The name of a DataRollout for `source` among those `taken`.

    >>> name_for("prices", ()), name_for("Prices_v2", ())
    ('prices', 'prices-v2-8e05d963')
    """
    if _OBJECT_NAME.fullmatch(source) and source not in taken:
        return source
    digest = blake2b(source.encode(), digest_size=4).hexdigest()
    plain = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")
    return f"{plain[:54]}-{digest}"


def _quarantine(found: Any) -> Iterator[Quarantined]:
    for entry in found if isinstance(found, list) else ():
        version = read_version(entry, at="versionAt")
        if version is not None:
            yield Quarantined(
                version,
                _word(Reason, entry.get("reason")) or Reason.QUARANTINED,
                _instant(entry.get("at")),
                _count(entry.get("generation")),
            )


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(words: type[E], value: Any) -> E | None:
    return next((word for word in words if word.value == value), None)


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _instant(value: Any) -> float:
    return (instants.parse(value) if isinstance(value, str) else None) or 0.0
