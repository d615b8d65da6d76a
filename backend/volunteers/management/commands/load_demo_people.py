"""Loads invented people for a demonstration."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.lib.checkdigit import unit_number
from backend.lib.errors import NotFound
from backend.volunteers import demo
from backend.volunteers.models import Role, Unit, UnitKind, Volunteer, phone_key
from backend.volunteers.queries import unit_by_number
from backend.volunteers.rules import within
from backend.volunteers.services.demo import load_people, put_on_duty

PUJIANG = unit_number(7, 26)


class Command(BaseCommand):
    help = "Fill a detachment with invented volunteers; run it again to put them on duty again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--unit", default=PUJIANG, help="number of the detachment")
        parser.add_argument("--people", type=int, default=2_000, help="members of its squadrons")
        parser.add_argument("--on-duty", type=float, default=0.6, help="the share on duty, 0 to 1")
        parser.add_argument("--password", help="of all of them; without it a random one is made and printed")
        parser.add_argument("--json", action="store_true", help="print three sign-ins for a program")

    def handle(
        self, *args: Any, unit: str, people: int, on_duty: float, password: str | None, **options: Any
    ) -> None:
        at = datetime.now(UTC)
        password = password or secrets.token_urlsafe(9)
        detachment = self._detachment(unit)
        everyone = _people(detachment, people)
        made = load_people(everyone, password=password, at=at)
        ready = put_on_duty(everyone, share=on_duty, at=at)
        signs_in = _sign_ins(everyone, detachment, password)
        if options["json"]:
            self._print_json(signs_in)
        else:
            self.stdout.write(f"{made} people made, {ready} put on duty.")
            self._print(signs_in)

    def _detachment(self, number: str) -> Unit:
        try:
            return unit_by_number(number)
        except NotFound as error:
            raise CommandError(f"There is no unit {number}; run load_formation first.") from error

    def _print_json(self, signs_in: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(signs_in, ensure_ascii=False))

    def _print(self, signs_in: dict[str, Any]) -> None:
        for part in ("commander", "leader", "volunteer"):
            who = signs_in[part]
            self.stdout.write(f"{part}: {who['number']} {who['name']}, {who['unit_name']}")
        self.stdout.write(f"password: {signs_in['password']}")


def _people(detachment: Unit, count: int) -> list[demo.Person]:
    line = Unit.objects.filter(path__in=detachment.line).order_by("path")
    below = Unit.objects.filter(within(detachment.path)).order_by("path")
    squadrons = list(below.filter(kind=UnitKind.SQUADRON))
    if not squadrons:
        raise CommandError("The detachment has no squadrons; run load_formation first.")
    staff = demo.staff(list(line), detachment, list(below.filter(kind=UnitKind.BRIGADE)))
    return staff + demo.members(squadrons, count)


def _sign_ins(people: list[demo.Person], detachment: Unit, password: str) -> dict[str, Any]:
    """Return how to sign in as the commander, the leader of a squadron, and a member of it who is often on duty."""
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


def _sign_in(person: demo.Person) -> dict[str, str]:
    number = Volunteer.objects.get(user__phone_key=phone_key(person.phone)).number
    return {
        "number": f"{number:08d}",
        "phone": person.phone,
        "name": person.name,
        "unit": person.unit.number,
        "unit_name": person.unit.display_name,
    }
