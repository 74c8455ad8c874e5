"""Decides whether a Service may select on our label without losing a pod; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kubectl_kubervisor import words
from kubectl_kubervisor.objects import Json, Pod, mapping, owner, sequence, text, texts
from kubectl_kubervisor.text import listed

WORKLOADS = "deployments,statefulsets,daemonsets,replicasets,replicationcontrollers"
POLICIES = "mutatingadmissionpolicies,mutatingadmissionpolicybindings"
CHART = "app.kubernetes.io/name=kubervisor"
_LABELS_PODS = "-label-new-pods"

_HAVE_TEMPLATES = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"})
"""Kinds that own pods, and whose template is looked at."""


class Template(NamedTuple):
    """A workload: the labels its new pods get, and the keys its selector asks for."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    selects: frozenset[str]

    def makes(self, selector: Mapping[str, str]) -> bool:
        """Whether a Service with this selector, our key left aside, selects its new pods."""
        return bool(selector) and selector.items() <= self.labels.items()

    @property
    def labels_pods(self) -> bool:
        """Whether its new pods are in traffic."""
        return self.labels.get(words.TRAFFIC) == "yes"


def templates(workloads: Sequence[Json]) -> list[Template]:
    """The workloads that people write; ReplicaSets of Deployments are the Deployment's."""
    return [
        _template(body)
        for body in workloads
        if (owner(mapping(body.get("metadata"))) or ("", ""))[0] != "Deployment"
    ]


def obstacles(
    selector: Mapping[str, str],
    workloads: Sequence[Template],
    pods: Sequence[Pod],
    *,
    labelled_by_policy: bool,
) -> list[str]:
    """Why a Service with this selector (without our key) must not select on our label yet."""
    made = [one for one in workloads if one.makes(selector)]
    found = [
        f"{one.name}: its selector contains {words.TRAFFIC}, so it would lose ejected pods; "
        "a selector cannot be changed: create the workload anew without it"
        for one in made
        if words.TRAFFIC in one.selects
    ]
    if not labelled_by_policy:
        found += [
            f'{one.name}: its pod template lacks {words.TRAFFIC}: "yes", '
            "so new pods would get no traffic; add it to spec.template.metadata.labels"
            for one in made
            if not one.labels_pods
        ]
        found += _unseen(pods)
    living = [pod for pod in pods if pod.phase not in ("Succeeded", "Failed") and not pod.deleting]
    bare = [pod.name for pod in living if pod.traffic not in ("yes", "no", "pause")]
    if bare:
        found.append(
            f"{len(bare)} of {len(living)} pods carry no {words.TRAFFIC} label and would get no "
            f"traffic: {listed(bare)}; create the KubervisorService and wait until it is Ready"
        )
    return found


def labels_new_pods(policies: Sequence[Json], namespace: str) -> bool:
    """Whether the chart's admission policy that labels new pods is bound for this namespace."""
    bound = {
        text(mapping(body.get("spec")).get("policyName"))
        for body in policies
        if body.get("kind") == "MutatingAdmissionPolicyBinding"
    }
    return any(
        body.get("kind") == "MutatingAdmissionPolicy"
        and _name(body) in bound
        and _name(body).endswith(_LABELS_PODS)
        and _admits(body, namespace)
        for body in policies
    )


def budget_manifest(
    namespace: str,
    service: str,
    selector: Mapping[str, str],
    existing: Sequence[Json],
    floor: int,
) -> str:
    """A PodDisruptionBudget that counts serving pods, as YAML with the reason in front of it.

    An ordinary one counts an ejected pod as available, as it is Ready, so a drain could take more
    serving pods than it should.
    """
    match = {**selector, words.TRAFFIC: "yes"}
    same = [body for body in existing if _budget_selects(body, selector)]
    if any(_match_labels(body).get(words.TRAFFIC) == "yes" for body in same):
        return ""
    name, spec = (service, {"minAvailable": max(1, floor)})
    why = (
        "# Ejected pods are Ready: a PodDisruptionBudget counts them unless it asks for the label."
    )
    if same:
        name = _name(same[0])
        kept = ("minAvailable", "maxUnavailable", "unhealthyPodEvictionPolicy")
        given = mapping(same[0].get("spec"))
        spec = {key: given[key] for key in kept if key in given}
        why += f"\n# Instead of {name} as it is (a pod must not be in two):"
    else:
        why += "\n# This one counts those that serve:"
    lines = [why, "apiVersion: policy/v1", "kind: PodDisruptionBudget", "metadata:"]
    lines += [f"  name: {name}", f"  namespace: {namespace}", "spec:"]
    lines += [*(f"  {key}: {value}" for key, value in spec.items())]
    lines += ["  selector:", "    matchLabels:"]
    lines += [f'      {key}: "{value}"' for key, value in sorted(match.items())]
    return "\n".join(lines)


def _template(body: Json) -> Template:
    spec, meta = mapping(body.get("spec")), mapping(body.get("metadata"))
    template = mapping(mapping(spec.get("template")).get("metadata"))
    selector = mapping(spec.get("selector"))
    keys = set(mapping(selector.get("matchLabels")))
    keys |= {text(mapping(one).get("key")) for one in sequence(selector.get("matchExpressions"))}
    if body.get("kind") == "ReplicationController":
        keys = set(selector)
    return Template(
        name=f"{text(body.get('kind')).lower()}/{text(meta.get('name'))}",
        namespace=text(meta.get("namespace")),
        labels=texts(template.get("labels")),
        selects=frozenset(keys),
    )


def _unseen(pods: Sequence[Pod]) -> list[str]:
    """Owners of pods whose template nobody here can read."""
    owners = sorted(
        {pod.owner for pod in pods if pod.owner and pod.owner[0] not in _HAVE_TEMPLATES}
    )
    return [
        f"{kind.lower()}/{name} owns pods, and whether its template carries {words.TRAFFIC} is not "
        "known here; bind the chart's admission policy (admission.label), which labels new pods"
        for kind, name in owners
    ]


def _admits(policy: Json, namespace: str) -> bool:
    """Whether the namespaces of a policy, which the chart lists by name, include this one."""
    constraints = mapping(mapping(policy.get("spec")).get("matchConstraints"))
    expressions = sequence(mapping(constraints.get("namespaceSelector")).get("matchExpressions"))
    for one in map(mapping, expressions):
        listed = namespace in sequence(one.get("values"))
        if listed != (one.get("operator") == "In"):
            return False
    return True


def _budget_selects(body: Json, selector: Mapping[str, str]) -> bool:
    labels = {key: value for key, value in _match_labels(body).items() if key != words.TRAFFIC}
    return bool(labels) and labels.items() <= selector.items()


def _match_labels(body: Json) -> Mapping[str, str]:
    return texts(mapping(mapping(body.get("spec")).get("selector")).get("matchLabels"))


def _name(body: Json) -> str:
    return text(mapping(body.get("metadata")).get("name"))
