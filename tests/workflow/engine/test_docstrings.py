"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["field_sets", "kinds"])
def test_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"kubervisor.workflow.engine.{module}"))
    assert tried > 0
    assert failed == 0
