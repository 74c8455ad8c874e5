"""Action windows as rules write them."""

from __future__ import annotations

import re
from datetime import time
from zoneinfo import ZoneInfo

from kubervisor.api.autopilot_window import ActionWindow
from kubervisor.api.autopilot_window import Window as Written
from kubervisor.rules.decision.policy import Window, Windows

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?([AaPp][Mm])?")


def read_windows(written: ActionWindow) -> Windows:
    """The windows. Raises ValueError where the zone is not known; the message completes a sentence
    that starts with the field.
    """
    return Windows(_zone(written.timezone), tuple(map(_window, written.windows)))


def read_time(text: str) -> time:
    """A time of day as HH:MM or hh:mmAM; `text` has that form.

    >>> read_time("12:30AM"), read_time("10:00pm"), read_time("7:05")
    (datetime.time(0, 30), datetime.time(22, 0), datetime.time(7, 5))
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"must be a time of day such as 22:30 or 10:30PM, is {text!r:.40}")
    hour, half = int(found[1]), (found[3] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found[2]))


def _window(written: Written) -> Window:
    return Window(
        start=read_time(written.start_time),
        end=read_time(written.end_time),
        days=frozenset(_DAYS.index(day[:3].lower()) for day in written.days_of_week),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not known, a folder, no name at all
        raise ValueError(
            f"has an unknown timezone {name!r}; write an IANA name such as Europe/Berlin"
        ) from None
