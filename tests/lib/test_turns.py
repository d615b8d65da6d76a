"""Turns: how many at once, how many wait, who is refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.lib.errors import Busy
from backend.lib.turns import Turns


def test_some_have_a_turn_some_wait_and_the_others_are_refused_at_once() -> None:
    turns = Turns("test", at_once=2, waiting=3, patience_s=30)
    go_on, lock, seen = threading.Event(), threading.Lock(), {"now": 0, "most": 0}

    def act(_: int) -> bool:
        try:
            with turns.turn():
                with lock:
                    seen["now"] += 1
                    seen["most"] = max(seen["most"], seen["now"])
                go_on.wait(30)
                with lock:
                    seen["now"] -= 1
        except Busy:  # the sixth: everybody before it has come
            while seen["now"] < 2:
                time.sleep(0.001)
            go_on.set()
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(act, range(6)))

    assert (done.count(True), seen["most"]) == (5, 2)


def test_who_waits_in_vain_is_refused_and_leaves_the_place_to_others() -> None:
    turns = Turns("test", at_once=1, waiting=1, patience_s=0.05)
    refused: list[Any] = []

    def wait() -> None:
        with pytest.raises(Busy) as refusal, turns.turn():
            raise AssertionError
        refused.append(refusal.value)

    with turns.turn():
        for _ in range(3):  # one after the other: each finds the place that the one before has left
            thread = threading.Thread(target=wait)
            thread.start()
            thread.join()

    assert len(refused) == 3
    assert {refusal.retry_after_s for refusal in refused} <= {2, 3, 4, 5, 6}
    with turns.turn():
        pass


def test_turn_is_given_up_by_an_error_and_a_thread_needs_one_alone() -> None:
    turns = Turns("test", at_once=1, waiting=0, patience_s=0.05)

    for _ in range(3):
        with pytest.raises(ValueError, match="ours"), turns.turn(), turns.turn():
            raise ValueError("ours")
    with turns.turn(), turns.turn():
        pass
