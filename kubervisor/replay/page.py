"""The result of a backtest as one HTML page that needs nothing else: no scripts, no other files."""

from __future__ import annotations

from collections.abc import Sequence

from kubervisor.replay.backtest import ASSUMPTIONS, Result
from kubervisor.replay.instants import rfc3339, spoken
from kubervisor.replay.markup import Markup, element, fragment
from kubervisor.replay.plot import legend, plot, shown_pods
from kubervisor.replay.report import by_pod, sums
from kubervisor.replay.style import STYLE
from kubervisor.replay.timeline import COMPARED, Entry, compared, entries, title

MOST_ROWS = 1000


def as_html(result: Result) -> str:
    """The page. All that comes from outside is escaped text."""
    happened = entries(result)
    name = f"Backtest of {result.key}"
    page = element(
        "html",
        element(
            "head",
            Markup('<meta charset="utf-8">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup(
                '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
                "style-src 'unsafe-inline'\">"
            ),
            element("title", name),
            Markup(f"<style>{STYLE}</style>"),
        ),
        element(
            "body",
            element("h1", name),
            element("p", title(result)),
            _tiles(result),
            *(_breaker(result, breaker, happened) for breaker in result.curves),
            element("h2", "Other settings"),
            _table(COMPARED, compared(result)),
            _pods(result),
            element("h2", "Timeline"),
            _timeline(happened),
            element("h2", "What is assumed"),
            element("ul", *(element("li", assumption) for assumption in ASSUMPTIONS)),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _tiles(result: Result) -> Markup:
    counted = sums(result.tally)
    shown = {
        "ejections": str(counted.ejections),
        "pods ejected": str(counted.pods),
        "refused": str(sum(counted.refused.values())),
        "panics": str(counted.panics),
        "given up": str(counted.paused + counted.terminated),
        "out of traffic, all pods": spoken(counted.seconds_out),
    }
    return element(
        "dl",
        *(
            element("div", element("dt", what), element("dd", number))
            for what, number in shown.items()
        ),
        class_="tiles",
    )


def _breaker(result: Result, breaker: str, happened: Sequence[Entry]) -> Markup:
    its = [entry for entry in happened if entry.breaker == breaker]
    return fragment(
        element("h2", f"Breaker {breaker}"),
        element(
            "figure",
            plot(result, breaker, its),
            legend(shown_pods(its, result.curves[breaker]), its),
        ),
    )


def _pods(result: Result) -> Markup:
    ejected = by_pod(result.tally)
    if not ejected:
        return fragment()
    rows = [(pod, str(count), spoken(out)) for pod, count, out in ejected]
    return fragment(
        element("h2", "Pods that were out"), _table(("POD", "EJECTIONS", "OUT FOR"), rows)
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = element("tr", *(element("th", text.lower(), scope="col") for text in heads))
    body = [
        element(
            "tr",
            *(element("td", cell, class_="number" if cell.isdecimal() else "text") for cell in row),
        )
        for row in rows
    ]
    return element(
        "div", element("table", element("thead", head), element("tbody", *body)), class_="wide"
    )


def _timeline(happened: Sequence[Entry]) -> Markup:
    if not happened:
        return element("p", "Nothing.")
    rows = [
        element(
            "li",
            element("time", rfc3339(entry.at), datetime=rfc3339(entry.at)),
            element("strong", entry.what, class_=entry.what),
            element("span", entry.pod, class_="pod"),
            element("span", entry.why, class_="why"),
        )
        for entry in happened[:MOST_ROWS]
    ]
    if len(happened) > MOST_ROWS:
        rows.append(element("li", f"… and {len(happened) - MOST_ROWS} more; -o json has all"))
    return element("ol", *rows, class_="timeline")
