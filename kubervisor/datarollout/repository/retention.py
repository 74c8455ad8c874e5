"""Which versions of a source stay. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubervisor.datarollout.versions import Version

SHORTEST_PIN = 6


@dataclass(frozen=True, slots=True)
class Retention:
    """The newest `count` versions stay, and those younger than `seconds`."""

    count: int = 10
    seconds: float = 86_400.0


def surplus(
    versions: Sequence[Version],
    rule: Retention,
    *,
    in_use: frozenset[str] | None,
    most_bytes: int,
    now: float,
) -> tuple[Version, ...]:
    """The versions, the oldest first, that may go: too old, or too much together.

    The newest never goes, nor one that is in use; none goes while `in_use` is None, which means
    that nobody knows.

    >>> old, new = Version("1.tar", "0" * 64, at=1), Version("2.tar", "1" * 64, at=2)
    >>> one = Retention(count=1, seconds=0)
    >>> surplus((old, new), one, in_use=frozenset(), most_bytes=9, now=9) == (old,)
    True
    """
    if in_use is None:
        return ()
    ordered = sorted(versions, key=lambda version: version.at)
    free = [version for version in ordered[:-1] if not is_named(version, in_use)]
    gone = [
        version
        for version in free
        if version in ordered[: -rule.count] and now - version.at > rule.seconds
    ]
    for version in free:
        left = [one for one in ordered if one not in gone]
        if held_bytes(left) <= most_bytes:
            break
        if version not in gone:
            gone.append(version)
    return tuple(gone)


def held_bytes(versions: Sequence[Version]) -> int:
    """Bytes of the versions' archives; those that are the same count once."""
    return sum({version.sha256: version.size for version in versions}.values())


def is_named(version: Version, names: frozenset[str]) -> bool:
    """Whether one of `names` is its digest, its path, or how one of them begins."""
    return any(
        name.upper() == version.sha256
        or (
            len(name) >= SHORTEST_PIN
            and (version.path.startswith(name) or version.sha256.startswith(name.upper()))
        )
        for name in names
    )
