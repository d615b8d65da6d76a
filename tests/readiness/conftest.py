"""What tests of waking people share: what people say, leaders' words, and hours around the moment of the test."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
from uuid6 import uuid7

from backend.accounts.models import User
from backend.readiness.schemas import LeadersWordIn, LeadersWordOut, WakingIn
from backend.readiness.services.statements import say_waking
from backend.readiness.services.words import note_word
from backend.volunteers.models import Volunteer
from tests.conftest import SignedInClient
from tests.dispatch.conftest import ask, make_task, noon, reply, wanted

__all__ = ["ask", "make_task", "noon", "reply", "wanted"]

ClientOf = Callable[[User], SignedInClient]
ALL_DAY = {"start": "00:00", "end": "24:00"}


def hours(at: datetime, before: float, after: float, zone: str = "Asia/Shanghai") -> dict[str, str]:
    """Return hours of the day that begin so many hours before a moment, and end so many after it."""
    ends = (at + timedelta(hours=-before), at + timedelta(hours=after))
    start, end = (f"{one.astimezone(ZoneInfo(zone)):%H:%M}" for one in ends)
    return {"start": start, "end": end}


def say(person: Volunteer, at: datetime, **wanted: Any) -> None:
    """Let a person say for what and when they may be woken."""
    say_waking(wanted=WakingIn.model_validate(wanted), by=person.user, at=at)


def word(at: datetime, **changes: Any) -> dict[str, Any]:
    """Return a leader's word as an app sends it."""
    body = {
        "id": str(uuid7()),
        "categories": ["patrol"],
        "said_yes": True,
        "how": "phone",
        "said_at": at.isoformat(),
    }
    return body | changes


class Speak(Protocol):
    """Notes that a person has said yes to the leader of squadron A."""

    def __call__(
        self, person: Volunteer, *, at: datetime | None = None, **changes: Any
    ) -> LeadersWordOut: ...


@pytest.fixture
def speak(leader: User, at: datetime) -> Speak:
    """Return the act of noting a word, in the name of the leader of squadron A."""
    moment = at

    def note(person: Volunteer, *, at: datetime | None = None, **changes: Any) -> LeadersWordOut:
        when = at or moment
        wanted = LeadersWordIn.model_validate(word(when, **changes))
        return note_word(volunteer=person, wanted=wanted, by=leader, at=when).row

    return note
