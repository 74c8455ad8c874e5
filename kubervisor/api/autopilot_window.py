"""When an AutopilotRule may act: windows of the day on days of the week."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kubervisor.api.fields import TIME_OF_DAY, WEEKDAY, ApiModel, Switch

TimeOfDay = Annotated[str, Field(pattern=TIME_OF_DAY, max_length=8)]
Weekday = Annotated[str, Field(pattern=WEEKDAY, max_length=9)]


class Window(ApiModel):
    """One window. It ends on the next day where its end is not after its start."""

    name: Annotated[str, Field(max_length=253)] | None = Field(
        default=None, description="A name for people. Unset: none.", examples=["nights"]
    )
    start_time: TimeOfDay = Field(
        description="When it begins, as HH:MM or hh:mmAM.", examples=["22:00"]
    )
    end_time: TimeOfDay = Field(
        description="When it is over, as HH:MM or hh:mmAM.", examples=["06:00AM"]
    )
    days_of_week: Annotated[list[Weekday], Field(max_length=14)] = Field(
        default_factory=list,
        description="Days on which it begins, such as Mon or Monday. Unset: every day.",
        examples=[["Sat", "Sunday"]],
    )


class ActionWindow(ApiModel):
    """Outside of all its windows nothing is done: the rule waits in ActionAwaitingWindow."""

    enabled: Switch = Field(default=True, description="Whether the windows count.", examples=[True])
    timezone: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default="UTC",
        description="Time zone of the windows, by its IANA name.",
        examples=["Europe/Berlin"],
    )
    windows: Annotated[list[Window], Field(max_length=32)] = Field(
        default_factory=list, description="Windows, of which any will do. Unset: no limit."
    )
