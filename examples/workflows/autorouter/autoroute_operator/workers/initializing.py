"""Initializing: it was made just now."""

from __future__ import annotations

from kubervisor.workflow import Outcome

from autoroute_operator.phases import AutoRoute, InitializingInputs, Phase
from autoroute_operator.spec import AutoRouteStatus


def sync(auto_route: AutoRoute, inputs: InitializingInputs) -> Outcome[AutoRouteStatus]:
    """There is nothing to prepare."""
    return Outcome(Phase.SYNCING)
