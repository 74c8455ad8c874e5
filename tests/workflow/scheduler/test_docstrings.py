"""Examples in the docstrings of the scheduler."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["backoff", "decision", "inventory", "plain", "reading"])
def test_the_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(
        importlib.import_module(f"kubervisor.workflow.scheduler.{module}")
    )
    assert (failed, tried > 0) == (0, True)
