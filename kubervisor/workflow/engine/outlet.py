"""Writes what a worker has said: each output, then what it does not want any more is deleted."""

from __future__ import annotations

from collections.abc import Sequence

from kubervisor.workflow.engine.applying import Applying
from kubervisor.workflow.engine.news import WorkflowNews
from kubervisor.workflow.engine.pruning import Pruning
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.project.model import Project
from kubervisor.workflow.scheduler.dependencies import Found, Listed
from kubervisor.workflow.scheduler.facts import Failure
from kubervisor.workflow.scheduler.outputs import desired
from kubervisor.workflow.worker import Outputs


class Outlet:
    """Thread-safe, but for each resource used by one thread at a time."""

    def __init__(
        self,
        project: Project,
        namespaces: Sequence[str],
        applying: Applying,
        pruning: Pruning,
        news: WorkflowNews,
    ) -> None:
        """`namespaces` are those that the operator looks after, if not all."""
        self._project, self._namespaces = project, namespaces
        self._applying, self._pruning, self._news = applying, pruning, news

    def write(
        self,
        resource: Seen,
        declared: Sequence[str],
        outputs: Outputs,
        reads: list[Found | Listed],
    ) -> Failure | None:
        """Why not all of the outputs could be written; what they are is noted in `reads`.

        Raises LeadershipLost.
        """
        said = outputs.said()
        found = desired(self._project, declared, said, resource.namespace, self._namespaces)
        if isinstance(found, Failure):
            return found
        refs = frozenset(one.ref for one in found)
        reads.extend(Found(ref.kind, ref.namespace, ref.name) for ref in refs)
        failure = self._applying.apply(resource, found)
        if failure is not None:
            return failure
        gone, failure = self._pruning.prune(resource, said, refs)
        self._applying.keep(resource.uid, said, refs)
        self._news.tell_pruned(resource, gone)
        return failure
