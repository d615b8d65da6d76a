"""Volunteers with a temporary number get one for life when they stay."""

from datetime import datetime

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.lib.errors import NotAllowed, require
from backend.realtime.people import renumber
from backend.realtime.sessions import NUMBER_CHANGED
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.events import NumberChanged
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import (
    NumberAlias,
    Series,
    Unit,
    Volunteer,
    line_to,
    series_of,
)
from backend.volunteers.queries.numbers import volunteer_by_number
from backend.volunteers.rules import may_manage_person, may_see_person
from backend.volunteers.services.numbers import issue_number


@transaction.atomic
def give_life_number(*, number: int, by: User, at: datetime) -> Volunteer:
    """Give the volunteer with this temporary number one for life; the old one leads to the volunteer for ever.

    Locks the volunteer. Sockets close: phones hear `number.changed` first, renew their tokens, and join the topic of
    the new number. A volunteer with a number for life keeps it. Raises NotFound, NotAllowed for a caller who may
    only dispatch the volunteer, NumbersExhausted.
    """
    found = volunteer_by_number(number)
    volunteer = volunteers_to_lock().select_related("user").get(pk=found.pk)
    require(may_see_person(by, volunteer, at))
    grant = require(may_manage_person(by, volunteer, at), NotAllowed)
    if series_of(volunteer.number) == Series.LIFE:
        return volunteer
    before, topic = volunteer.number, volunteer.topic
    volunteer.number = issue_number()
    volunteer.save(update_fields=["number"])
    NumberAlias.objects.create(number=before, volunteer=volunteer)
    with acting(by=by, at=at, grant=grant) as act:
        _carry_over(volunteer, before, topic, act)
        after = f"{volunteer.number:08d}"
        act.record(Acts.NUMBER_CHANGED, f"volunteer.{volunteer.pk}", before=f"{before:08d}", after=after)
    return volunteer


def _carry_over(volunteer: Volunteer, before: int, topic: str, act: Act) -> None:
    """Move what hangs on a number to the new one, tell the person's phones, and have them come back."""
    paths = volunteer.memberships.values_list("unit__path", flat=True)
    line = {above for path in paths for above in line_to(path)}
    topics = [topic, *(unit.topic for unit in Unit.objects.filter(path__in=line))]
    renumber(before, volunteer.number, topics=topics)
    changed = NumberChanged(before=f"{before:08d}", number=f"{volunteer.number:08d}")
    act.tell(topic, changed)
    for session in volunteer.user.devices.not_revoked().values_list("session", flat=True):
        act.end_session(session, code=NUMBER_CHANGED)
    hooks.number_changed(volunteer, before=before, act=act)
