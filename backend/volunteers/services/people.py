"""Volunteers join, and are appointed to posts."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.accounts.locks import lock_devices
from backend.accounts.models import User
from backend.accounts.services.devices import end_easy_sign_ins
from backend.accounts.services.phones import open_account
from backend.lib.errors import Invalid
from backend.realtime.access import access_changed
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import DISPATCHING_ROLES, Post, Purpose, Role, Skill, Unit, Volunteer
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.services.consents import agree_on_paper
from backend.volunteers.services.counts import Counts, change_counts
from backend.volunteers.services.ends import end_posts, lasting
from backend.volunteers.services.numbers import issue_number
from backend.volunteers.services.seats import lock_unit, lock_units, take_seat

LEADER_SEAT = 1


def refuse_future_birth(born_on: date | None, at: datetime) -> None:
    """Raise Invalid for a date of birth that has not come in any time zone yet."""
    if born_on is not None and born_on > at.date() + timedelta(days=1):  # somewhere it is tomorrow
        raise Invalid(errors=[{"pointer": "/born_on", "detail": "must not lie in the future"}])


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
    shared_phone: bool = False,
    by: User | None,
    at: datetime,
) -> Volunteer:
    """Take a person in on the command line, or for a demo: no post allows it. Does what `add_volunteer` does."""
    with acting(by=by, at=at) as act:
        return add_volunteer(
            name=name,
            phone=phone,
            password=password,
            born_on=born_on,
            units=units,
            skills=skills,
            number=number,
            agrees_to=agrees_to,
            shared_phone=shared_phone,
            act=act,
        )


def add_volunteer(
    *,
    name: str,
    phone: str | None,
    password: str | None = None,
    born_on: date | None = None,
    units: Sequence[Unit] = (),
    skills: Collection[str] = (),
    number: int | None = None,
    agrees_to: Collection[Purpose] = (),
    shared_phone: bool = False,
    act: Act,
) -> Volunteer:
    """Make an account and a volunteer with a new number; the first of `units` is the primary one. Locks the units.

    `number` is one that was set aside for this person: the calling code has made sure of it. `agrees_to` is what the
    person has agreed to on paper. Without a password the person cannot sign in yet. `shared_phone`: others may have the
    phone too. Raises PhoneTaken, PhoneFull, UnitRetired, or Invalid for an unknown skill or a date of birth to come.
    """
    refuse_future_birth(born_on, act.at)
    known = list(Skill.objects.filter(code__in=skills))
    if len(known) != len(set(skills)):
        raise Invalid(errors=[{"pointer": "/skills", "detail": "unknown skill"}])
    user = open_account(phone, password, shared=shared_phone, act=act)
    volunteer = Volunteer.objects.create(
        user=user, number=number or issue_number(), name=name, born_on=born_on
    )
    volunteer.skills.set(known)
    lock_units(units)
    for unit in units:
        take_seat(volunteer=volunteer, unit=unit, is_primary=unit is units[0], at=act.at)
    change_counts({unit.pk: Counts(members=1) for unit in units[:1]}, at=act.at)
    agree_on_paper([volunteer], agrees_to, at=act.at)
    act.record(Acts.VOLUNTEER_CREATED, f"volunteer.{volunteer.pk}")
    return volunteer


def appoint(
    *,
    volunteer: Volunteer,
    unit: Unit,
    role: Role,
    since: datetime | None = None,
    until: datetime | None = None,
    acting_for: Post | None = None,
    by: User | None,
    at: datetime,
) -> Post:
    """Give a post on the command line, or for a demo: no post allows it."""
    with transaction.atomic(), acting(by=by, at=at) as act:
        lock_devices([volunteer.user_id])
        list(volunteers_to_lock().filter(pk=volunteer.pk))
        return fill_post(
            volunteer=volunteer,
            unit=unit,
            role=role,
            since=since or at,
            until=until,
            acting_for=acting_for,
            act=act,
        )


def fill_post(
    *,
    volunteer: Volunteer,
    unit: Unit,
    role: Role,
    since: datetime,
    until: datetime | None = None,
    acting_for: Post | None = None,
    given_by: Post | None = None,
    act: Act,
) -> Post:
    """Give a post in a unit, from `since` on; a new leader follows the one before, whose post ends then.

    Locks the unit; the holder and their devices are locked. Checks only whether the post before may be ended;
    `give_post` checks whether this one may be given.
    `given_by` is the post of the giver. Raises UnitRetired, BeyondOwnPost.
    """
    unit = lock_unit(unit)
    if role == Role.LEADER:
        seat = LEADER_SEAT
        before = lasting(since).filter(unit=unit, seat=LEADER_SEAT).select_related("unit", "volunteer")
        end_posts(before, act=act, at=since)
    else:
        (seat,) = free_seats(unit, count=1, at=act.at)
    post = Post.objects.create(
        volunteer=volunteer,
        unit=unit,
        role=role,
        seat=seat,
        from_at=since,
        until_at=until,
        acting_for=acting_for,
        given_by=given_by,
        is_acting=acting_for is not None or (given_by is not None and given_by.is_acting),
    )
    for moment in (since, until):
        if moment is not None:
            access_changed([volunteer.topic], at=moment)
    act.record(Acts.POST_GIVEN, f"volunteer.{volunteer.pk}", unit=unit.number, role=str(role))
    if role in DISPATCHING_ROLES:
        end_easy_sign_ins(volunteer.user, act=act)
    hooks.post_given(post, act=act)
    return post
