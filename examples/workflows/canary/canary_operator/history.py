"""How trials ended."""

from __future__ import annotations

from canary_operator.spec import CanaryDeploymentStatus, Promotion

KEPT = 10


def ended(status: CanaryDeploymentStatus, *, promoted: bool) -> CanaryDeploymentStatus:
    """The status once the version that was tried is promoted, or not."""
    how = Promotion(promotion_succeeded=promoted, observed_generation=status.trying or 0)
    return CanaryDeploymentStatus(history=[*status.history, how][-KEPT:])
