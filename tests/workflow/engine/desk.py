"""Outputs of an errand on a real API server, with no watch that shows them."""

from __future__ import annotations

import threading
from typing import Any

import msgspec

from kubervisor.errors import LeadershipLost
from kubervisor.kube.client import connect
from kubervisor.workflow.engine.applying import Applying
from kubervisor.workflow.engine.belongings import Belongings
from kubervisor.workflow.engine.pruning import Pruning
from kubervisor.workflow.engine.seen import Seen
from kubervisor.workflow.engine.watching import World, watch_world
from kubervisor.workflow.engine.written import Written
from kubervisor.workflow.scheduler.facts import Failure
from kubervisor.workflow.scheduler.inventory import Ref
from kubervisor.workflow.scheduler.outputs import desired
from tests.workflow.engine.errands import KINDS, operator
from tests.workflow.engine.scene import Scene


class Desk:
    """Applies outputs of the errand `one`; no watch runs, and caches have what tests put there."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.requests = scene, list[str]()
        self.leads = True
        scene.errand()
        self._project = operator("Errand").project
        self._api = connect(
            str(scene.cluster.kubeconfig),
            user_agent="test",
            count=lambda verb, *_: self.requests.append(verb),
        )
        self.world: World = watch_world(
            self._api,
            self._project,
            (),
            stop=threading.Event(),
            count=lambda *_: None,
            left_out=lambda *_: None,
        )
        stored = scene.api.get(scene.path())
        self.resource: Seen = self.world.resources.decode(msgspec.json.encode(stored))
        self.belongings = Belongings()
        self.restart()

    def apply(self, **said: Any) -> Failure | None:
        """Apply what is `said` by kind."""
        found = desired(self._project, KINDS, said, self.scene.namespace)
        assert not isinstance(found, Failure), found
        return self._applying.apply(self.resource, found)

    def prune(self, said: str, *names: str) -> tuple[tuple[Ref, ...], Failure | None]:
        """Delete what the errand has of a kind, but for those of these `names`."""
        wanted = {Ref(said, self.scene.namespace, name) for name in names}
        return self._pruning.prune(self.resource, {said}, wanted)

    def sweep(self) -> None:
        """Delete what it has beyond its namespace."""
        self._pruning.sweep(self.resource)

    def restart(self) -> None:
        """Remember nothing, as after a crash."""
        written = Written[Ref]()
        common = self._api, self._check, self._project, self.world
        self._applying = Applying(*common, written)
        self._pruning = Pruning(*common, self.belongings, written)

    def show(self, name: str) -> Seen:
        """The watch shows a ConfigMap as it is stored now."""
        kind = self.world.kinds["configmaps"]
        seen = kind.decode(msgspec.json.encode(self.scene.api.get(self.path(name))))
        kind.cache.upsert(seen)
        self.belongings.take_in([(None, seen)])
        return seen

    def path(self, name: str) -> str:
        return f"{self.scene.maps_path}/{name}"

    def stored(self, name: str) -> dict[str, Any]:
        return self.scene.api.get(self.path(name))

    def close(self) -> None:
        self._api.close()

    def _check(self) -> None:
        if not self.leads:
            raise LeadershipLost("the lease is another's")
