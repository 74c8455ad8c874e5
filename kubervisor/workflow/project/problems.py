"""What is wrong with a file that people write: all of it at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubervisor.errors import SpecError
from kubervisor.text import printable

_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, what to write instead, and the line, counted from 1. What no line of
    the file says, a variable of the environment, has line 0.
    """

    line: int
    text: str


class ProjectError(SpecError):
    """A file cannot be followed; its message has a line `file:line: text` for each problem."""

    def __init__(self, problems: Iterable[Problem], file: str) -> None:
        self.problems = tuple(sorted(problems))
        self.file = file
        lines = [_line(file, problem) for problem in self.problems[:_MOST_SHOWN]]
        if len(self.problems) > _MOST_SHOWN:
            lines.append(f"{file}: and {len(self.problems) - _MOST_SHOWN} more problems")
        super().__init__("\n".join(lines))


class Problems:
    """The problems of one file, as they are found."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._found: set[Problem] = set()

    def add(self, line: int, text: str) -> None:
        """Note what is wrong in a line. What `text` quotes may be anything."""
        self._found.add(Problem(line, printable(text)))

    def raise_any(self) -> None:
        """Raises ProjectError, with all problems by line, where there is one."""
        if self._found:
            raise ProjectError(self._found, self._file)


def quoted(text: str) -> str:
    """A text of the file as a message shows it: short, and its end visible."""
    return f"`{text if len(text) <= 80 else text[:79] + '…'}`"


def _line(file: str, problem: Problem) -> str:
    return f"{file}:{problem.line}: {problem.text}" if problem.line else problem.text
