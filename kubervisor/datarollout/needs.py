"""What a pod's annotations say of data: which sources it uses under which names, and on which it
depends.

Pure. The keys are AutoCrane's, those of its documents and those of its code: both are honoured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

STORE_URL = "store.autocrane.io/url"
STORE_LOCATION = "store.autocrane.io/location"
STORE_DATA = "store.autocrane.io/data"
STORE_DEPS = "store.autocrane.io/deps"
DATA = "data.autocrane.io/"
REQUEST = "request.data.autocrane.io/"
STATUS = "status.data.autocrane.io/"
"""The last three are followed by the name under which the pod has the data."""

MOST_SOURCES = 32
"""Sources of one pod that are heeded, the first by name: an annotation has room for thousands."""

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
"""Of a source, and of a pod's own name for it: it becomes a key, a part of a URL and a link."""


@dataclass(frozen=True, slots=True)
class DataNeeds:
    """`sources` by the pod's own names for them; `depends` on these, whose rollouts its watchdogs
    hold up; `specs` of sources that it would set up, by their names.
    """

    sources: Mapping[str, str]
    depends: frozenset[str] = frozenset()
    specs: Mapping[str, str] | None = None
    location: str = ""
    url: str = ""

    def names_of(self, source: str) -> tuple[str, ...]:
        """The names under which the pod has `source`, in their order; none if it uses it not."""
        return tuple(sorted(name for name, used in self.sources.items() if used == source))


def read_needs(annotations: Mapping[str, str]) -> DataNeeds:
    """What a pod with these annotations needs. A name that cannot be used is left out.

    >>> dict(read_needs({"store.autocrane.io/data": "a, b"}).sources)
    {'a': 'a', 'b': 'b'}
    >>> dict(read_needs({"data.autocrane.io/cfg": "a"}).sources)
    {'cfg': 'a'}
    >>> read_needs({"data.autocrane.io/a": "git:https://host/a.git"}).specs
    {'a': 'git:https://host/a.git'}
    """
    named = {
        key.removeprefix(DATA): value.strip()
        for key, value in annotations.items()
        if key.startswith(DATA)
    }
    specs = {name: text for name, text in named.items() if _is_spec(text) and _is_name(name)}
    listed = {name: name for name in _names(annotations.get(STORE_DATA, ""))}
    own = {n: used for n, used in named.items() if _is_name(n) and _is_name(used)}
    sources = sorted((listed | own).items())[:MOST_SOURCES]
    return DataNeeds(
        sources=dict(sources),
        depends=frozenset(_names(annotations.get(STORE_DEPS, ""))[:MOST_SOURCES]),
        specs=specs,
        location=annotations.get(STORE_LOCATION, "").strip(),
        url=annotations.get(STORE_URL, "").strip(),
    )


def is_about_data(key: str) -> bool:
    """Whether an annotation with this key belongs to data deployments."""
    return key.startswith((DATA, REQUEST, STATUS, "store.autocrane.io/"))


def _names(text: str) -> list[str]:
    return sorted({name for part in text.split(",") if _is_name(name := part.strip())})


def _is_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None


def _is_spec(text: str) -> bool:
    """A source's name has neither of these, and every spec has one."""
    return ":" in text or "@" in text
