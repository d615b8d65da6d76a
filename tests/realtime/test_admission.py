"""An address from which nobody signs in is held off; others notice nothing."""

import pytest

from backend.realtime.socket import admission
from backend.realtime.socket.admission import Strangers


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [1_000.0]
    monkeypatch.setattr("backend.realtime.socket.admission.time.monotonic", lambda: moment[0])
    monkeypatch.setattr(admission, "MAX_UNKNOWN", 3)
    monkeypatch.setattr(admission, "FAILED_AT_ONCE", 5.0)
    monkeypatch.setattr(admission, "FAILED_PER_S", 2.0)
    return moment


def test_sockets_that_wait_for_their_hello_are_bounded_by_address() -> None:
    crowd = Strangers()

    assert [crowd.may_enter("a") for _ in range(4)] == [True, True, True, False]
    assert crowd.may_enter("b")
    crowd.known("a", weight=0)
    assert [crowd.may_enter("a") for _ in range(2)] == [True, False]


def test_failures_hold_an_address_off_until_they_have_faded(clock: list[float]) -> None:
    crowd = Strangers()
    for _ in range(5):
        assert crowd.may_enter("a")
        crowd.known("a", weight=1)

    assert not crowd.may_enter("a")
    assert crowd.may_enter("b")
    clock[0] += 0.6
    assert crowd.may_enter("a")


def test_tokens_that_have_expired_weigh_little() -> None:
    crowd = Strangers()
    for _ in range(int(admission.FAILED_AT_ONCE / admission.GENUINE_WEIGHS) - 1):
        assert crowd.may_enter("a")
        crowd.known("a", weight=admission.GENUINE_WEIGHS)

    assert crowd.may_enter("a")


def test_whoever_signs_in_costs_nothing() -> None:
    crowd = Strangers()
    for _ in range(100):
        assert crowd.may_enter("a")
        crowd.known("a", weight=0)

    assert (crowd._unknown, crowd._failed) == ({}, {})


def test_memory_is_bounded_however_many_addresses_fail(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_ADDRESSES", 10)
    crowd = Strangers()
    for number in range(50):
        crowd.known(str(number), weight=1)
    assert len(crowd._failed) == 10

    clock[0] += 10
    crowd.known("late", weight=1)
    assert list(crowd._failed) == ["late"]
