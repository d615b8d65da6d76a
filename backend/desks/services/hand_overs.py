"""A desk is handed over: the person who leaves writes what is open and signs, the person who takes over signs too."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import acting
from backend.accounts.models import User
from backend.desks.acts import Acts
from backend.desks.models import HandOver
from backend.desks.queries.desks import MOST_OPEN
from backend.desks.queries.plans import plan_of
from backend.desks.rules import AROUND_TURN, is_of_plan
from backend.desks.schemas import HandOverIn
from backend.desks.services.desks import lock_desk
from backend.lib.errors import SENT_BEFORE, NotAllowed, Refusal, require
from backend.lib.made import Made, unless_taken
from backend.volunteers.models import Unit


class HandOverIdTaken(Refusal):
    """There is another hand-over with this id; make a new one."""

    slug = "hand-over-id-taken"
    text = SENT_BEFORE


class HandOverTaken(Refusal):
    """Another person has signed this hand-over already."""

    slug = "hand-over-taken"
    text = _("Another person has signed this hand-over already.")


class TooManyHandOvers(Refusal):
    """Too many hand-overs of this desk wait for a signature; have some signed first."""

    slug = "too-many-hand-overs"
    text = _("Too many hand-overs of this desk wait for a signature. Have some signed first.")


@transaction.atomic
def give_hand_over(*, unit: Unit, wanted: HandOverIn, by: User, at: datetime) -> Made[HandOver]:
    """Sign what is open as the person who leaves the desk: in a turn of the caller's, or up to 12 hours after it.

    Who is on the desk follows from the plan alone. The same id and content again is a retry. Locks the unit. Raises
    NotFound unless `by` is of the plan, NotAllowed without a turn then, HandOverIdTaken, TooManyHandOvers, NoDeskHere.
    """
    require(is_of_plan(by, unit, at))
    unit = lock_desk(unit)
    known = _read(wanted.id)
    if known is not None:
        kept = known.unit_id, known.given_by_id, known.matters
        require(kept == (unit.pk, by.volunteer.pk, wanted.matters), HandOverIdTaken)
        return Made(known, is_new=False)
    plan = plan_of(unit, at=at, since=at - AROUND_TURN)
    require(plan.is_on(by.volunteer, at - AROUND_TURN, at), NotAllowed)
    waiting = HandOver.objects.standing_open().filter(unit=unit)
    require(waiting.count() < MOST_OPEN, TooManyHandOvers)
    with acting(by=by, at=at) as act:
        with unless_taken(HandOverIdTaken):
            one = HandOver.objects.create(
                pk=wanted.id, unit=unit, given_by=by.volunteer, given_at=at, matters=wanted.matters
            )
        act.record(Acts.HAND_OVER_GIVEN, f"hand_over.{one.pk}", matters=len(wanted.matters))
    return Made(one, is_new=True)


@transaction.atomic
def take_hand_over(*, unit: Unit, hand_over_id: UUID, by: User, at: datetime) -> HandOver:
    """Sign as the person who takes the desk over: in a turn of the caller's, or up to 12 hours before it.

    Again by the same person changes nothing. Locks the unit. Raises NotFound unless `by` is of the plan and it is
    one of the desk's hand-overs; NotAllowed without a turn then and for the person who gave it; HandOverTaken.
    """
    require(is_of_plan(by, unit, at))
    unit = lock_desk(unit)
    one = require(_read(hand_over_id))
    require(one.unit_id == unit.pk)
    own = by.volunteer
    if not one.is_open:
        require(one.taken_by_id == own.pk, HandOverTaken)
        return one
    plan = plan_of(unit, at=at)
    require(own.pk != one.given_by_id and plan.is_on(own, at, at + AROUND_TURN), NotAllowed)
    with acting(by=by, at=at) as act:
        one.save(update_fields=one.take(by=own, at=at))
        act.record(Acts.HAND_OVER_TAKEN, f"hand_over.{one.pk}")
    return one


def _read(hand_over_id: UUID) -> HandOver | None:
    return HandOver.objects.select_related("given_by", "taken_by").filter(pk=hand_over_id).first()
