"""What an approval is bound to: exactly these actions, with exactly these ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from kubervisor.rules.decision.states import Intent


def digest(intents: Iterable[Intent]) -> str:
    """SHA-256, in hex, of the actions and goals in their order. What an action has noted meanwhile
    and how it sums itself up are not in it.
    """
    canonical = json.dumps(
        [{"action": one.action, "goal": dict(one.goal)} for one in intents],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
