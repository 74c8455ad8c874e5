"""Where `kubervisor rules test` asks for metrics: one server, the configured ones, or a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from kubervisor.errors import SourceNotAllowed
from kubervisor.rules.decision.policy import RulePolicy
from kubervisor.rules.trial.answers import Answers, FromPage, FromPrometheus
from kubervisor.rules.trial.exposition import LOOKBACK, read_page
from kubervisor.rules_config import find_source, read_rules_config
from kubervisor.source_settings import NamedSource
from kubervisor.sources.exposition import PageUnreadable
from kubervisor.sources.history import History


@dataclass(frozen=True, slots=True)
class Asked:
    """Who answers the questions of a rule (None: nobody), and the instant that is taken for now."""

    answers: Callable[[RulePolicy], Answers | None]
    now: float
    is_somebody: bool = True


def asked(
    config: Path | None, url: str | None, data: Path | None, at: float | None, opened: ExitStack
) -> Asked:
    """Who is asked, at the instant `at`; None is now, or where a file ends whose samples have
    instants. Connections are closed by `opened`. Raises click.UsageError.
    """
    if sum(one is not None for one in (config, url, data)) > 1:
        raise click.UsageError("give one of --source, --data and --config")
    if data is not None:
        return _of_page(data, at)
    now = time.time() if at is None else at
    if url is not None:
        return Asked(
            _of_sources([_source("--source", {"name": "default", "url": url})], now, opened), now
        )
    if config is not None:
        return Asked(_of_sources(_configured(config), now, opened), now)
    return Asked(lambda _: None, now, is_somebody=False)


def _of_page(path: Path, at: float | None) -> Asked:
    try:
        page = read_page(path.read_text(encoding="utf-8"))
    except (PageUnreadable, UnicodeDecodeError) as error:
        raise click.UsageError(f"--data {path}: {error}") from None
    end = time.time() if page.span is None else page.span[1]
    now = end if at is None else at
    answers = FromPage(page, now)
    return Asked(lambda _: answers, now)


def _of_sources(
    sources: Sequence[NamedSource], now: float, opened: ExitStack
) -> Callable[[RulePolicy], Answers]:
    """The source that a rule names, as the controller finds it."""
    open_ones: dict[str, Answers] = {}

    def answers(policy: RulePolicy) -> Answers:
        name = find_source(policy.source, sources)
        if name is None:
            known = ", ".join(source.name for source in sources) or "none"
            raise SourceNotAllowed(
                f"no source is named {policy.source!r:.80}; configured are: {known}"
            )
        if name not in open_ones:
            (source,) = (one for one in sources if one.name == name)
            history = History(source, max_sample_age=LOOKBACK)
            opened.callback(history.close)
            open_ones[name] = FromPrometheus(history, now)
        return open_ones[name]

    return answers


def _configured(path: Path) -> list[NamedSource]:
    try:
        written = read_rules_config(path).get("sources", ())
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return [_source(str(path), one) for one in written]


def _source(where: str, written: Mapping[str, Any]) -> NamedSource:
    try:
        return NamedSource.model_validate(written)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise click.UsageError(f"{where}: {said}") from None
