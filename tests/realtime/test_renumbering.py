"""The phone of somebody who gets a number for life: what it hears, and how it comes back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from uuid6 import uuid7

from backend.accounts.models import User
from backend.numbers.services.walk_ins import register_walk_in
from backend.volunteers.models import Volunteer
from backend.volunteers.services.life_numbers import give_life_number
from tests.conftest import Formation
from tests.realtime.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_phone_hears_of_its_number_is_closed_and_comes_back_under_the_new_one(
    connect: Connect, leader: User, formation: Formation, client_of: Callable[[User], Any]
) -> None:
    walk_in = await _walk_in(leader, formation)
    token = (await sync_to_async(client_of)(walk_in.user)).tokens.access
    before, phone = f"{walk_in.number:08d}", await connect(token=token)

    given = sync_to_async(give_life_number)
    after = f"{(await given(number=walk_in.number, by=leader, at=datetime.now(UTC))).number:08d}"
    heard = await phone.event("number.changed")

    assert (heard["topic"], heard["data"]) == (f"person.{before}", {"before": before, "number": after})
    assert await _closed(phone) == {"close": 4404}
    again = await connect(token=token)
    welcome = again.welcome  # type: ignore[attr-defined]
    assert welcome["volunteer"] == after
    assert f"person.{before}" not in welcome["topics"]
    assert welcome["topics"][f"person.{after}"]["snapshot"]["me"]["number"] == after


@sync_to_async
def _walk_in(leader: User, formation: Formation) -> Volunteer:
    return register_walk_in(
        walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=datetime.now(UTC)
    )


async def _closed(phone: Socket) -> dict[str, Any]:
    while "close" not in (frame := await phone.receive()):
        pass
    return frame
