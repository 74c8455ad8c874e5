"""`kubervisor rules convert`: StoragePolicies of 2019 as AutopilotRules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from kubervisor.api.autopilot_fields import GROUP
from kubervisor.cli.documents import read_objects
from kubervisor.errors import SpecError
from kubervisor.rules.storage_policy import COOL_DOWN, GROWTH, KIND
from kubervisor.rules.storage_policy import convert as converted

_MEANING = (
    f"each growth is {GROWTH} and rests {COOL_DOWN} s, as with StoragePolicies; write maxsize for "
    "an end. keyAlias reads the metrics of the kubelet, which have no labels of Portworx"
)


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def convert(files: tuple[Path, ...]) -> None:
    """Print the StoragePolicies in the files as AutopilotRules, ready for `kubectl apply -f -`.

    What has no counterpart is said on stderr. Exit code 0: all are converted; 1: one is not, or a
    file cannot be read.
    """
    failed = False
    for path in files:
        try:
            for policy in _policies(path):
                failed |= not _print(path, policy)
        except SpecError as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
    if failed:
        raise SystemExit(1)


def _policies(path: Path) -> Iterator[Mapping[str, Any]]:
    """Raises SpecError where the file cannot be read or has none."""
    objects = read_objects(path)
    found = [
        one
        for one in objects
        if one.get("kind") == KIND and str(one.get("apiVersion", "")).startswith(f"{GROUP}/")
    ]
    if not found:
        raise SpecError(f"{path}: holds no {KIND} of {GROUP}")
    yield from found


def _print(path: Path, policy: Mapping[str, Any]) -> bool:
    """Whether it is converted."""
    metadata = policy.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    try:
        rule = converted(policy)
    except SpecError as error:
        click.echo(f"Error: {path}: {KIND} {name}: {error}", err=True)
        return False
    click.echo(f"---\n{yaml.safe_dump(rule, sort_keys=False)}", nl=False)
    click.echo(f"{path}: {KIND} {name}: {_MEANING}", err=True)
    return True
