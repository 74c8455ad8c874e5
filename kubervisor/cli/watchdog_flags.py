"""The flags of `kubervisor run --capability watchdog`: one for each setting that only it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click
from pydantic.fields import FieldInfo

from kubervisor.settings import Settings
from kubervisor.watchdog_settings import WatchdogSettings

F = TypeVar("F", bound=Callable[..., object])
OWN = [name for name in WatchdogSettings.model_fields if name not in Settings.model_fields]


def watchdog_flags(command: F) -> F:
    """`command` with the flags, in the order of the settings."""
    for name in reversed(OWN):
        command = _flag(name, WatchdogSettings.model_fields[name])(command)
    return command


def _flag(name: str, field: FieldInfo) -> Callable[[F], F]:
    flag = f"--{name.replace('_', '-')}"
    text = f"watchdog: {field.description}  [default: {field.default}]"
    if field.annotation is bool:
        switch = f"{flag}/--no-{flag.removeprefix('--')}"
        return click.option(switch, default=None, help=text)
    metavars: dict[object, str] = {float: "SECONDS", int: "N"}
    metavar = metavars.get(field.annotation, "FIRST-LAST")
    return click.option(flag, type=field.annotation, metavar=metavar, help=text)
