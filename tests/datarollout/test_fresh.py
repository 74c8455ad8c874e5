"""What we wrote last is what the next look sees, whatever the watch has shown by then."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from kubervisor.kube.data_pods import DataPod
from kubervisor.kube.fresh import Fresh
from kubervisor.runtime.together import Together
from kubervisor.traffic.model import PodUid


def pod(version: int, uid: str = "1") -> DataPod:
    return DataPod("shop", f"web-{uid}", PodUid(uid), str(version), True)


def fresh(*, begins: bool = False) -> Fresh[DataPod]:
    return Fresh(lambda one: one.version, begins=begins)


def test_a_write_stands_until_the_watch_has_caught_up() -> None:
    known = fresh()
    known.note(pod(9))
    assert known.over([pod(8)]) == [pod(9)]
    assert known.over([pod(9)]) == [pod(9)]
    assert known.over([pod(8)]) == [pod(8)]  # what is restored from a backup has old versions


def test_what_the_watch_shows_later_wins() -> None:
    known = fresh()
    known.note(pod(9))
    assert known.over([pod(10)]) == [pod(10)]


def test_of_two_writes_the_later_stands_in_whatever_order_they_are_told() -> None:
    known = fresh()
    known.note(pod(12))
    known.note(pod(11))
    assert known.over([pod(1)]) == [pod(12)]


def test_a_pod_that_is_gone_is_not_brought_back() -> None:
    known = fresh()
    known.note(pod(9))
    known.doubt(pod(9, "2"))
    assert known.over([]) == []
    assert not known.doubtful()


def test_what_was_just_made_counts_and_is_in_doubt_until_the_watch_shows_it() -> None:
    known = fresh(begins=True)
    known.note(pod(9))
    assert known.over([]) == [pod(9)]
    assert known.is_doubtful("1")
    known.forget(pod(9))  # it was deleted meanwhile
    assert known.over([]) == []


def test_what_is_read_again_is_in_doubt_no_more() -> None:
    known = fresh()
    known.doubt(pod(9))
    assert known.doubtful() == (pod(9),)
    known.note(pod(10))
    assert not known.is_doubtful("1")


def test_jobs_are_done_together_and_all_of_them() -> None:
    meeting, done = threading.Barrier(3), list[int]()

    def job(number: int) -> None:
        if number < 3:
            meeting.wait(20)
        done.append(number)

    Together("test", 3).do(partial(job, number) for number in range(9))
    assert sorted(done) == list(range(9))


def test_what_a_job_raises_is_raised_once_all_are_done() -> None:
    done = list[int]()

    def fail() -> None:
        raise RuntimeError("one of them")

    with pytest.raises(RuntimeError, match="one of them"):
        Together("test", 2).do([fail, *(partial(done.append, number) for number in range(5))])
    assert sorted(done) == list(range(5))
