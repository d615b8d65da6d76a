"""Makes the people of each seed: two units below one, with phones that are signed in as the pages are."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from backend.accounts.models import User
from backend.accounts.services.devices import register_page_device
from backend.volunteers.number_scheme import unit_number, volunteer_number
from simulator.people import SignedIn, make_people

MEMBERS = 4
"""Of each unit; the first leads it. The first of all has two phones."""
FIRST = 3_000_000
BACKEND = "backend.accounts.signin.NumberOrPhoneBackend"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a page open: their device for asking the server, and the session of each phone."""

    signed_in: SignedIn
    unit: str
    sessions: list[str]


@dataclass(frozen=True, slots=True)
class Squad:
    """The people of one seed, and who commands them from above."""

    root: str
    units: list[str]
    commander: SignedIn
    people: list[Person]


def make_squad(seed: int) -> Squad:
    """Make the people of a seed, with numbers of their own."""
    place = (10 + seed // 90, 1 + seed % 90)
    root, units = unit_number(*place), [unit_number(*place, brigade) for brigade in (1, 2)]
    first = FIRST + seed * 100
    numbers = [number for serial in range(first, first + 100) if (number := volunteer_number(serial))]
    (commander,) = make_people(numbers[:1], line=[root])
    people = []
    for at, unit in enumerate(units):
        begin = 1 + at * MEMBERS
        members = make_people(numbers[begin : begin + MEMBERS], line=[unit], below=root)
        people += [
            Person(one, unit, [_session(one.number) for _ in range(1 if at or nth else 2)])
            for nth, one in enumerate(members)
        ]
    return Squad(root, units, commander, people)


def _session(number: int) -> str:
    """Sign a browser in, as the page for it does."""
    user = User.objects.get(volunteer__number=number)
    device = register_page_device(user=user, name="harness", at=datetime.now(UTC))
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["device"] = str(device.pk)
    session.create()
    return str(session.session_key)


def print_squads(seeds: Iterable[int]) -> None:
    """Make the people of many seeds, and write them as JSON for a program that does not load Django itself."""
    sys.stdout.write(json.dumps({seed: asdict(make_squad(seed)) for seed in seeds}))
