"""A service that is called again with what holds already changes nothing: no row, no line of the audit, no event."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from backend.accounts.models import User
from backend.volunteers.schemas.formation import SplitIn
from backend.volunteers.services import emblems, standing, units
from tests.conftest import Formation
from tests.contract.doors import everything


def emblem(formation: Formation, by: User, at: datetime) -> None:
    drawn = BytesIO()
    Image.new("RGB", (40, 40), "teal").save(drawn, "PNG")
    emblems.set_emblem(unit=formation.squadron_a, upload=drawn.getvalue(), by=by, at=at)


def split(formation: Formation, by: User, at: datetime) -> None:
    units.split_unit(unit=formation.squadron_a, wanted=SplitIn(name="新村", members=[]), by=by, at=at)


def suspend_for_a_day(formation: Formation, by: User, at: datetime) -> None:
    member = formation.squadron_a.memberships.get().volunteer
    until = datetime(2100, 1, 1, tzinfo=UTC)
    standing.suspend(number=f"{member.number:08d}", reason="rest", until=until, by=by, at=at)


@pytest.mark.parametrize("act", [emblem, split, suspend_for_a_day])
def test_a_service_that_is_called_again_leaves_nothing(
    formation: Formation,
    volunteer: User,  # the one member
    commander: User,
    at: datetime,
    act: Callable[[Formation, User, datetime], None],
) -> None:
    act(formation, commander, at)
    left = everything()

    act(formation, commander, at + timedelta(seconds=1))

    assert everything() == left
