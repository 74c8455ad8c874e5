"""The flags of `kubervisor run` that only some capabilities have: one for each of their settings
that capabilities named before have not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

F = TypeVar("F", bound=Callable[..., object])

METAVARS = {
    "probe_ports": "FIRST-LAST",
    "repository": "URL",
    "token_file": "FILE",
    "ca_file": "FILE",
    "stages": "PERCENT,…",
    "actions": "NAME",
    "webhook_hosts": "PATTERN",
    "provider_cool_down": "PROVISIONER=SECONDS",
    "job_templates": "FOLDER",
    "job_namespace": "NAME",
}


def setting_flags(
    title: str, settings: type[BaseSettings], *before: type[BaseSettings]
) -> Callable[[F], F]:
    """Decorates a command with the flags, in the order of the settings; `title` begins the help of
    each. What settings `before` have has a flag already.
    """
    known = {name for other in before for name in other.model_fields}
    own = {name: field for name, field in settings.model_fields.items() if name not in known}

    def decorate(command: F) -> F:
        for name in reversed(own):
            command = _flag(title, name, own[name])(command)
        return command

    return decorate


def _flag(title: str, name: str, field: FieldInfo) -> Callable[[F], F]:
    flag = f"--{name.replace('_', '-')}"
    default = "" if field.default is None else f"  [default: {field.default}]"
    text = f"{title}: {field.description}{default}"
    if field.annotation is bool:
        switch = f"{flag}/--no-{flag.removeprefix('--')}"
        return click.option(switch, default=None, help=text)
    if field.annotation in (float, int):
        metavar = "SECONDS" if field.annotation is float else "N"
        return click.option(flag, type=field.annotation, metavar=metavar, help=text)
    if field.annotation not in (str, Path, Path | None):
        return click.option(flag, name, multiple=True, metavar=METAVARS[name], help=text)
    kind = str if field.annotation is str else click.Path(path_type=Path)
    return click.option(flag, type=kind, metavar=METAVARS[name], help=text)
