"""JSON has types: a client that sends another one than the document names is told so, at every door."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from backend.accounts.models import User
from backend.lib.shapes import read_members
from backend.tracking.schemas.positions import FixIn
from tests.conftest import SignedInClient

FIX: dict[str, Any] = {"lon": 120.1, "lat": 30.2, "at": "2026-11-30T06:00:00Z", "datum": "wgs84"}


def test_instants_words_and_whole_numbers_are_what_json_has_for_them() -> None:
    fix = read_members(FixIn, {**FIX, "lon": 120, "acc_m": 5})
    assert (fix.lon, fix.acc_m, fix.datum) == (120.0, 5.0, "wgs84")


@pytest.mark.parametrize("wrong", [{"lon": True}, {"lat": "30.2"}, {"battery": "80"}, {"battery": False}])
def test_a_number_is_no_word_and_no_truth(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_members(FixIn, {**FIX, **wrong})


@pytest.mark.parametrize("wrong", ["yes", 1, "true"])
def test_a_door_names_the_field_of_another_type(
    client_of: Callable[[User], SignedInClient], volunteer: User, wrong: object
) -> None:
    answer = client_of(volunteer).put("/api/v1/me/duty", {"on": wrong}, format="json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/on"]
