"""Every kind that Kubervisor brings, in the order in which their definitions are written."""

from __future__ import annotations

from kubervisor.api import autopilot_crds, crd, data_rollout_crd
from kubervisor.api.definition import Definition

DEFINITIONS: tuple[Definition, ...] = (
    crd.DEFINITION,
    data_rollout_crd.DEFINITION,
    *autopilot_crds.DEFINITIONS,
)
