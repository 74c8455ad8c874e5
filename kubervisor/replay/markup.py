"""HTML and SVG in which all text is escaped: names and evidence come from outside."""

from __future__ import annotations

from html import escape

from kubervisor.text import printable


class Markup(str):
    """Text that is markup already; only `element` and `fragment` make it."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | float) -> Markup:
    """The element; a `_` in an attribute's name is a `-`, one at its end is nothing.

    >>> element("td", "<b>", class_="pod")
    '<td class="pod">&lt;b&gt;</td>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_text(_number(value))}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{written}>{fragment(*children)}</{tag}>")


def fragment(*children: str) -> Markup:
    """These one after the other, what is not markup escaped."""
    return Markup("".join(c if isinstance(c, Markup) else _text(c) for c in children))


def _text(text: str) -> str:
    return escape(printable(text))


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"
