"""People who come to help without a number get a temporary one, and one for life when they stay."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.audit.services import record
from backend.lib.errors import NotAllowed, Refusal, require, required
from backend.lib.names import same_name
from backend.realtime.log import Announcement, publish_all
from backend.realtime.renumbering import renumber
from backend.realtime.sessions import NUMBER_CHANGED, revoke_session
from backend.volunteers.events import NumberChanged
from backend.volunteers.models import (
    DISPATCHING_ROLES,
    Device,
    NumberAlias,
    Series,
    Unit,
    User,
    Volunteer,
    WalkIn,
    line_to,
    series_of,
)
from backend.volunteers.queries.numbers import volunteer_by_number
from backend.volunteers.rules import may_see_person, post_over, post_that_manages_person
from backend.volunteers.services.allowed import allowed_by
from backend.volunteers.services.finding import finding
from backend.volunteers.services.number_bounds import require_walk_ins
from backend.volunteers.services.numbers import issue_number, lock_counter, take_numbers
from backend.volunteers.services.people import create_volunteer

CarryOver = Callable[[Volunteer, str, datetime], None]
_CARRIED_OVER: list[CarryOver] = []


def carries_over(act: CarryOver) -> CarryOver:
    """Register what a volunteer with a new number is told again, who may not have heard it on the old topic, given."""
    _CARRIED_OVER.append(act)
    return act


class WalkInIdTaken(Refusal):
    """Somebody else was registered with this id; make a new one."""


def register_walk_in(
    *,
    walk_in_id: UUID,
    unit: Unit,
    name: str,
    phone: str = "",
    born_on: date | None = None,
    by: User,
    at: datetime,
) -> Volunteer:
    """Register somebody on the spot with a temporary number, as a member of `unit`.

    Locks the counter of temporary numbers. The same id, unit and name is a retry and returns the person. Raises
    NotFound for a unit that `by` may not dispatch, WalkInIdTaken, PhoneTaken, TooManyFound, TooManyNumbers,
    NumbersExhausted.
    """
    post = allowed_by(post_over(by, unit, at, DISPATCHING_ROLES))
    with finding(phone, how="registration", by=by, at=at):
        return _register(walk_in_id, unit, name, phone, born_on, post, by, at)


@transaction.atomic
def _register(
    walk_in_id: UUID,
    unit: Unit,
    name: str,
    phone: str,
    born_on: date | None,
    post: str,
    by: User,
    at: datetime,
) -> Volunteer:
    counter = lock_counter(Series.TEMPORARY)
    earlier = WalkIn.objects.select_related("volunteer").filter(pk=walk_in_id).first()
    if earlier is not None:
        require(earlier.unit_id == unit.pk and same_name(earlier.volunteer.name, name), WalkInIdTaken)
        return earlier.volunteer
    require_walk_ins(by, at=at)
    (number,) = take_numbers(counter, 1)
    volunteer = create_volunteer(
        name=name, phone=phone, born_on=born_on, units=[unit], number=number, post=post, by=by, at=at
    )
    WalkIn.objects.create(pk=walk_in_id, volunteer=volunteer, unit=unit, registered_by=by, registered_at=at)
    return volunteer


@transaction.atomic
def give_life_number(*, number: int, by: User, at: datetime) -> Volunteer:
    """Give whoever has this temporary number one for life; the old one leads to them for ever.

    Locks the volunteer. Sockets close: phones hear `number.changed` first, renew their tokens, and join the topic of
    the new number. Whoever has a number for life keeps it. Raises NotFound, NotAllowed for whoever may only dispatch
    the person, NumbersExhausted.
    """
    found = volunteer_by_number(number)
    volunteer = Volunteer.objects.select_for_update(of=("self",)).select_related("user").get(pk=found.pk)
    require(may_see_person(by, volunteer, at))
    post = required(post_that_manages_person(by, volunteer, at), NotAllowed)
    if series_of(volunteer.number) == Series.LIFE:
        return volunteer
    before, topic = volunteer.number, volunteer.topic
    volunteer.number = issue_number()
    volunteer.save(update_fields=["number"])
    NumberAlias.objects.create(number=before, volunteer=volunteer)
    _carry_over(volunteer, before, topic, at)
    record(
        "number.changed",
        subject=f"volunteer.{volunteer.pk}",
        by=by,
        at=at,
        before=f"{before:08d}",
        after=f"{volunteer.number:08d}",
        post=post.title,
    )
    return volunteer


def _carry_over(volunteer: Volunteer, before: int, topic: str, at: datetime) -> None:
    """Move what hangs on a number to the new one, tell the person's phones, and have them come back."""
    paths = volunteer.memberships.values_list("unit__path", flat=True)
    line = {above for path in paths for above in line_to(path)}
    topics = [topic, *(unit.topic for unit in Unit.objects.filter(path__in=line))]
    renumber(before, volunteer.number, topics=topics, at=at)
    changed = NumberChanged(before=f"{before:08d}", number=f"{volunteer.number:08d}")
    publish_all([Announcement(topic, changed)], at=at)
    for session in Device.objects.filter(user=volunteer.user, revoked_at=None).values_list(
        "session", flat=True
    ):
        revoke_session(session, at=at, code=NUMBER_CHANGED)
    for tell_again in _CARRIED_OVER:
        tell_again(volunteer, topic, at)
