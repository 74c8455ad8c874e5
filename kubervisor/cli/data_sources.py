"""The sources of a repository, as its flags and variables name them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from kubervisor.datarollout.repository.annotated import AllowPattern, read_pattern
from kubervisor.datarollout.specs import (
    ReadSources,
    SpecProblem,
    read_sources,
    with_credential,
)

PREFIX = "KUBERVISOR_DATA_REPOSITORY_"
"""Of the variables that stand for flags."""


def configured(sources: Sequence[str], credentials: Sequence[str], *, local: bool) -> ReadSources:
    """What flags and variables say, each source with its credential. Raises click.UsageError."""
    variables = (f"{PREFIX}SOURCES", "DataRepo__Sources")
    texts = [*sources, *(os.environ.get(variable, "") for variable in variables)]
    read, folders = read_sources(texts, local=local), {}
    for text in credentials:
        name, equals, folder = text.partition("=")
        known = {spec.name for spec in read.sources} | {name for name, _ in read.problems}
        if not equals or not folder or name not in known:
            raise click.UsageError(f"--credentials {text!r:.80} is not NAME=DIR of a source")
        folders[name] = f"file:{Path(folder).absolute()}"
    found, problems = [], list(read.problems)
    for spec in read.sources:
        reference = folders.get(spec.name)
        try:
            found.append(with_credential(spec, reference) if reference else spec)
        except SpecProblem as problem:
            problems.append((spec.name, str(problem)))
    return ReadSources(tuple(found), tuple(problems))


def allowed(texts: Sequence[str], *, local: bool) -> list[AllowPattern]:
    """The patterns of what pods may set up. Raises click.UsageError."""
    try:
        return [read_pattern(text, local=local) for text in texts]
    except ValueError as error:
        raise click.UsageError(f"--annotated-sources: {error}") from None
