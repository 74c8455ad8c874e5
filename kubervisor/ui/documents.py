"""The JSON that the dashboard's pages read: what all of it has in common, and the list.

Instants are Unix seconds of the controller's clock. A number that is not known is null, and so are
NaN and infinity. Texts of others stand as they came, cut to a length: a page shows them as text.
"""

from __future__ import annotations

import msgspec

LONGEST_TEXT, LONGEST_LINE = 4096, 300
"""Characters of a message, of evidence or a note; and of such in a list of Services."""


class Document(msgspec.Struct, rename="camel"):
    """A JSON object, made once and never changed; its fields are in camelCase there."""


def encode(document: Document) -> bytes:
    """`document` as JSON."""
    return msgspec.json.encode(document)


def cut(text: str, limit: int = LONGEST_TEXT) -> str:
    """`text`, or its beginning and "…" where it is longer than `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Controller(Document):
    """Who answers, and whether it leads; `leader` is None where it is not known."""

    version: str
    identity: str
    leading: bool
    leader: str | None
    dry_run: bool
    synced: bool
    problem: str


class Condition(Document):
    """A condition of the status; `good` where it is as it should be."""

    type: str
    status: str
    reason: str
    message: str
    since: float | None
    good: bool


class Out(Document):
    """A pod that is out of traffic, and why."""

    pod: str
    uid: str
    state: str
    breaker: str
    at: float | None
    until: float | None
    evidence: str


class LastDecision(Document):
    """The newest decision, without its evidence."""

    at: float
    action: str
    pod: str
    reason: str


class ServiceRow(Document):
    """A line of the list of all Services. `level` is ok, notice, alarm or unknown; `headline`,
    `message` and `since` say why.
    """

    namespace: str
    name: str
    service: str
    level: str
    headline: str
    message: str
    since: float | None
    members: int | None
    serving: int | None
    ejected: int | None
    paused: int | None
    probation: int
    floor: int | None
    may_eject: int | None
    outliers: int
    out: list[Out]
    dry_run: bool
    held: bool
    breakers: list[str]
    conditions: list[Condition]
    last_decision: LastDecision | None


class Key(Document):
    """Names a KubervisorService."""

    namespace: str
    name: str


class Answer(Document):
    """What an answer that the API server is asked for has beside its lists: why there is nothing to
    see where that is so, and whether there is `more` than there is room for.

    `access` is `open`, `absent` (the API server knows no such kind), `forbidden` (the controller's
    account may not list them) or `failed`; `problem` says it in a sentence.
    """

    at: float
    controller: Controller
    access: str
    problem: str
    more: bool


class Fleet(Document):
    """All Services."""

    at: float
    controller: Controller
    services: list[ServiceRow]


class FleetChanges(Document):
    """What is new in `Fleet`."""

    at: float
    controller: Controller
    changed: list[ServiceRow]
    removed: list[Key]


class Heartbeat(Document):
    """The server lives, and nothing is new."""

    at: float


class Problem(Document):
    """Why there is no answer, in one sentence."""

    error: str
