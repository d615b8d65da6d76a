"""Buckets: how often at once, how often after that, and for how many keys."""

from concurrent.futures import ThreadPoolExecutor

from backend.lib import buckets
from backend.lib.buckets import Buckets


class Time:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_bucket_takes_so_many_at_once_and_then_so_many_a_second() -> None:
    time = Time()
    bucket = Buckets(at_once=3, per_s=2.0, clock=time)

    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert bucket.take("b") == 0
    time.now += 0.5
    assert [bucket.take("a") for _ in range(2)] == [0, 0.5]
    time.now += 60
    assert [bool(bucket.take("a")) for _ in range(4)] == [False, False, False, True]


def test_what_is_given_back_costs_nothing() -> None:
    bucket = Buckets(at_once=1, per_s=0.001, clock=Time())

    for _ in range(100):
        assert bucket.take("a") == 0
        bucket.give_back("a")
    bucket.give_back("a")
    assert bucket.take("a") == 0
    assert bucket.take("a") > 0


def test_too_many_keys_forget_the_one_that_was_used_the_longest_ago() -> None:
    bucket = Buckets(at_once=1, per_s=0.001, clock=Time())
    for key in range(buckets.MAX_KEYS):
        bucket.take(str(key))
    bucket.give_back("1")

    bucket.take("another")
    bucket.take("one more")

    assert bucket.take("0") == 0
    assert bucket.take("3") > 0


def test_threads_together_take_no_more_than_there_is() -> None:
    bucket = Buckets(at_once=50, per_s=0.001)

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: bucket.take("a") == 0, range(400)))

    assert taken.count(True) == 50
