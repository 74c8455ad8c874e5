"""The edge to measurements: Prometheus and custom detectors, asked as hostile strangers are asked.

Every question has a total deadline, every answer a size that is enforced before it is parsed, and
an address from a specification is connected to only after the address rules have seen what its name
resolves to.
"""

from __future__ import annotations

from kubervisor.sources.sources import Sources

__all__ = ["Sources"]
