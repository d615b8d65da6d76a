"""Volunteers join, and are appointed to posts."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import transaction

from backend.audit.services import record
from backend.lib.errors import Invalid, Refusal
from backend.volunteers.models import Membership, Post, Purpose, Role, Skill, Unit, User, Volunteer, phone_key
from backend.volunteers.services.consents import agree_on_paper
from backend.volunteers.services.numbers import issue_number

LEADER_SEAT = 1


class PhoneTaken(Refusal):
    """Somebody has this phone already."""


@transaction.atomic
def create_volunteer(
    *,
    name: str,
    phone: str | None,
    password: str | None = None,
    born_on: date | None = None,
    units: Sequence[Unit] = (),
    skills: Collection[str] = (),
    agrees_to: Collection[Purpose] = (),
    by: User | None,
    at: datetime,
) -> Volunteer:
    """Make an account and a volunteer with a new number; the first of `units` is the primary one.

    `agrees_to` is what the person has agreed to on paper. Without a password nobody can sign in yet. Raises PhoneTaken,
    or Invalid for an unknown skill.
    """
    known = list(Skill.objects.filter(code__in=skills))
    if len(known) != len(set(skills)):
        raise Invalid(errors=[{"pointer": "/skills", "detail": "unknown skill"}])
    if phone and User.objects.filter(phone_key=phone_key(phone)).exists():
        raise PhoneTaken
    user = User.objects.create_user(phone, password)
    volunteer = Volunteer.objects.create(user=user, number=issue_number(), name=name, born_on=born_on)
    volunteer.skills.set(known)
    Membership.objects.bulk_create(
        [Membership(volunteer=volunteer, unit=unit, is_primary=unit is units[0]) for unit in units]
    )
    agree_on_paper([volunteer], agrees_to, at=at)
    record("volunteer.created", subject=f"volunteer.{volunteer.pk}", by=by, at=at)
    return volunteer


@transaction.atomic
def appoint(
    *,
    volunteer: Volunteer,
    unit: Unit,
    role: Role,
    until: datetime | None = None,
    by: User | None,
    at: datetime,
) -> Post:
    """Give a post in a unit; a new leader follows the one before, whose post ends now. Locks the unit."""
    Unit.objects.select_for_update().get(pk=unit.pk)
    held = Post.objects.filter(unit=unit, until_at=None)
    if role == Role.LEADER:
        held.filter(seat=LEADER_SEAT).update(until_at=at)
        seat = LEADER_SEAT
    else:
        taken = set(held.values_list("seat", flat=True)) | {LEADER_SEAT}
        seat = next(number for number in range(2, len(taken) + 3) if number not in taken)
    post = Post.objects.create(
        volunteer=volunteer, unit=unit, role=role, seat=seat, from_at=at, until_at=until
    )
    record("post.given", subject=f"volunteer.{volunteer.pk}", by=by, at=at, unit=unit.number, role=str(role))
    return post


@transaction.atomic
def choose_language(*, language: str, by: User, at: datetime) -> None:
    """Remember the language that pages and notifications speak to this person."""
    by.language = language
    by.save(update_fields=["language"])
    record("language.chosen", subject=f"user.{by.pk}", by=by, at=at, language=language)
