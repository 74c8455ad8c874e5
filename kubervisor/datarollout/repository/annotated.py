"""Which sources pods may set up by their annotations. Pure.

Whoever may create a pod writes these. So they lead only where the administrator's patterns allow,
bring and borrow no credential, and never take another source's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from kubervisor.datarollout.specs import SourceSpec, SpecProblem, read_spec

MOST = 50
"""Sources that pods set up, all together."""
MOST_NAMED = 10_000
"""Annotations that are looked at; each costs a little."""

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class AllowPattern:
    """URLs of one scheme, host (`*.` before it: any host below it) and port, below a path."""

    scheme: str
    host: str
    port: int
    path: str

    def admits(self, url: str) -> bool:
        """Whether `url`, which `read_spec` has accepted, is one of them."""
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
        suffix = self.host.removeprefix("*")
        fits = host.endswith(suffix) and host != suffix if suffix != self.host else host == suffix
        # Escapes are read as a server reads them; there is no `..` among the segments.
        below = unquote(parts.path).rstrip("/") + "/"
        return (
            fits
            and (parts.scheme, parts.port or _PORTS.get(parts.scheme)) == (self.scheme, self.port)
            and below.startswith(self.path)
        )


def read_pattern(text: str, *, local: bool = False) -> AllowPattern:
    """The pattern that `text` writes, such as https://*.example.com/team. Raises ValueError."""
    parts = urlsplit(text)
    schemes = ("https", "http") if local else ("https",)
    host = (parts.hostname or "").removesuffix(".")
    if (
        parts.scheme not in schemes
        or "*" in host.removeprefix("*.")
        or not host.removeprefix("*.").strip(".")
        or "@" in parts.netloc
        or parts.query
        or parts.fragment
        or not {"..", "."}.isdisjoint(unquote(parts.path).split("/"))
    ):
        raise ValueError(
            f"{text!r:.80} is no pattern such as https://git.example.com/team or "
            "https://*.example.com"
        )
    path = unquote(parts.path).rstrip("/") + "/"
    return AllowPattern(parts.scheme, host, parts.port or _PORTS[parts.scheme], path)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sources, by name with the text that set them up, and by name why others are none."""

    sources: Mapping[str, tuple[str, SourceSpec]]
    problems: tuple[tuple[str, str], ...]


def choose(
    named: Iterable[tuple[str, str, str]],
    patterns: Sequence[AllowPattern],
    *,
    configured: frozenset[str],
    kept: Mapping[str, str],
    local: bool = False,
) -> Chosen:
    """The sources among what pods (name, spec, pod) have set up.

    Of several specs for one name the one that is `kept` counts for as long as a pod has it: else
    any other pod could put its data in their place. Then the first one does.
    """
    wanted: dict[str, dict[str, str]] = {}
    for number, (name, text, pod) in enumerate(named):
        if number >= MOST_NAMED:
            break
        wanted.setdefault(name, {}).setdefault(text, pod)
    chosen: dict[str, tuple[str, SourceSpec]] = {}
    problems: list[tuple[str, str]] = []
    for name in sorted(wanted, key=lambda name: (name not in kept, name)):
        texts = wanted[name]
        for text in sorted(texts, key=lambda text: (text != kept.get(name), texts[text])):
            try:
                spec = _admitted(name, text, patterns, configured, local=local)
                if name in chosen:
                    raise SpecProblem("another pod has set up a source of this name otherwise")
                if len(chosen) >= MOST:
                    raise SpecProblem(f"pods have set up {MOST} sources already")
            except SpecProblem as problem:
                problems.append((name, f"pod {texts[text]}: {problem}"))
            else:
                chosen[name] = text, spec
    return Chosen(chosen, tuple(problems))


def _admitted(
    name: str,
    text: str,
    patterns: Sequence[AllowPattern],
    configured: frozenset[str],
    *,
    local: bool,
) -> SourceSpec:
    if name in configured:
        raise SpecProblem("a source of this name is configured, which no annotation changes")
    spec = read_spec(name, text, local=local)
    if spec.credential:
        raise SpecProblem("an annotation may name no credential; ask the administrator")
    if not any(pattern.admits(spec.url) for pattern in patterns):
        raise SpecProblem("its URL matches no pattern that the administrator allows")
    return spec
