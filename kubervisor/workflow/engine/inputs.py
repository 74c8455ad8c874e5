"""What a worker reads: the caches, and what it asked of them."""

from __future__ import annotations

from collections.abc import Mapping

from kubervisor.workflow.engine.watching import Kind
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.objects import Object
from kubervisor.workflow.scheduler.dependencies import Found, Listed
from kubervisor.workflow.scheduler.inventory import Ref


class CachedObjects:
    """The objects of one kind, for one sync: as the watch showed them, or as we wrote them since.

    All that is asked for is noted in `reads`, before it is read.
    """

    def __init__(
        self,
        kind: Kind,
        home: str,
        namespaces: tuple[str, ...],
        written: Written[Ref],
        reads: list[Found | Listed],
    ) -> None:
        """`home` is the namespace of the resource, `namespaces` those of the operator, if some."""
        self._kind, self._name = kind, kind.parameter.lower_name
        self._home, self._namespaces = home, namespaces
        self._written, self._reads = written, reads

    def find(self, name: str, namespace: str | None = None) -> Object | None:
        """The object of that name, None where there is none. Raises ValueError."""
        where = self._where(namespace)
        self._reads.append(Found(self._name, where, name))
        cached = self._kind.cache.get(where, name)
        found = self._written.newest(Ref(self._name, where, name), cached)
        return None if found is None else found.object

    def list(
        self, *, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Object, ...]:
        """Those that have all of `labels`, in the order of their names. Raises ValueError."""
        where, wanted = self._where(namespace), dict(labels or {}).items()
        self._reads.append(Listed(self._name, where, dict(wanted)))
        found = {one.name: one for one in self._kind.cache.values(where)}
        for one in self._written.not_shown():
            if (one.kind, one.namespace) == (self._name, where):
                newest = self._written.newest(one.ref, found.get(one.name))
                found[one.name] = newest or one
        chosen = [found[name] for name in sorted(found) if wanted <= found[name].labels.items()]
        return tuple(one.object for one in chosen)

    def _where(self, namespace: str | None) -> str:
        if not self._kind.parameter.namespaced:
            return ""
        where = self._home if namespace is None else namespace
        if self._namespaces and where not in self._namespaces:
            raise ValueError(
                f"{self._name} in namespace {where} cannot be read: the operator looks after "
                f"{', '.join(self._namespaces)} only"
            )
        return where
