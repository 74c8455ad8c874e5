"""Where a source's data come from, as one line of text says it. Pure.

    name:git:https://host/team/repo.git#branch=main&path=conf&credential=env:REPO_TOKEN
    name:git@https://host/repo.git                  AutoCrane's way of writing it
    name:adogit@env:TOKEN@https://dev.azure.com/…   the same, with a credential
    name:git+ssh://git@host/repo.git
    name:archive:https://host/data.tar.zst          any tar or zip; also without `archive:`
    name:configmap:namespace/name

Sources follow one another with `;` or on lines of their own. Whatever cannot be read is the trouble
of that source alone. No message quotes a URL: people write passwords into them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from kubervisor.datarollout.needs import NAME
from kubervisor.text import printable

LONGEST_SPEC = 2048

_REF = re.compile(r"(?!.*(\.\.|//|/\.|\.lock(/|$)|[/.]$))[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199}")
"""Narrower than git's own rule, which lets names begin with a dash or hold `*`."""
_PATH = re.compile(r"[A-Za-z0-9_][\w.+ -]*(/[A-Za-z0-9_][\w.+ -]*)*", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_SCP = re.compile(r"(?P<user>[A-Za-z0-9._-]+)@(?P<host>[A-Za-z0-9._-]+):(?P<path>[^/].*)")
_OBJECT = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_REFERENCE = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]*|file:/[!-~]+"
    r"|secret:[a-z0-9]([-a-z0-9.]*[a-z0-9])?(/[-._A-Za-z0-9]+)?"
)
_ARCHIVE_ENDS = (".tar", ".tgz", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".zip")
_HTTP = ("https", "http")
_OPTIONS = {"git": {"branch", "tag", "path", "credential"}, "archive": {"path", "credential"}}


class Kind(StrEnum):
    """What has to be spoken to get a source's data."""

    GIT = "git"
    ARCHIVE = "archive"
    CONFIGMAP = "configmap"


class SpecProblem(ValueError):
    """Why a spec cannot be used, and what to write instead."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source. `url` is a URL, or `namespace/name` of a ConfigMap. `ref` is a full name such as
    refs/heads/main, HEAD where nobody chose. `path` is the folder whose contents are the data, ""
    for everything. `credential` says where one is, and never is one.
    """

    name: str
    kind: Kind
    url: str
    ref: str = "HEAD"
    path: str = ""
    credential: str = ""

    @property
    def origin(self) -> str:
        """What the data are, whoever fetches them: another text where any of it changes."""
        return "#".join((self.kind, self.url, self.ref, self.path))


@dataclass(frozen=True, slots=True)
class ReadSources:
    """What was configured: the sources that can be used, and by name why others cannot."""

    sources: tuple[SourceSpec, ...]
    problems: tuple[tuple[str, str], ...]


def read_sources(texts: Iterable[str], *, local: bool = False) -> ReadSources:
    """The sources that `texts` name. With `local` also file: and http: repositories, for tests.

    >>> read_sources(["a:git@https://host/a.git; b:git@ftp://host/b"]).problems[0][0]
    'b'
    """
    found: dict[str, SourceSpec] = {}
    problems: list[tuple[str, str]] = []
    for part in (part for text in texts for line in text.splitlines() for part in line.split(";")):
        if not part.strip():
            continue
        name, _, spec = part.strip().partition(":")
        shown = printable(name.strip()[:63])
        try:
            if name.strip() in found:
                raise SpecProblem("another source has this name already; the first one counts")
            read = read_spec(name.strip(), spec.strip(), local=local)
        except SpecProblem as problem:
            problems.append((shown, str(problem)))
        else:
            found[read.name] = read
    return ReadSources(tuple(found.values()), tuple(problems))


def read_spec(name: str, text: str, *, local: bool = False) -> SourceSpec:
    """The source `name` of what `text` says. Raises SpecProblem."""
    if not NAME.fullmatch(name):
        raise SpecProblem(
            "a source is NAME:SPEC with a name of letters, digits, '-', '_' and '.', such as "
            "words:git:https://host/words.git"
        )
    if len(text) > LONGEST_SPEC or not text.isascii() or not text.isprintable():
        raise SpecProblem(f"a spec has at most {LONGEST_SPEC} printable ASCII characters")
    where, _, options = text.partition("#")
    credential = ""
    if where.startswith("adogit@"):
        credential, _, where = where.removeprefix("adogit@").partition("@")
        where = f"git@{where}"
    spec = _with_options(_located(name, where.strip(), local=local), options)
    return with_credential(spec, credential) if credential else spec


