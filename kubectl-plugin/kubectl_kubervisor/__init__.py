"""kubectl kubervisor: what Kubervisor does, why, and the switches, by way of kubectl.

Standard library only. Every module is imported when it is needed and none imports dataclasses: the
start must not be felt, and dataclasses alone take as long to import as the rest together.
"""

from __future__ import annotations

__version__ = "0.1.0"
