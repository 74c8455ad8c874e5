"""Instants and durations as Kubernetes writes them and as people read them."""

from __future__ import annotations

import re
import time
from datetime import datetime

from kubectl_kubervisor.errors import UsageError

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse(text: object) -> float | None:
    """The Unix seconds of an RFC 3339 text, None where it is no such text."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.timestamp() if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def render(at: float) -> str:
    """RFC 3339 in UTC with whole seconds.

    >>> render(0)
    '1970-01-01T00:00:00Z'
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def seconds(duration: str) -> float:
    """A duration such as 90s, 5m or 1h30m in seconds; a bare number is seconds. Raises UsageError.

    >>> seconds("1h30m")
    5400.0
    """
    parts = _PART.findall(duration)
    if parts and "".join(number + unit for number, unit in parts) == duration:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    if re.fullmatch(r"\d+(\.\d+)?", duration):
        return float(duration)
    raise UsageError(f'invalid duration "{duration}": write 30s, 5m or 1h30m')


def age(span: float) -> str:
    """A time span as kubectl shows ages: two units at most, none that does not matter.

    >>> age(59), age(125), age(3 * 3600), age(90000), age(3 * 86400)
    ('59s', '2m5s', '3h', '25h', '3d')
    """
    whole = max(0, int(span))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _pair(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _pair(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _pair(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _pair(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large}{unit}{small}{small_unit}" if small else f"{large}{unit}"


def since(text: object, now: float) -> str:
    """The age of an instant, `<unknown>` as kubectl says where there is none."""
    at = parse(text)
    return "<unknown>" if at is None else age(now - at)
