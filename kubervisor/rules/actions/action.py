"""What every action offers: check of its parameters, a preview, and one step after another.

An action never writes: it says what is to be written, with what must still be so, and looks at what
came of it. So what it did is done once, however often the process is restarted in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeAlias

from kubervisor.rules.decision.outcomes import Done, Failed, Refusal, Wait
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

__all__ = [
    "Action",
    "Call",
    "Change",
    "Create",
    "Deed",
    "Delete",
    "Do",
    "Done",
    "Evict",
    "Failed",
    "Object",
    "Patch",
    "Refusal",
    "Step",
    "Target",
    "Wait",
    "World",
]

Object: TypeAlias = Mapping[str, Any]
"""An object of the API server, as its JSON is."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class World(Protocol):
    """The cluster, read when asked. Both raise ApiError."""

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object as stored now, None where there is none. `kind` is a word such as
        PersistentVolumeClaim; `namespace` is "" for kinds that have none.
        """

    def list(self, kind: str, namespace: str, selector: str = "") -> Sequence[Object]:
        """All objects of the kind in the namespace (`""`: everywhere) that a label selector
        chooses.
        """


@dataclass(frozen=True, slots=True)
class Change:
    """One field (a JSON pointer): from `old` (None: not there) to `new` (None: taken away)."""

    path: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class Patch:
    """Change fields of one object, if it is still that object and each field is as it was."""

    target: ObjectRef
    changes: tuple[Change, ...]
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """Create an object; that it is there already is no failure: the next step looks at it."""

    manifest: Object


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete that very object."""

    target: ObjectRef


@dataclass(frozen=True, slots=True)
class Evict:
    """Ask for the eviction of that very pod; a PodDisruptionBudget may refuse."""

    target: ObjectRef


@dataclass(frozen=True, slots=True)
class Call:
    """POST `body` (JSON) to an address that the administrator allows; `key` names the deed, so that
    who is called twice with it does it once.
    """

    url: str
    body: Object
    key: str


Deed: TypeAlias = Patch | Create | Delete | Evict | Call


@dataclass(frozen=True, slots=True)
class Do:
    """Do this next; once it is done, `note` joins the intent's progress."""

    deed: Deed
    note: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


Step: TypeAlias = Do | Wait | Done | Failed | Refusal


@dataclass(frozen=True, slots=True)
class Target:
    """The object a rule acts on, as the watch has shown it, and what the rule saw of it."""

    ref: ObjectRef
    rule: str
    values: tuple[str, ...] = ()
    involved: tuple[ObjectRef, ...] = ()
    """Other objects that the rule is about: pods that use a volume without a right to."""


class Action(Protocol):
    """One thing that can be done about objects of some kinds. Without state: one object serves all
    rules and threads.
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[ObjectKind]]
    needs_approval: ClassVar[bool]
    """Whether it wants an approval whatever the rule says."""

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with the parameters, each as a sentence that names the parameter and what
        to write; empty where they can be used. Unknown parameters are problems.
        """

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """What would be done, or why nothing is. Raises ApiError."""

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """What is next, from what the cluster looks like now. Asked again after each deed, each
        look, each restart: what was already done shows in the cluster. Raises ApiError.
        """
