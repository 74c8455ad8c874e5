"""`kubervisor.k8s.io.action.pod/eject`: a pod loses its traffic, by a Breaker and its budget.

The rule speaks as a watchdog of the pod: it writes an annotation that says `error` for a while. A
Breaker of the pod's KubervisorService that listens to it may take the pod out, and later gives its
traffic back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubervisor import instants
from kubervisor.rules.actions.action import (
    Change,
    Do,
    Done,
    Object,
    Patch,
    Refusal,
    Step,
    Target,
    Wait,
    World,
)
from kubervisor.rules.actions.objects import (
    annotation,
    annotation_path,
    condition,
    field,
    find,
    gone,
    is_going,
)
from kubervisor.rules.actions.params import unknown, whole
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent
from kubervisor.traffic import keys
from kubervisor.traffic.detector_policy import Trust
from kubervisor.traffic.watchdogs import EXPIRY, STATUS, Level

STANDS = "expiry"
DEFAULT_SECONDS = "300"
SHORTEST, LONGEST = 10, 86_400

_SAID = "said"
_OUT = ("no", "pause")
_LONGEST_NAME = 63
"""Characters of a watchdog's name, which is that of an annotation."""


@dataclass(frozen=True, slots=True)
class Eject:
    """Says `error` of a pod, for `expiry` seconds, to a Breaker that listens."""

    name: ClassVar[str] = "kubervisor.k8s.io.action.pod/eject"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset({ObjectKind.POD})
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `expiry`."""
        what = "for how many seconds the Breaker is told"
        return [*unknown(params, STANDS), *whole(params, STANDS, SHORTEST, LONGEST, what)]

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """Which KubervisorService would be told, or why none is."""
        pod = find(world, target.ref)
        if pod is None or is_going(pod):
            return gone(target.ref)
        word = watchdog_of(target.rule)
        refused = _has_no_traffic(target.ref, pod) or _unheard(target.ref, pod, word, world)
        if refused is not None:
            return refused
        guard = str(_label(pod, keys.NAME))
        # Not what the rule saw: an approval is for what is done, and that changes with each poll.
        goal = {
            "uid": target.ref.uid,
            "guard": guard,
            "watchdog": word,
            "message": f"the condition of AutopilotRule {target.rule} is met",
            "seconds": params.get(STANDS, DEFAULT_SECONDS),
        }
        summary = f"ask KubervisorService {target.ref.namespace}/{guard} to eject {target.ref}"
        return Intent(self.name, summary, goal)

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Say it; then wait for the Breaker, as long as the word stands."""
        pod = find(world, target)
        if pod is None:
            return gone(target)
        goal, said = intent.goal, intent.progress.get(_SAID)
        if _label(pod, keys.TRAFFIC) in _OUT:
            return Done(f"{target} is out of traffic")
        if said is None:
            return Do(_word(target, pod, goal, now), {_SAID: str(int(now))})
        returned = instants.parse(annotation(pod, keys.RETURNED_AT))
        if returned is not None and returned >= float(said):
            return Done(f"{target} was out of traffic, and has it back")
        if now < float(said) + float(goal["seconds"]):
            return Wait(f"KubervisorService {goal['guard']} is told, and has not ejected {target}")
        return Refusal(
            "NotEjected",
            f"KubervisorService {goal['guard']} was told for {goal['seconds']} s and did not eject "
            f"{target}: see what its status says of its budget and its breakers",
        )


def watchdog_of(rule: str) -> str:
    """The name of the watchdog by which a rule speaks, for the `names` of a breaker.

    >>> watchdog_of("slow-answers")
    'rule-slow-answers'
    """
    name = f"rule-{rule}"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 9]}-{hashlib.sha256(rule.encode()).hexdigest()[:8]}"


def _has_no_traffic(ref: ObjectRef, pod: Object) -> Refusal | None:
    if _label(pod, keys.TRAFFIC) in _OUT:
        return Refusal("OutOfTraffic", f"{ref} is out of traffic already")
    if condition(pod, "Ready") is None:
        return Refusal("NotReady", f"{ref} is not Ready, so it has no traffic to lose")
    return None


def _unheard(ref: ObjectRef, pod: Object, word: str, world: World) -> Refusal | None:
    """Why no Breaker would listen; None where one would."""
    name = _label(pod, keys.NAME)
    found = world.get("KubervisorService", ref.namespace, name) if name else None
    if found is None:
        message = f"no KubervisorService guards {ref}; create one for its Service"
        return Refusal("NotGuarded", message, is_final=True)
    if not any(_listens(one, word) for one in field(found, "spec", "breakers") or ()):
        message = (
            f"no breaker of KubervisorService {ref.namespace}/{name} listens; give it one with "
            f"watchdog: {{names: [{word}], trust: posted}}"
        )
        return Refusal("NobodyListens", message, is_final=True)
    idle = _idle(found)
    if idle:
        message = f"KubervisorService {ref.namespace}/{name} ejects nothing now: {idle}"
        return Refusal("EjectsNothing", message)
    return None


def _listens(breaker: Object, word: str) -> bool:
    """Whether the breaker hears words that nobody probes for, and this one."""
    listener = breaker.get("watchdog")
    if listener is None or listener.get("trust") != Trust.POSTED:
        return False
    return word in (listener.get("names") or (word,))


def _idle(guard: Object) -> str:
    """Why the KubervisorService ejects nothing whoever asks; "" where it may."""
    if field(guard, "spec", "dryRun"):
        return "it is a dry run"
    if annotation(guard, keys.PAUSE) == "true":
        return "it is paused"
    for one in field(guard, "status", "conditions") or ():
        if one.get("type") in ("Ready", "Active") and one.get("status") == "False":
            return str(one.get("message") or one.get("reason"))
    return ""


def _word(ref: ObjectRef, pod: Object, goal: Mapping[str, str], now: float) -> Patch:
    """Both annotations of a posted word: what is said, and until when it counts."""
    at, until = (instants.render(t, "seconds") for t in (now, now + float(goal["seconds"])))
    word = {
        f"{STATUS}{goal['watchdog']}": f"{Level.ERROR}/{at}/{goal['message']}",
        f"{EXPIRY}{goal['watchdog']}": until,
    }
    changes = (Change(annotation_path(key), annotation(pod, key), new) for key, new in word.items())
    return Patch(ref, tuple(changes))


def _label(pod: Object, key: str) -> str | None:
    found: str | None = field(pod, "metadata", "labels", key)
    return found
