"""Volunteers join, and are appointed to posts."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from backend.audit.services import record
from backend.lib.errors import Invalid, Refusal
from backend.realtime.access import access_changed
from backend.volunteers.models import Post, Purpose, Role, Skill, Unit, User, Volunteer, phone_key
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.services.consents import agree_on_paper
from backend.volunteers.services.counts import Counts, change_counts
from backend.volunteers.services.numbers import issue_number
from backend.volunteers.services.seats import lock_unit, lock_units, take_seat

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
    number: int | None = None,
    agrees_to: Collection[Purpose] = (),
    post: str = "",
    by: User | None,
    at: datetime,
) -> Volunteer:
    """Make an account and a volunteer with a new number; the first of `units` is the primary one. Locks the units.

    `number` is one that was set aside for this person: the caller has made sure of it. `agrees_to` is what the person
    has agreed to on paper, `post` the title of the post that allows the act. Without a password nobody can sign in
    yet. Raises PhoneTaken, UnitRetired, or Invalid for an unknown skill.
    """
    known = list(Skill.objects.filter(code__in=skills))
    if len(known) != len(set(skills)):
        raise Invalid(errors=[{"pointer": "/skills", "detail": "unknown skill"}])
    if phone and User.objects.filter(phone_key=phone_key(phone)).exists():
        raise PhoneTaken
    try:
        with transaction.atomic():
            user = User.objects.create_user(phone, password)
    except IntegrityError as error:  # somebody else has registered the same phone at this moment
        raise PhoneTaken from error
    volunteer = Volunteer.objects.create(
        user=user, number=number or issue_number(), name=name, born_on=born_on
    )
    volunteer.skills.set(known)
    lock_units(units)
    for unit in units:
        take_seat(volunteer=volunteer, unit=unit, is_primary=unit is units[0], at=at)
    change_counts({unit.pk: Counts(members=1) for unit in units[:1]}, at=at)
    agree_on_paper([volunteer], agrees_to, at=at)
    record("volunteer.created", subject=f"volunteer.{volunteer.pk}", by=by, at=at, post=post)
    return volunteer


@transaction.atomic
def appoint(
    *,
    volunteer: Volunteer,
    unit: Unit,
    role: Role,
    since: datetime | None = None,
    until: datetime | None = None,
    acting_for: Post | None = None,
    allowed_by: str = "",
    by: User | None,
    at: datetime,
) -> Post:
    """Give a post in a unit, from `since` (now) on; a new leader follows the one before, whose post ends then.

    Locks the unit. Asks nobody's leave: that is `give_post`; `allowed_by` is the title of the post that allows it.
    Raises UnitRetired.
    """
    since = since or at
    unit = lock_unit(unit)
    if role == Role.LEADER:
        seat = LEADER_SEAT
        before = Post.objects.filter(Q(until_at=None) | Q(until_at__gt=since), unit=unit, seat=LEADER_SEAT)
        end_posts(list(before.select_related("unit")), at=since)
    else:
        (seat,) = free_seats(unit, count=1, at=at)
    post = Post.objects.create(
        volunteer=volunteer,
        unit=unit,
        role=role,
        seat=seat,
        from_at=since,
        until_at=until,
        acting_for=acting_for,
    )
    for moment in (since, until):
        if moment is not None:
            access_changed([volunteer.topic], at=moment)
    details = {"unit": unit.number, "role": str(role), "post": allowed_by}
    record("post.given", subject=f"volunteer.{volunteer.pk}", by=by, at=at, **details)
    return post


def end_posts(posts: Sequence[Post], *, at: datetime) -> None:
    """End posts at `at`, and those of the deputies who stand in for their holders; what has not begun never does."""
    acting = list(Post.objects.filter(Q(until_at=None) | Q(until_at__gt=at), acting_for__in=posts))
    for post in (*posts, *acting):
        post.until_at = max(at, post.from_at)
        post.save(update_fields=["until_at"])
    holders = Volunteer.objects.filter(posts__in=[*posts, *acting]).only("number").distinct()
    access_changed([holder.topic for holder in holders], at=at)


@transaction.atomic
def choose_language(*, language: str, by: User, at: datetime) -> None:
    """Remember the language that pages and notifications speak to this person."""
    by.language = language
    by.save(update_fields=["language"])
    record("language.chosen", subject=f"user.{by.pk}", by=by, at=at, language=language)
