"""`kubervisor.k8s.io.action/webhook`: somebody else is told, and acts.

The call has a key that belongs to the intent: a process that is killed after the call and before it
noted that calls once more with the same key, and who is called acts once. A later action of the
same rule about the same object has another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from kubervisor.rules.actions.action import Call, Do, Done, Refusal, Step, Target, World
from kubervisor.rules.actions.params import unknown
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

CALLED = "called"


def any_host(_: str) -> str | None:
    """None: whose hosts are not known calls nobody, and only looks at what is written."""
    return None


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """POSTs what a rule found to a URL. `refusal` says why a URL may not be called."""

    refusal: Callable[[str], str | None] = any_host

    name: ClassVar[str] = "kubervisor.k8s.io.action/webhook"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset(ObjectKind)
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `url`."""
        found = list(unknown(params, "url"))
        url = params.get("url", "")
        if not url:
            found.append("url is missing; write http(s)://host[:port]/path")
        elif not url.startswith(("http://", "https://")):
            found.append("url is neither http nor https; write http(s)://host[:port]/path")
        elif (refusal := self.refusal(url)) is not None:
            found.append(f"url: {refusal}")
        return found

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """Whom it would call. The path stays unsaid: it may be a secret."""
        url = params["url"]
        refusal = self.refusal(url)
        if refusal is not None:
            return Refusal("WebhookNotAllowed", refusal, is_final=True)
        ref = target.ref
        return Intent(
            self.name,
            f"call webhook {_host(url)} about {ref}",
            {"url": url, "rule": target.rule},
            # What is seen and when is not what is done: an approval does not depend on it.
            {
                "at": f"{now:.3f}",
                "values": json.dumps(target.values),
                "involved": json.dumps([_named(one) for one in target.involved]),
            },
        )

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Call, until somebody answered."""
        if CALLED in intent.progress:
            return Done(f"webhook {_host(intent.goal['url'])} was called")
        rule, seen = intent.goal["rule"], intent.progress
        body = {
            "rule": rule,
            "object": _named(target),
            "values": json.loads(seen.get("values", "[]")),
            "involved": json.loads(seen.get("involved", "[]")),
        }
        key = key_of(rule, target, seen.get("at", ""), intent.goal["url"])
        return Do(Call(intent.goal["url"], body, key), {CALLED: "true"})


def key_of(*parts: object) -> str:
    """The name of one deed: the same for the same parts.

    >>> key_of("full", "claim", 1) == key_of("full", "claim", 1) != key_of("full", "claim", 2)
    True
    """
    return hashlib.sha256(json.dumps(parts, default=repr).encode()).hexdigest()[:32]


def _named(ref: ObjectRef) -> dict[str, str]:
    return {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, "uid": ref.uid}


def _host(url: str) -> str:
    """Host and port: no credentials, and no path, which may be a secret."""
    return urlsplit(url).netloc.rpartition("@")[2]
