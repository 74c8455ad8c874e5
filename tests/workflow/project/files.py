"""Project files for the tests: one as the original had them, and others with one thing changed."""

from __future__ import annotations

from textwrap import dedent

CANARY = """\
apiVersion: autopilot.examples.io/v1
kind: CanaryDeployment
operatorName: canary-operator
phases:

  - description: Set up what a canary needs
    initial: true
    name: Initializing
    inputs:
      - deployments
    outputs:
      - deployments
      - services
      - virtualservices

  - description: Wait for a new version
    name: Waiting
    inputs:
      - deployments
      - virtualservices
    outputs:
      - deployments
      - virtualservices

  - description: Watch the canary
    inputs:
      - metrics
      - virtualservices
    name: Evaluating
    outputs:
      - virtualservices

  - name: Done
    final: true
"""
"""Written as for the original, and with its fields only."""

HEAD = """\
apiVersion: examples.io/v1
kind: Example
operatorName: example-operator
"""
"""Three lines, without the phases."""


def with_phases(text: str) -> str:
    """A project whose phases begin in line 5."""
    return f"{HEAD}phases:\n{dedent(text)}"


def with_more(text: str) -> str:
    """A valid project with one phase, and more from line 6 on."""
    return f"{HEAD}phases:\n- {{name: Working, initial: true, inputs: [metrics]}}\n{dedent(text)}"
