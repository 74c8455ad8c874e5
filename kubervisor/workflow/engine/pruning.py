"""Deletes what a resource owns and does not want any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress

from kubervisor.errors import ApiError, Conflict, NotFound
from kubervisor.kube import paths
from kubervisor.kube.client import Api
from kubervisor.kube.listing import list_all
from kubervisor.telemetry import workflow_metrics
from kubervisor.workflow.engine.applying import WRITE_SECONDS
from kubervisor.workflow.engine.belongings import Belongings
from kubervisor.workflow.engine.kinds import written_kinds
from kubervisor.workflow.engine.queueing import GONE
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.watching import World
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.facts import Failure, Reason
from kubervisor.workflow.scheduler.inventory import OWNER_LABEL, Owned, Ref, prune


class Pruning:
    """Deletes objects by name and uid. Thread-safe. `may_write` raises LeadershipLost."""

    def __init__(
        self,
        api: Api,
        may_write: Callable[[], None],
        project: Project,
        world: World,
        belongings: Belongings,
        written: Written[Ref],
    ) -> None:
        self._api, self._may_write = api, may_write
        self._project, self._world = project, world
        self._belongings, self._written = belongings, written

    def prune(
        self, resource: Seen, said: Collection[str], desired: Collection[Ref]
    ) -> tuple[tuple[Ref, ...], Failure | None]:
        """Delete what is of the kinds `said` and not `desired`: which went, and why one did not.

        Raises LeadershipLost.
        """
        gone: list[Ref] = []
        for one in prune(said, desired, self._owned(resource)):
            try:
                if self._delete(one):
                    gone.append(one.ref)
            except ApiError as error:
                return tuple(gone), Failure(Reason.OUTPUT_FAILED, f"{one.ref}: {error}")
        return tuple(gone), None

    def sweep(self, resource: Seen) -> None:
        """Delete all that a resource owns beyond its namespace, where no garbage collector knows
        that it is the owner. Raises ApiError and LeadershipLost.
        """
        for one in self._stored(resource):
            if one.ref.namespace != resource.namespace:
                self._delete(one)

    def _owned(self, resource: Seen) -> set[Owned]:
        """As the watches have shown it, and as we wrote it since."""
        found = set(self._belongings.of(resource.uid))
        written = (one for one in self._written.not_shown() if one.owner == resource.uid)
        return found.union(Owned(one.ref, one.uid) for one in written)

    def _stored(self, resource: Seen) -> Iterator[Owned]:
        """As the API server has it: a watch may not have shown all yet."""
        for name in written_kinds(self._project):
            kind = self._world.kinds[name]
            query = {"labelSelector": f"{OWNER_LABEL}={resource.uid}"}
            scopes = self._world.namespaces if kind.parameter.namespaced else ()
            for where in scopes or (None,):
                path = paths.collection(kind.path, where)
                with suppress(NotFound):  # the cluster does not know the kind
                    for one in list_all(self._api, path, kind.decode, query=query):
                        yield Owned(one.ref, one.uid)

    def _delete(self, one: Owned) -> bool:
        """False where it is gone already."""
        path = self._world.kinds[one.ref.kind].path
        self._may_write()
        body = {"preconditions": {"uid": one.uid}, "propagationPolicy": "Background"}
        try:
            self._api.request(
                "DELETE",
                paths.single(path, one.ref.namespace or None, one.ref.name),
                body=body,
                timeout=WRITE_SECONDS,
            )
        except (NotFound, Conflict):
            return False  # or another has its name
        self._written.shown(one.ref, GONE)
        workflow_metrics.OUTPUTS.labels(one.ref.kind, "pruned").inc()
        return True
