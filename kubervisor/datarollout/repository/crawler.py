"""Looks at one source: fetch, pack, publish, let go of what is old. Its failures are its own."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kubervisor.datarollout.repository.fetching import Fetched, Fetcher
from kubervisor.datarollout.repository.limits import Limits
from kubervisor.datarollout.repository.metrics import RepositoryMetrics
from kubervisor.datarollout.repository.pack import pack
from kubervisor.datarollout.repository.records import Held
from kubervisor.datarollout.repository.retention import Retention, surplus
from kubervisor.datarollout.repository.store import ENDING, Store
from kubervisor.datarollout.repository.tree import Entry, Tree, fingerprint
from kubervisor.datarollout.specs import SourceSpec
from kubervisor.datarollout.versions import Version
from kubervisor.errors import ApiError, SourceAnswerUnusable, SourceError
from kubervisor.runtime.clock import Clock
from kubervisor.telemetry.logs import Log
from kubervisor.text import printable

FIRST_RETRY, LONGEST_RETRY = 5.0, 1800.0
JITTER = 0.1
"""Share of a wait by which it is longer or shorter: sources of one host are not asked together."""

InUse = Callable[[], frozenset[str] | None]
"""What names versions that must stay, None where nobody knows: of digests, paths, and how they
begin.
"""
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Rules:
    """How sources are looked at: every `period` seconds."""

    period: float
    limits: Limits
    retention: Retention


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source is. `succeeded` is of the monotonic clock, None before the first success;
    `problem` says why the last look failed, "" where it did not.
    """

    tried: bool = False
    succeeded: float | None = None
    problem: str = ""


class Crawler:
    """One source, crawled by one thread; `standing` may be read by any."""

    def __init__(
        self,
        spec: SourceSpec,
        fetcher: Fetcher,
        store: Store,
        rules: Rules,
        *,
        set_up_by: str = "",
        in_use: InUse,
        clock: Clock,
        metrics: RepositoryMetrics,
        log: Log,
    ) -> None:
        """`set_up_by` is the annotation that did, "" for a configured source."""
        self.spec, self._fetcher, self._store, self._rules = spec, fetcher, store, rules
        self._set_up_by, self._in_use, self._clock = set_up_by, in_use, clock
        self._metrics, self._log = metrics, log.bind(source=spec.name)
        self._failures = 0
        self.standing = Standing()
        metrics.begin(spec.name)
        metrics.show(spec.name, store.record(spec.name).versions)

    def crawl(self) -> float:
        """Look once; the seconds until the next look."""
        try:
            outcome = self._look()
            self._let_go(coming=0)
        except (SourceError, ApiError) as error:
            return self._failed(error.reason, str(error))
        except OSError as error:
            return self._failed("Disk", f"the disk: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - the guard: one source's trouble is its own
            self._log.error("Could not look at a source", exc_info=True)
            return self._failed("Error", type(error).__name__)
        return self._succeeded(outcome)

    def _look(self) -> str:
        name, store = self.spec.name, self._store
        with tempfile.TemporaryFile(dir=store.partial) as spool:
            tree = Tree(spool, self._rules.limits.unpacked)
            fetched = self._fetcher.fetch(tree, store.record(name).known(self.spec.origin))
            if fetched is None:
                return "Unchanged"
            entries = tree.entries()
            if not entries:
                raise SourceAnswerUnusable("it has no files; an empty version is never published")
            if tree.note:
                self._log.warning("Left files out", why=tree.note)
            is_new = self._publish(fetched, entries, tree)
        words = {"origin": self.spec.origin, "revision": fetched.revision}
        store.note(name, **words, spec=self._set_up_by)
        return "New" if is_new else "Unchanged"

    def _publish(self, fetched: Fetched, entries: list[Entry], tree: Tree) -> bool:
        """Whether that made a new version: not where the newest has the same files."""
        held, content = self._store.record(self.spec.name).held, fingerprint(entries)
        if held and held[-1].content == content:
            return False
        newest = held[-1].version.at if held else 0.0
        at = _instant(fetched.at, newest, self._clock.wall())
        same = next((one.version for one in held if one.content == content), None)
        if same is not None:
            version = Version(_path(at, fetched, same.sha256), same.sha256, at, same.size)
            self._store.republish(self.spec.name, Held(version, content))
        else:
            version = self._pack(fetched, entries, tree, at, content)
        self._log.info(
            "Published a version", version=version.path, sha256=version.sha256, bytes=version.size
        )
        return True

    def _pack(
        self, fetched: Fetched, entries: list[Entry], tree: Tree, at: int, content: str
    ) -> Version:
        limits = self._rules.limits
        with tempfile.TemporaryDirectory(dir=self._store.partial) as folder:
            archive = Path(folder, "archive")
            packed = pack(entries, tree.spool, archive, at=at, most=limits.archive)
            self._let_go(coming=packed.size)
            version = Version(_path(at, fetched, packed.sha256), packed.sha256, at, packed.size)
            self._store.publish(
                self.spec.name, archive, packed, Held(version, content), most=limits.source
            )
        return version

    def _let_go(self, *, coming: int) -> None:
        rules, now, name = self._rules, self._clock.wall(), self.spec.name
        most = rules.limits.source - coming
        versions, free = self._store.record(name).versions, frozenset[str]()
        if surplus(versions, rules.retention, in_use=free, most_bytes=most, now=now):
            gone = self._store.retain(
                name, rules.retention, in_use=self._in_use(), most=most, now=now
            )
            for version in gone:
                self._log.info("Let go of a version", version=version.path)

    def _succeeded(self, outcome: str) -> float:
        name, metrics = self.spec.name, self._metrics
        if self.standing.problem:
            self._log.info("Recovered", failures=self._failures)
        self._failures = 0
        self.standing = Standing(tried=True, succeeded=self._clock.monotonic())
        metrics.crawls.labels(name, outcome).inc()
        metrics.failing.labels(name).set(0)
        metrics.last_success.labels(name).set(self._clock.wall())
        metrics.show(name, self._store.record(name).versions)
        return _jittered(self._rules.period)

    def _failed(self, reason: str, why: str) -> float:
        self._failures += 1
        said = printable(why)
        if said != self.standing.problem:
            self._log.warning("Could not read a source", error=said, reason=reason)
        self.standing = Standing(tried=True, succeeded=self.standing.succeeded, problem=said)
        self._metrics.crawls.labels(self.spec.name, reason).inc()
        self._metrics.failing.labels(self.spec.name).set(1)
        wait = min(FIRST_RETRY, self._rules.period) * 2.0 ** min(self._failures - 1, 20)
        return _jittered(min(wait, max(LONGEST_RETRY, self._rules.period)))


def _instant(stated: float | None, newest: float, now: float) -> int:
    """When a version is from (Unix seconds): what the source says, unless that is in the future or
    would put it before the one that it replaces.
    """
    if stated is not None and newest < int(stated) <= now:
        return int(stated)
    return max(int(now), int(newest) + 1)


def _path(at: int, fetched: Fetched, sha256: str) -> str:
    name = fetched.revision if _COMMIT.fullmatch(fetched.revision) else sha256.lower()
    return f"{at:x}-{name[:16]}{ENDING}"


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)
