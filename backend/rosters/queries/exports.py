"""Reads the people of a unit for a file, portion by portion."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from backend.accounts.models import User
from backend.lib.encryption import unseal
from backend.volunteers.models import Membership, Unit, Volunteer
from backend.volunteers.number_scheme import format_unit_number
from backend.volunteers.queries.masking import seen_in_full, shown
from backend.volunteers.rules import seen_from

PORTION = 2_000
_UNITS = 20
"""Units that are read together."""


@dataclass(frozen=True, slots=True)
class ExportedPerson:
    """A line of an exported roster; the phone is open or masked already."""

    number: str
    name: str
    phone: str
    born_on: str
    unit_number: str
    unit_name: str
    skills: str
    standing: str


def exported_people(unit: Unit, user: User, *, at: datetime) -> Iterator[list[ExportedPerson]]:
    """Yield the members of the unit and of those below it, by membership, `PORTION` at a time.

    Phones are masked as everywhere, identity cards are never in it. Each portion is a query of its own, so that nothing
    is held between them.
    """
    below = list(Unit.objects.filter(seen_from(unit.path)).order_by("path").values_list("pk", flat=True))
    for start in range(0, len(below), _UNITS):
        for portion in _portions(below[start : start + _UNITS]):
            people = [membership.volunteer_id for membership in portion]
            whole, skills = seen_in_full(user, people, at=at), _skills_of(people)
            yield [_exported(membership, membership.volunteer_id in whole, skills) for membership in portion]


def count_of_people(unit: Unit) -> int:
    """Return how many lines the export has."""
    below = Unit.objects.filter(seen_from(unit.path))
    return Membership.objects.filter(unit__in=below.values("pk"), volunteer__user__is_active=True).count()


def _portions(unit_ids: list[int]) -> Iterator[list[Membership]]:
    """Yield the memberships of a few units in the order of the tree.

    Their keys are read first: asked for a portion in the order of the keys, PostgreSQL may go through all memberships.
    """
    rows = Membership.objects.filter(unit__in=unit_ids, volunteer__user__is_active=True)
    keys = sorted(rows.values_list("unit__path", "pk"))
    for start in range(0, len(keys), PORTION):
        portion = [key for _, key in keys[start : start + PORTION]]
        found = Membership.objects.select_related("volunteer__user", "unit").in_bulk(portion)
        yield [found[key] for key in portion if key in found]


def _exported(membership: Membership, whole: bool, skills: dict[int, list[str]]) -> ExportedPerson:
    volunteer, unit = membership.volunteer, membership.unit
    phone = unseal(volunteer.user.phone_sealed, "phone")
    return ExportedPerson(
        number=f"{volunteer.number:08d}",
        name=volunteer.name,
        phone=shown(phone, whole=whole),
        born_on=volunteer.born_on.isoformat() if volunteer.born_on else "",
        unit_number=format_unit_number(unit.number),
        unit_name=unit.display_name,
        skills="、".join(skills.get(volunteer.pk, [])),
        standing=volunteer.standing,
    )


def _skills_of(volunteer_ids: list[int]) -> dict[int, list[str]]:
    held = Volunteer.skills.through.objects.filter(volunteer_id__in=volunteer_ids)
    found: dict[int, list[str]] = {}
    for volunteer_id, code in held.order_by("skill__code").values_list("volunteer_id", "skill__code"):
        found.setdefault(volunteer_id, []).append(code)
    return found
