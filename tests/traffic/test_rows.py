"""What an answer says does not depend on the one before, of which it takes what is the same."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from kubervisor.traffic.columns import SPARE, Columns
from kubervisor.traffic.layout import Again, Follower, Labels, Layout, New
from kubervisor.traffic.rows import as_it_is
from kubervisor.traffic.samples import Samples

NAMES = [f"web-{number}" for number in range(6)]
Series = tuple[str, str, str]
"""Namespace, pod and code."""
series = st.tuples(
    st.sampled_from(["shop", "mail", ""]), st.sampled_from(NAMES), st.sampled_from(["200", "503"])
)
answers = st.lists(st.lists(series, max_size=12), min_size=1, max_size=5)


def labels_of(one: Series) -> Labels:
    place, pod, code = one
    return {"pod": pod, "code": code} | ({"namespace": place} if place else {})


def mark_of(one: Series) -> int:
    return hash(one) or 1


def read(
    found: list[Series], before: Layout | None = None, size: int = 3, at: float = 7.0
) -> Samples:
    """In pieces of `size` series."""
    known = before or Layout()
    follower, pieces = Follower(known), list[New | Again]()
    for first in range(0, len(found), size):
        part = found[first : first + size]
        marks = array("q", map(mark_of, part))
        values = array("d", range(first, first + len(part)))
        start = follower.find(marks)
        if start is None:
            samples = zip(map(labels_of, part), values, [at] * len(part), strict=True)
            pieces.append(New(marks, samples))
        else:
            pieces.append(Again(marks, start, values, at))
    return Samples(Columns("pod", pieces, as_it_is, known))


@given(answers, st.integers(1, 5))
def test_what_an_answer_says_does_not_depend_on_those_before(
    answers: list[list[Series]], size: int
) -> None:
    before, earlier = Layout(), list[tuple[Samples, Samples]]()
    for number, found in enumerate(answers):
        after = read(found, before, size, at=float(number))
        earlier.append((read(found, at=float(number)), after))
        before = after.layout
    for alone, after in earlier:
        assert list(after) == list(alone)
        assert after.pods == alone.pods
        assert after.oldest == alone.oldest
        for place in ("shop", "mail"):
            assert after.sums(NAMES, place) == alone.sums(NAMES, place)
            assert after.amounts(NAMES, place, None) == alone.amounts(NAMES, place, None)
            assert dict(after.counts(place)) == dict(alone.counts(place))
            assert all(after.of(pod, place) == alone.of(pod, place) for pod in NAMES)


def test_an_answer_with_the_same_series_is_laid_out_by_the_same_object() -> None:
    found = [("shop", name, "200") for name in NAMES]
    first = read(found)
    again = read(found, first.layout)

    assert again.layout is first.layout
    assert again.rows is first.rows


def test_a_pod_keeps_its_row_while_others_come_and_go() -> None:
    found = [("shop", name, "200") for name in NAMES]
    first = read(found)
    fewer = read([*found[:2], *found[3:]], first.layout)
    more = read([("shop", "web-9", "200"), *found], fewer.layout)

    rows = first.rows["shop"]
    assert fewer.rows["shop"] == {pod: row for pod, row in rows.items() if pod != NAMES[2]}
    assert all(more.rows["shop"][pod] == row for pod, row in fewer.rows["shop"].items())
    assert len(set(more.rows["shop"].values())) == len(NAMES) + 1
    assert len(first.rows["shop"]) == len(NAMES), "nobody changes what others read"


def test_what_follows_a_new_series_is_found_in_the_answer_before() -> None:
    known = read([("shop", f"web-{number}", "200") for number in range(100)]).layout
    follower = Follower(known)

    assert follower.find(known.marks[:10]) == 0
    assert follower.find(array("q", [*known.marks[10:15], 5, *known.marks[15:19]])) is None
    assert follower.find(known.marks[19:30]) == 19
    assert follower.find(known.marks[40:50]) == 40


def test_rows_of_pods_that_went_do_not_pile_up() -> None:
    layout = Layout()
    for number in range(8 * SPARE):
        layout = read([("shop", f"web-{number}", "200")], layout).layout

    assert all(row <= 2 * SPARE for row in layout.rows.get("shop", {}).values())


def test_a_pod_s_name_is_one_object_with_whatever_else_has_it() -> None:
    known = {("web-0", "shop"): "web-0"}
    samples = Samples.of_plain(
        "pod",
        [({"pod": "".join(["web", "-0"]), "namespace": "shop"}, 1.0, 7.0)],
        one=lambda name, place: known.get((name, place or ""), name),
    )
    assert next(iter(samples.rows["shop"])) is known["web-0", "shop"]
