"""Sources that end with the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, Protocol

import pytest

from kubervisor.source_settings import NamedSource
from kubervisor.sources import Sources


class OpenSources(Protocol):
    """Opens sources; what is not said is nothing: no named source, nothing allowed.

    `named` are URLs by name.
    """

    def __call__(self, **arguments: Any) -> Sources: ...


@pytest.fixture
def open_sources() -> Iterator[OpenSources]:
    with ExitStack() as opened:

        def open_them(**arguments: Any) -> Sources:
            defaults = {"allow": [], "max_sample_age": 75.0}
            urls = arguments.pop("named", {})
            named = [NamedSource(name=name, url=url) for name, url in urls.items()]
            sources = Sources(named=named, **{**defaults, **arguments})
            return opened.enter_context(closing(sources))

        yield open_them


@pytest.fixture
def sources(open_sources: OpenSources) -> Sources:
    """No named source; specifications may name 127.0.0.1."""
    return open_sources(allow=["127.0.0.1:*"])
