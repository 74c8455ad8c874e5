"""The one query of a rule, and whose sample is whose."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubervisor.kube.rule_records import SeenObject
from kubervisor.rules.controller.choosing import choose
from kubervisor.rules.controller.joining import KEY, join, query_of
from kubervisor.rules.decision.policy import MetricLabels
from kubervisor.rules.decision.selector import LabelOperator, LabelSelector, Requirement
from kubervisor.traffic.measurement import Sample
from tests.rules.policies import more_than, policy

LABELS = MetricLabels(
    ("exported_namespace", "namespace"), ("persistentvolumeclaim", "pvc"), ("pv", "volumename")
)


def claim(name: str, namespace: str = "db", **more: Any) -> SeenObject:
    return SeenObject(
        "PersistentVolumeClaim",
        namespace,
        name,
        f"uid-{namespace}-{name}",
        more.pop("labels", {}),
        **more,
    )


def sample(value: float, key: str = "0", **labels: str) -> Sample:
    return Sample({KEY: key, **labels}, value, 0.0)


def objects(*claims: SeenObject) -> dict[str, SeenObject]:
    return {one.uid: one for one in claims}


def test_all_expressions_and_the_capacity_are_one_query() -> None:
    asked = query_of(policy(expressions=(more_than("50", "a"), more_than("9", "b")), capacity="c"))
    assert asked == (
        'label_replace((\na\n), "kubervisor_key", "0", "", "") or '
        'label_replace((\nb\n), "kubervisor_key", "1", "", "") or '
        'label_replace((\nc\n), "kubervisor_key", "capacity", "", "")'
    )


@pytest.mark.parametrize(
    ("labels", "whose"),
    [
        ({"namespace": "db", "persistentvolumeclaim": "pg"}, "uid-db-pg"),
        ({"namespace": "db", "pvc": "pg"}, "uid-db-pg"),
        ({"namespace": "monitoring", "exported_namespace": "db", "pvc": "pg"}, "uid-db-pg"),
        ({"namespace": "kube-system", "pvc": "pg", "volumename": "pv-1"}, "uid-db-pg"),
        ({"pv": "pv-1"}, "uid-db-pg"),
        ({"pv": "unknown", "namespace": "db", "pvc": "pg"}, "uid-db-pg"),
        ({"namespace": "web", "pvc": "pg"}, "uid-web-pg"),
        # A name without a namespace may be anybody's.
        ({"pvc": "pg"}, None),
        ({"namespace": "db"}, None),
        ({"namespace": "db", "persistentvolumeclaim": ""}, None),
        ({"namespace": "other", "pvc": "pg"}, None),
        ({}, None),
    ],
)
def test_whose_a_sample_is(labels: dict[str, str], whose: str | None) -> None:
    known = objects(claim("pg", volume="pv-1"), claim("pg", "web"))
    found = join(policy(labels=LABELS), [sample(1.0, **labels)], known)
    assert [uid for uid, one in found.items() if one.expressions[0]] == ([whose] if whose else [])


def test_samples_come_to_their_expressions() -> None:
    asked = policy(expressions=(more_than("50", "a"), more_than("9", "b")), capacity="c")
    names = {"namespace": "db", "persistentvolumeclaim": "pg"}
    found = join(
        asked,
        [
            sample(1.0, "0", **names),
            sample(2.0, "1", **names),
            sample(3.0, "1", **names),
            sample(4.0, "capacity", **names),
            sample(5.0, "2", **names),
            sample(6.0, "-1", **names),
            sample(7.0, "x", **names),
            sample(8.0, "²", **names),
        ],
        objects(claim("pg"), claim("other")),
    )
    assert (found["uid-db-pg"].expressions, found["uid-db-pg"].capacity) == ([[1], [2, 3]], [4])
    assert (found["uid-db-other"].expressions, found["uid-db-other"].capacity) == ([[], []], [])


_texts = st.text(max_size=5)


@given(st.lists(st.tuples(st.dictionaries(_texts, _texts), st.floats(), st.floats())))
def test_no_answer_is_too_strange(samples: list[tuple[dict[str, str], float, float]]) -> None:
    found = join(policy(), [Sample(*one) for one in samples], objects(claim("pg")))
    assert found.keys() == {"uid-db-pg"}


def test_a_rule_is_about_what_both_selectors_mean() -> None:
    spaces = {"db": {"type": "db"}, "web": {"type": "web"}}
    seen = [
        claim("pg", labels={"app": "postgres"}),
        claim("pg", "web", labels={"app": "postgres"}),
        claim("redis", labels={"app": "redis"}),
        claim("old", labels={"app": "postgres"}, deleting=True),
        claim("pg", "unknown", labels={"app": "postgres"}),
    ]
    by_label = LabelSelector({"app": "postgres"})
    in_db = LabelSelector({}, (Requirement("type", LabelOperator.IN, frozenset(["db"])),))

    def names(**selectors: LabelSelector) -> set[str]:
        chosen = choose(policy(**selectors), seen, spaces.get)
        return {f"{one.namespace}/{one.name}" for one in chosen.values()}

    assert names(selector=by_label, namespace_selector=in_db) == {"db/pg"}
    assert names(selector=by_label) == {"db/pg", "web/pg"}
    assert names(namespace_selector=in_db) == {"db/pg", "db/redis"}
    assert names() == {"db/pg", "db/redis", "web/pg"}