def with_credential(spec: SourceSpec, reference: str) -> SourceSpec:
    """`spec` with the credential that `reference` points to. Raises SpecProblem."""
    if not _REFERENCE.fullmatch(reference):
        raise SpecProblem(
            "its credential is none of env:VARIABLE, file:/path and secret:NAME/KEY; others, such "
            "as a cloud's vault, can be mounted as a file"
        )
    if spec.credential:
        raise SpecProblem("it has two credentials; take one away")
    if spec.kind is Kind.CONFIGMAP:
        raise SpecProblem("a ConfigMap is read with the account of the repository")
    if spec.kind is Kind.ARCHIVE and urlsplit(spec.url).scheme == "http":
        raise SpecProblem("credentials are sent by https only; change its URL")
    return replace(spec, credential=reference)


def _located(name: str, text: str, *, local: bool) -> SourceSpec:
    match re.split(r"[:@]", text, maxsplit=1):
        case ["configmap", where]:
            return SourceSpec(name, Kind.CONFIGMAP, _checked_object(where))
        case ["archive", url]:
            return SourceSpec(name, Kind.ARCHIVE, _checked_url(url, _HTTP, local=local))
        case ["git", url]:
            return SourceSpec(name, Kind.GIT, _repository(url, local=local))
        case ["git+ssh" | "git+https", _]:
            return SourceSpec(name, Kind.GIT, _repository(text.removeprefix("git+"), local=local))
        case ["https" | "http", _] if urlsplit(text).path.lower().endswith(_ARCHIVE_ENDS):
            return SourceSpec(
                name, Kind.ARCHIVE, _checked_url(text, ("https", "http"), local=local)
            )
    raise SpecProblem(
        "it begins with none of git:https://, git+ssh://, git@, adogit@, archive:https:// and "
        "configmap:"
    )


def _repository(url: str, *, local: bool) -> str:
    scp = _SCP.fullmatch(url)
    if scp and "://" not in url:
        url = f"ssh://{scp['user']}@{scp['host']}/{scp['path']}"
    schemes = ("https", "ssh", "http", "file") if local else ("https", "ssh")
    return _checked_url(url, schemes, local=local)


def _checked_url(url: str, schemes: tuple[str, ...], *, local: bool) -> str:
    """`url`, with nothing in it that a program could take for something else."""
    try:
        parts = urlsplit(url)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        raise SpecProblem("its URL cannot be read") from None
    if parts.scheme not in schemes or "://" not in url:
        known = " or ".join(f"{scheme}://" for scheme in schemes[:2])
        raise SpecProblem(f"its URL must begin with {known}")
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise SpecProblem(
            "its URL has a user or password in it; write #credential=env:VARIABLE, file:/path or "
            "secret:NAME/KEY instead"
        )
    if parts.username is not None and not re.fullmatch(r"[A-Za-z0-9_][\w.-]*", parts.username):
        raise SpecProblem("its URL has a user that is none")
    is_file = local and parts.scheme == "file" and not parts.netloc
    if not is_file and not (_HOST.fullmatch(_host(parts)) and port_is_one):
        raise SpecProblem("its URL names no host")
    # A path that means another one once it is decoded would pass every rule about prefixes.
    segments = unquote(unquote(parts.path)).split("/")
    if ".." in segments or "." in segments or "\\" in url or " " in url:
        raise SpecProblem("its URL has '..', '.', a backslash or a space in its path")
    return url


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _with_options(spec: SourceSpec, text: str) -> SourceSpec:
    given: dict[str, str] = {}
    for part in text.split("&") if text else ():
        key, _, value = part.partition("=")
        if key in given or key not in _OPTIONS.get(spec.kind, ()):
            known = ", ".join(sorted(_OPTIONS.get(spec.kind, ()))) or "none"
            raise SpecProblem(f"options of {spec.kind} after '#' are {known}, each once")
        given[key] = value
    if "branch" in given and "tag" in given:
        raise SpecProblem("it has both a branch and a tag")
    for key, folder in (("branch", "heads"), ("tag", "tags")):
        if key in given:
            if not _REF.fullmatch(given[key]):
                raise SpecProblem(f"its {key} is no name that git would take")
            spec = replace(spec, ref=f"refs/{folder}/{given[key]}")
    if "path" in given:
        path = given["path"].strip("/")
        if not _PATH.fullmatch(path):
            raise SpecProblem("its path is no folder's such as conf/live")
        spec = replace(spec, path=path)
    return with_credential(spec, given["credential"]) if "credential" in given else spec


def _checked_object(text: str) -> str:
    namespace, slash, name = text.partition("/")
    if not slash or not _OBJECT.fullmatch(namespace) or not _OBJECT.fullmatch(name):
        raise SpecProblem("a ConfigMap is written as configmap:NAMESPACE/NAME")
    return text
