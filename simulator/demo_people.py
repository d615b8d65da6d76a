"""Fills a detachment with invented people for a demonstration."""

import secrets
from typing import Any

from backend.accounts.models import phone_key
from backend.lib.clock import now
from backend.lib.errors import NotFound
from backend.volunteers.models import Role, Unit, UnitKind, Volunteer
from backend.volunteers.number_scheme import unit_number
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import within
from simulator.in_bulk import load_people, put_on_duty
from simulator.invented import Person, members, staff

PUJIANG = unit_number(7, 26)


class NoFormation(Exception):
    """The database has no detachment with squadrons to fill."""


def load_demo_people(
    *, unit: str = PUJIANG, people: int = 2_000, on_duty: float = 0.6, password: str | None = None
) -> dict[str, Any]:
    """Fill a detachment with invented volunteers, or put them on duty again; return the sign-ins of three of them.

    All share one password; a random one if none is given. Raises NoFormation.
    """
    at = now()
    password = password or secrets.token_urlsafe(9)
    detachment = _detachment(unit)
    everyone = _people(detachment, people)
    load_people(everyone, password=password, at=at)
    put_on_duty(everyone, share=on_duty, at=at)
    return _sign_ins(everyone, detachment, password)


def _detachment(number: str) -> Unit:
    try:
        return unit_by_number(number)
    except NotFound as error:
        raise NoFormation(f"There is no unit {number}; run load_formation first.") from error


def _people(detachment: Unit, count: int) -> list[Person]:
    line = Unit.objects.filter(path__in=detachment.line).order_by("path")
    below = Unit.objects.filter(within(detachment.path)).order_by("path")
    squadrons = list(below.filter(kind=UnitKind.SQUADRON))
    if not squadrons:
        raise NoFormation("The detachment has no squadrons; run load_formation first.")
    leaders = staff(list(line), detachment, list(below.filter(kind=UnitKind.BRIGADE)))
    return leaders + members(squadrons, count)


def _sign_ins(people: list[Person], detachment: Unit, password: str) -> dict[str, Any]:
    """Return the sign-ins of the commander, the leader of a squadron, and a member of it who is often on duty."""
    commander = next(person for person in people if person.role == Role.COMMANDER)
    leader = next(person for person in people if person.unit.kind == UnitKind.SQUADRON)
    squad = [person for person in people if person.unit == leader.unit and person is not leader]
    volunteer = min(squad, key=lambda person: person.luck, default=leader)
    return {
        "password": password,
        "detachment": detachment.number,
        "commander": _sign_in(commander),
        "leader": _sign_in(leader),
        "volunteer": _sign_in(volunteer),
    }


def _sign_in(person: Person) -> dict[str, str]:
    number = Volunteer.objects.get(user__phone_key=phone_key(person.phone)).number
    return {
        "number": f"{number:08d}",
        "phone": person.phone,
        "name": person.name,
        "unit": person.unit.number,
        "unit_name": person.unit.display_name,
    }
