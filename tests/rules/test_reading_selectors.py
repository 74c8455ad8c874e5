"""Label selectors mean what they mean to Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kubervisor.rules.decision.selector import LabelOperator, LabelSelector, Requirement


def one(operator: LabelOperator, *values: str) -> LabelSelector:
    return LabelSelector(requirements=(Requirement("app", operator, frozenset(values)),))


@pytest.mark.parametrize(
    ("selector", "labels", "selects"),
    [
        (LabelSelector(), {}, True),
        (LabelSelector({"app": "a"}), {"app": "a", "b": "c"}, True),
        (LabelSelector({"app": "a"}), {"app": "b"}, False),
        (LabelSelector({"app": "a", "b": "c"}), {"app": "a"}, False),
        (one(LabelOperator.IN, "a", "b"), {"app": "b"}, True),
        (one(LabelOperator.IN, "a", "b"), {}, False),
        (one(LabelOperator.NOT_IN, "a"), {"app": "b"}, True),
        (one(LabelOperator.NOT_IN, "a"), {"app": "a"}, False),
        (one(LabelOperator.NOT_IN, "a"), {}, True),
        (one(LabelOperator.EXISTS), {"app": ""}, True),
        (one(LabelOperator.EXISTS), {}, False),
        (one(LabelOperator.DOES_NOT_EXIST), {}, True),
        (one(LabelOperator.DOES_NOT_EXIST), {"app": "a"}, False),
    ],
)
def test_what_a_selector_selects(
    selector: LabelSelector, labels: Mapping[str, str], selects: bool
) -> None:
    assert selector.selects(labels) is selects


def test_labels_and_requirements_must_all_hold() -> None:
    both = LabelSelector({"tier": "db"}, one(LabelOperator.EXISTS).requirements)

    assert both.selects({"tier": "db", "app": "x"})
    assert not both.selects({"tier": "db"})
    assert not both.selects({"app": "x"})
