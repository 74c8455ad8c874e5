"""The NetworkPolicy that cuts pods off."""

from __future__ import annotations

from kubervisor.workflow import Json, Object

from quarantine_operator.phases import Quarantine


def policy(quarantine: Quarantine, deployment: Object) -> Json:
    """Nobody reaches the pods of the Deployment but those that are admitted, and they reach nobody,
    not even for names.
    """
    admitted = quarantine.spec.admit_from
    ingress = [{"from": [{"podSelector": {"matchLabels": admitted}}]}] if admitted else []
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"quarantine-{quarantine.name}"},
        "spec": {
            "podSelector": deployment.spec["selector"],
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": [],
        },
    }
