"""Claims on a real cluster with played storage, metrics of them, and a controller that follows
rules about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from playground.cluster import LocalCluster
from playground.fleet_api import Api, Json
from playground.fleet_manifests import namespace_path
from playground.rules_process import RulesProcess
from playground.storage_objects import EXPANDABLE, GI, size
from playground.watches import WITHIN, Watches
from tests.e2e.scene import tell
from tests.rules.gauges import Gauges, Samples

GROUP = "/apis/autopilot.libopenstorage.org/v1alpha1"
RULES = f"{GROUP}/autopilotrules"
RESIZE = "openstorage.io.action.volume/resize"
USAGE = "usage"
CAPACITY = "kubelet_volume_stats_capacity_bytes or px_volume_capacity_bytes"


class Farm:
    """A namespace, its claims, their metrics, rules about them, and controllers. Everything made
    here ends with it.

    A claim has `used` bytes in it, and USAGE says them as a percentage of its capacity; both, and
    CAPACITY, are as of now, but for claims in `stale`, of which the metrics stay as they were.
    Whatever else a rule asks for, `gauges` says by the text of the expression.
    """

    def __init__(self, cluster: LocalCluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.used: dict[str, float] = {}
        self.stale: dict[str, int] = {}
        self.gauges: dict[str, Callable[[], Samples]] = {
            USAGE: self._usages,
            CAPACITY: self._capacities,
        }
        self.on_object: Callable[[Json], object] = lambda _: None
        self._made: list[str] = []
        self._stack, self._controllers = ExitStack(), ExitStack()
        self.api = Api(cluster.kubeconfig)
        self._stack.callback(self.api.close)
        self.source = Gauges(lambda expression: self.gauges.get(expression, tuple)())
        self._stack.callback(self.source.close)
        self.claims_path = f"{namespace_path(namespace)}/persistentvolumeclaims"
        self.objects_path = f"{GROUP}/namespaces/{namespace}/autopilotruleobjects"
        self.approvals_path = f"{GROUP}/namespaces/{namespace}/actionapprovals"
        self._watches = self._stack.enter_context(Watches(self.api, self._shown))
        self.claims = self._watches.add(self.claims_path)
        self.rules = self._watches.add(RULES)
        self.objects = self._watches.add(self.objects_path, self._object_changed)
        self.approvals = self._watches.add(self.approvals_path)
        # Of objects without a namespace the Events are in this one.
        self.events = self._watches.add("/apis/events.k8s.io/v1/namespaces/default/events")

    # Who plays.

    def claim(self, name: str, amount: str = "10Gi", *, used: float = 0.0, **more: Any) -> None:
        """A claim that is bound, with `used` Gi in it. `more` is its metadata's labels, and its
        class.
        """
        body = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "labels": more.get("labels", {})},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": more.get("storage_class", EXPANDABLE),
                "resources": {"requests": {"storage": amount}},
            },
        }
        self.used[name] = used * GI
        self.api.create(self.claims_path, body)
        self.wait(lambda: self.capacity(name) > 0, f"claim {name} is bound")

    def freeze(self, name: str) -> None:
        """From now on the metrics of a claim stay as they are, whatever becomes of it."""
        self.stale[name] = self.capacity(name)

    def rule(self, name: str = "grow", **spec: Any) -> str:
        """A rule about the claims of this namespace: with 50 % used they grow by 100 %. `spec`
        replaces fields. Returns its whole name.
        """
        whole = f"{name}-{self.namespace}"
        wanted = {
            "pollInterval": 1,
            "actionsCoolDownPeriod": 2,
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
            "conditions": {"for": 1, "expressions": [above(50)]},
            "actions": [{"name": RESIZE, "params": {"scalepercentage": "100"}}],
        }
        body = {
            "apiVersion": "autopilot.libopenstorage.org/v1alpha1",
            "kind": "AutopilotRule",
            "metadata": {"name": whole},
            "spec": wanted | spec,
        }
        self.api.apply(f"{RULES}/{whole}", body)
        self._made.append(whole)
        return whole

    def controller(
        self, *flags: str, kubeconfig: Path | None = None, elect: bool = False
    ) -> RulesProcess:
        """A process that follows rules in this namespace."""
        controller = RulesProcess(
            kubeconfig or self.cluster.kubeconfig,
            f"--namespace={self.namespace}",
            f"--lease-namespace={self.namespace}",
            f"--source=default={self.source.url}",
            "--min-poll-interval=0.2",
            "--no-register-crds",
            *(() if elect else ("--no-leader-elect",)),
            *flags,
            env={"KUBERVISOR_RULES_LEASE_DURATION": "3"},
        )
        self._controllers.enter_context(controller)
        self._controllers.callback(tell, controller)
        return controller

    def answer(self, claim: str, word: str, rule: str = "grow") -> None:
        """Say a word on an approval, as people do."""
        path = f"{self.approvals_path}/{rule}-{self.namespace}-{claim}"
        self.api.merge(path, {"spec": {"approvalState": word}})

    # What is so now, as the watches told last.

    def capacity(self, claim: str) -> int:
        """Bytes of a claim, 0 where it has no volume."""
        status = self.claims.objects.get(f"{self.namespace}/{claim}", {}).get("status", {})
        return size(status.get("capacity", {}).get("storage", "0"))

    def requested(self, claim: str) -> int:
        """Bytes that a claim asks for."""
        spec = self.claims.objects[f"{self.namespace}/{claim}"]["spec"]
        return size(spec["resources"]["requests"]["storage"])

    def status(self, claim: str, rule: str = "grow") -> Json:
        """Where a rule stands about a claim, empty where nothing is stored."""
        whole = f"{rule}-{self.namespace}"
        for body in self.objects.objects.values():
            status: Json = body.get("status", {})
            about = status.get("object", {}).get("name")
            if body["metadata"]["labels"]["rule"] == whole and about == claim:
                return status
        return {}

    def state(self, claim: str, rule: str = "grow") -> str:
        """The state of a rule about a claim, "" before there is one."""
        state: str = self.status(claim, rule).get("state", "")
        return state

    def history(self, claim: str, rule: str = "grow") -> list[str]:
        """The last states, the newest last."""
        return [item["state"] for item in self.status(claim, rule).get("items", ())]

    def approval(self, claim: str, rule: str = "grow") -> Json:
        """The approval of a rule and a claim, empty where there is none."""
        key = f"{self.namespace}/{rule}-{self.namespace}-{claim}"
        return self.approvals.objects.get(key, {})

    def rule_status(self, rule: str = "grow") -> Json:
        """The status of a rule."""
        body = self.rules.objects.get(f"/{rule}-{self.namespace}", {})
        status: Json = body.get("status", {})
        return status

    def condition(self, kind: str, rule: str = "grow") -> Json:
        """One condition of a rule."""
        conditions = self.rule_status(rule).get("conditions", ())
        return next((one for one in conditions if one["type"] == kind), {})

    def told(self, reason: str, rule: str = "grow") -> list[str]:
        """The notes of a rule's Events with this reason, as often as each was told."""
        whole = f"{rule}-{self.namespace}"
        return [
            event["note"]
            for event in self.events.objects.values()
            if event["regarding"]["name"] == whole and event["reason"] == reason
            for _ in range(event.get("series", {}).get("count", 1))
        ]

    def wait(self, so: Callable[[], object], what: str, within: float = WITHIN) -> None:
        """Return once `so()` holds, and all watches have told what is stored then.

        Raises TimeoutError, showing what is stored.
        """
        self._watches.wait(so, what, within)

    def wait_state(self, claim: str, state: str, rule: str = "grow") -> None:
        """Return as soon as a rule is in that state about a claim."""
        self.wait(lambda: self.state(claim, rule) == state, f"{rule} is {state} about {claim}")

    def _shown(self) -> object:
        stored = [body.get("status") for body in self.objects.objects.values()]
        return stored, [self.rule_status(name.split("-")[0]) for name in self._made]

    # What plays by itself.

    def _usages(self) -> Iterator[tuple[dict[str, str], float]]:
        for labels, capacity in self._capacities():
            yield labels, 100 * self.used[labels["persistentvolumeclaim"]] / capacity

    def _capacities(self) -> Iterator[tuple[dict[str, str], float]]:
        for name in tuple(self.used):
            capacity = self.stale.get(name) or self.capacity(name)
            if capacity:
                yield {"namespace": self.namespace, "persistentvolumeclaim": name}, capacity

    def _object_changed(self, body: Json | None) -> None:
        if body is not None:
            self.on_object(body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._controllers.close()
        for rule in self._made:
            self.api.delete(f"{RULES}/{rule}")
        self._stack.close()


def above(percent: float, key: str = USAGE) -> Json:
    """An expression: more than so much."""
    return {"key": key, "operator": "Gt", "values": [f"{percent:g}"]}
