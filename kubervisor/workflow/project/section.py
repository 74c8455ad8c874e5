"""The fields of one mapping of a file, each read as what it must be; every problem with its line.

Null is as if the field were not there, as it was for the original.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from kubervisor.api.fields import seconds_of
from kubervisor.workflow.project.located import Value, read_located
from kubervisor.workflow.project.problems import Problems, quoted

MOST_ENTRIES = 100
LONGEST_TEXT = 2_000

T = TypeVar("T")


def read_section(text: str, problems: Problems, known: Sequence[str]) -> Section:
    """The fields of a file; one that is empty has none.

    Raises ProjectError where it is no YAML, or no mapping.
    """
    value = read_located(text, problems) or Value(1, {})
    problems.raise_any()
    if not isinstance(value.content, Mapping):
        problems.add(value.line, f"must be a mapping of fields, is {value.kind}")
        problems.raise_any()
    return Section(value, problems, known)


class Section:
    """One mapping; `where` begins the messages about it, such as "phase Waiting: ".

    What cannot be read is a problem and then what it is by default, so that all problems are found.
    """

    def __init__(
        self, value: Value, problems: Problems, known: Sequence[str], where: str = ""
    ) -> None:
        self.line = value.line
        self.where = where
        self._problems = problems
        self._fields = value.content if isinstance(value.content, Mapping) else {}
        self._look_for_unknown(known)

    def __contains__(self, name: str) -> bool:
        """Whether the field is written, and not null."""
        field = self._fields.get(name)
        return field is not None and field.value.content is not None

    def add(self, line: int, text: str) -> None:
        """Note a problem of this section."""
        self._problems.add(line, f"{self.where}{text}")

    def line_of(self, name: str) -> int:
        """Where the field is written, else where the section begins."""
        field = self._fields.get(name)
        return field.line if field else self.line

    def text(self, name: str, default: str = "", *, limit: int = LONGEST_TEXT) -> str:
        """A text of at most `limit` characters."""
        value = self._value(name)
        if value is None:
            return default
        if not isinstance(value.content, str):
            self._refuse(name, f"must be a text, is {value.kind}; write it in quotes")
            return default
        if len(value.content) > limit:
            self._refuse(name, f"has more than {limit} characters")
            return default
        return value.content

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._value(name)
        if value is None:
            return default
        if not isinstance(value.content, bool):
            self._refuse(name, f"must be true or false, is {value.kind}")
            return default
        return value.content

    def count(self, name: str, *, most: int) -> int | None:
        """A whole number from 0 to `most`."""
        value = self._value(name)
        if value is None:
            return None
        number = value.content
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= most:
            self._refuse(name, f"must be a whole number from 0 to {most}")
            return None
        return number

    def choice(self, name: str, meanings: Mapping[str | int, T], default: T) -> T:
        """What is meant by one of a few words or numbers."""
        value = self._value(name)
        if value is None:
            return default
        written = value.content
        if isinstance(written, str | int) and not isinstance(written, bool) and written in meanings:
            return meanings[written]
        self._refuse(name, f"must be one of {', '.join(map(str, meanings))}")
        return default

    def seconds(self, name: str, *, least: float) -> float | None:
        """A duration such as 1m30s, in seconds."""
        value = self._value(name)
        if value is None:
            return None
        try:
            found = seconds_of(value.content)
        except ValueError as error:
            self._refuse(name, str(error))
            return None
        if found < least:
            self._refuse(name, f"must be at least {least:g}s")
            return None
        return found

    def texts(self, name: str) -> tuple[tuple[int, str], ...]:
        """The texts of a list with their lines; one that is written twice is a problem."""
        found: dict[str, int] = {}
        for entry in self._entries(name):
            if not isinstance(entry.content, str):
                self.add(entry.line, f"{name}: must have texts, has {entry.kind}")
            elif entry.content in found:
                self.add(entry.line, f"{name}: {quoted(entry.content)} is written twice")
            else:
                found[entry.content] = entry.line
        return tuple((line, text) for text, line in found.items())

    def sections(self, name: str, known: Sequence[str], noun: str) -> Iterator[Section]:
        """The mappings of a list; messages about each begin with `noun` and the first of the
        `known` fields, which is its name.
        """
        for number, entry in enumerate(self._entries(name), start=1):
            if not isinstance(entry.content, Mapping):
                self.add(entry.line, f"{name}: must have mappings, has {entry.kind}")
                continue
            named = entry.content.get(known[0])
            called = named.value.content if named else None
            shown = quoted(called) if isinstance(called, str) and called else f"no. {number}"
            yield Section(entry, self._problems, known, f"{noun} {shown}: ")

    def literal_line(self, name: str, row: int) -> int:
        """The line of the file in which the line `row` of a text stands, counted from 0; where the
        text is not written line by line, that of the field.
        """
        value = self._value(name)
        return value.line + 1 + row if value is not None and value.literal else self.line_of(name)

    def _value(self, name: str) -> Value | None:
        return self._fields[name].value if name in self else None

    def _entries(self, name: str) -> Sequence[Value]:
        value = self._value(name)
        if value is None:
            return ()
        if not isinstance(value.content, tuple):
            self._refuse(name, f"must be a list, is {value.kind}")
            return ()
        if len(value.content) > MOST_ENTRIES:
            self._refuse(name, f"has more than {MOST_ENTRIES} entries")
        return value.content[:MOST_ENTRIES]

    def _refuse(self, name: str, text: str) -> None:
        self.add(self.line_of(name), f"{name} {text}")

    def _look_for_unknown(self, known: Sequence[str]) -> None:
        for name, field in self._fields.items():
            if name in known:
                continue
            (near, *_) = [*get_close_matches(name[:80], known, n=1), ""]
            meant = f"; did you mean {near}?" if near else f"; known are {', '.join(known)}"
            self.add(field.line, f"there is no field {quoted(name)}{meant}")
