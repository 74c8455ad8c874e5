"""What a resource owns: which objects are its own, and which of them are to go."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

GROUP = "workflow.kubervisor.k8s.io"
"""Before the names of our labels and finalizers; workers cannot set such labels."""

OWNER_LABEL = f"{GROUP}/owner"
"""On each owned output: the UID of the resource that owns it."""

OPERATOR_LABEL = f"{GROUP}/operator"
"""On each owned output and on all manifests of an operator: the operator's name."""


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object by the lower name of its kind; `namespace` is "" where the kind has none.

    >>> str(Ref("services", "shop", "cart")), str(Ref("gatewayclasses", "", "mesh"))
    ('services shop/cart', 'gatewayclasses mesh')
    """

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}{'/' if self.namespace else ''}{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Owned:
    """An object that carries the owner label of a resource, as the cluster has it."""

    ref: Ref
    uid: str


def prune(
    said: Collection[str], desired: Collection[Ref], owned: Iterable[Owned]
) -> tuple[Owned, ...]:
    """Those `owned` that are of a kind that was `said` and are not `desired` any more: to delete by
    name and UID.
    """
    wanted = frozenset(desired)
    return tuple(sorted(one for one in owned if one.ref.kind in said and one.ref not in wanted))
