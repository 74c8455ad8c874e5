"""Rows of an answer are the last one's where its pods come in the same order, and always exact."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.samples import Samples

NAMES = [f"web-{number}" for number in range(6)]
answers = st.lists(
    st.lists(st.tuples(st.sampled_from(["shop", "mail", ""]), st.sampled_from(NAMES)), max_size=12),
    min_size=1,
    max_size=5,
)


def read(pods: list[tuple[str, str]], before: Samples | None = None) -> Samples:
    found = [
        ({"pod": pod} | ({"namespace": place} if place else {}), float(number), 7.0)
        for number, (place, pod) in enumerate(pods)
    ]
    return Samples("pod", found) if before is None else Samples("pod", found, before=before.rows)


@given(answers=answers)
def test_what_an_answer_says_does_not_depend_on_those_before(
    answers: list[list[tuple[str, str]]],
) -> None:
    before, earlier = None, list[tuple[Samples, Samples]]()
    for pods in answers:
        alone, after = read(pods), read(pods, before)
        earlier.append((alone, after))
        before = after
    for alone, after in earlier:
        assert after.rows == alone.rows
        assert list(after) == list(alone)
        assert after.pods == alone.pods
        for place in ("shop", "mail"):
            assert after.sums(NAMES, place) == alone.sums(NAMES, place)
            assert list(after.counts(place)) == list(alone.counts(place))


def test_the_rows_of_the_same_pods_in_the_same_order_are_not_made_again() -> None:
    pods = [("shop", name) for name in NAMES]
    first = read(pods)
    again = read(pods * 2, first)
    assert again.rows["shop"] is first.rows["shop"]
    fewer = read(pods[:-1], again)
    assert fewer.rows["shop"] is not first.rows["shop"]
    assert len(first.rows["shop"]) == len(NAMES)


def test_a_pod_s_name_is_one_object_with_whatever_else_has_it() -> None:
    known = {("web-0", "shop"): "web-0"}
    samples = Samples(
        "pod",
        [({"pod": "".join(["web", "-0"]), "namespace": "shop"}, 1.0, 7.0)],
        one=lambda name, place: known.get((name, place or ""), name),
    )
    assert next(iter(samples.rows["shop"])) is known["web-0", "shop"]
