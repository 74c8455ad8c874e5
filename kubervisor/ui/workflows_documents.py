"""The JSON of phase workflows: of each where it is and how it came there, capped and cut."""

from __future__ import annotations

from kubervisor.ui.documents import Answer, Condition, Document

MOST_KINDS, MOST_WORKFLOWS = 50, 300
MOST_READ = 2000
"""Objects that are counted; those that are shown are the gravest of them."""
MOST_PHASES, MOST_PASSED, MOST_SAID = 40, 20, 12


class Phase(Document):
    """A phase of a kind: which may follow (none named: any), and when it ends by itself."""

    name: str
    final: bool
    next: list[str]
    timeout: float | None
    on_timeout: str


class Kind(Document):
    """A kind of workflow; `problem` says why its objects cannot be seen, where that is so."""

    kind: str
    group: str
    operator: str
    phases: list[Phase]
    objects: int
    problem: str


class Passed(Document):
    """A phase that it came to."""

    at: float | None
    phase: str
    message: str


class Said(Document):
    """A field that the workers wrote into the status."""

    name: str
    value: str


class Workflow(Document):
    """An object. `level` is ok, notice, alarm or unknown; `passed` has the newest phase last, which
    is where it is, and `wrong` is why it is not Ready.
    """

    kind: str
    group: str
    namespace: str
    name: str
    level: str
    phase: str
    since: float | None
    message: str
    failures: int
    complete: bool
    deleting: bool
    reason: str
    wrong: list[Condition]
    says: list[Said]
    passed: list[Passed]


class Workflows(Answer):
    """Workflows of every kind."""

    kinds: tuple[Kind, ...]
    workflows: tuple[Workflow, ...]
