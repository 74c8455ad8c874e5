"""The result of a backtest as text: what would have happened when, and the sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kubervisor.replay.backtest import ASSUMPTIONS, Result
from kubervisor.replay.instants import rfc3339, spoken
from kubervisor.replay.outcomes import Ejected, GivenBack
from kubervisor.replay.report import Sums, by_pod, sums
from kubervisor.replay.tally import Panic
from kubervisor.text import printable

MOST_LINES = 1000
"""Longer timelines are for machines."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline; a panic lasts `until`."""

    at: float
    what: str
    pod: str
    breaker: str
    why: str
    until: float = 0.0


def entries(result: Result) -> list[Entry]:
    """Everything that happened, in order of time, with texts of others made fit to print."""
    tally = result.tally
    found = [
        *(_ejection(one) for one in tally.ejections),
        *(_return(one) for one in tally.returns),
        *(_panic(one) for one in tally.panics),
    ]
    # At one instant: returns, panics, then the ejections that the room they made allows.
    order = {"ejected": 2, "refused": 2, "panic": 1}
    return sorted(found, key=lambda entry: (entry.at, order.get(entry.what, 0)))


def _ejection(one: Ejected) -> Entry:
    what, why = "ejected", one.evidence
    if not one.enforced:
        what, why = "refused", f"{one.refused_by}: {one.evidence}"
    return Entry(one.at, what, printable(one.pod), one.breaker, printable(why))


def _return(one: GivenBack) -> Entry:
    why = f"{one.reason}: {one.evidence}"
    return Entry(
        one.at, type(one).__name__.lower(), printable(one.pod), one.breaker, printable(why)
    )


def _panic(one: Panic) -> Entry:
    why = f"{one.outliers} outliers for {spoken(one.until - one.at)}: {one.evidence}"
    groups = ", ".join(filter(None, one.groups)) or "all pods"
    return Entry(one.at, "panic", printable(groups), one.breaker, printable(why), one.until)


def as_text(result: Result) -> str:
    """The timeline, the pods that were out, the settings to compare with, the assumptions."""
    happened = entries(result)
    rows = [(rfc3339(e.at), e.what, e.pod, e.breaker, e.why) for e in happened[:MOST_LINES]]
    parts = [title(result), ""]
    parts += table(("TIME", "WHAT", "POD", "BREAKER", "WHY"), rows) if rows else ["Nothing."]
    if len(happened) > MOST_LINES:
        parts.append(f"… and {len(happened) - MOST_LINES} more; -o json has all")
    ejected = by_pod(result.tally)
    if ejected:
        cells = [(printable(pod), str(n), spoken(out)) for pod, n, out in ejected[:20]]
        parts += ["", *table(("POD", "EJECTIONS", "OUT FOR"), cells)]
    parts += ["", *table(COMPARED, compared(result)), "", "Assumed:"]
    parts += [f"- {assumption}" for assumption in ASSUMPTIONS]
    return "\n".join(parts) + "\n"


def title(result: Result) -> str:
    """What was replayed, in one sentence."""
    stretch, dry = result.stretch, " (dry run)" if result.policy.dry_run else ""
    return (
        f"{result.key}{dry}, Service {result.policy.service}, {len(result.pods)} pods, "
        f"{rfc3339(stretch.start)} to {rfc3339(stretch.end)} every {stretch.step:g} s"
    )


COMPARED = ("SETTINGS", "EJECTIONS", "PODS", "REFUSED", "PANICS", "GIVEN UP", "OUT FOR")


def compared(result: Result) -> list[Sequence[str]]:
    """The sums of these settings and of each alternative, a row for each."""
    rows = [("as in the file", sums(result.tally))]
    rows += [(name, sums(tally)) for name, tally in result.alternatives.items()]
    return [_compared(name, counted) for name, counted in rows]


def _compared(name: str, counted: Sums) -> Sequence[str]:
    return (
        name,
        str(counted.ejections),
        str(counted.pods),
        str(sum(counted.refused.values())),
        str(counted.panics),
        str(counted.paused + counted.terminated),
        spoken(counted.seconds_out),
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with aligned columns; numbers stand at the right of theirs."""
    cells = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    numeric = [all(row[column].isdecimal() for row in cells[1:]) for column in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    return [line(row) for row in cells]
