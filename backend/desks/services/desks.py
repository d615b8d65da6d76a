"""Units get a duty desk with a telephone, and lose it; who is on it is told when an edit changes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.desks.acts import Acts
from backend.desks.events import DeskChanged
from backend.desks.models import DESK_KINDS, Desk, Shift
from backend.desks.queries.plans import plan_of
from backend.lib.errors import Refusal, require
from backend.volunteers.models import Unit, UnitKind
from backend.volunteers.rules import may_manage
from backend.volunteers.services.seats import lock_unit


class NoDeskHere(Refusal):
    """Duty desks are of brigades and the levels above."""

    slug = "no-desk-here"
    text = _("Only brigades and the levels above have a duty desk.")


class DeskMissing(Refusal):
    """This unit has no duty desk: give it a telephone first."""

    slug = "desk-missing"
    text = _("This unit has no duty desk yet. Give it a telephone first.")


@transaction.atomic
def keep_desk(*, unit: Unit, phone: str, by: User, at: datetime) -> Desk:
    """Give a unit a desk with a telephone, or the desk another telephone; the same again changes nothing.

    Locks the unit. Raises NotFound unless `by` manages it, NoDeskHere, UnitRetired.
    """
    grant = require(may_manage(by, unit, at))
    unit = lock_desk(unit)
    desk = Desk.objects.filter(unit=unit).first()
    if desk is not None and desk.phone == phone:
        return desk
    desk, _made = Desk.objects.update_or_create(
        unit=unit, defaults={"phone": phone}, create_defaults={"phone": phone, "made_at": at}
    )
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.DESK_CHANGED, f"unit.{unit.pk}")
        act.tell(unit.topic, DeskChanged(unit=unit.number))
    return desk


@transaction.atomic
def end_desk(*, unit: Unit, by: User, at: datetime) -> None:
    """End the desk of a unit, with its plan; again changes nothing. What was handed over stays for its time.

    Locks the unit. Raises NotFound unless `by` manages it, NoDeskHere, UnitRetired.
    """
    grant = require(may_manage(by, unit, at))
    unit = lock_desk(unit)
    if Desk.objects.filter(unit=unit).exists():
        with acting(by=by, at=at, grant=grant) as act:
            take_desk_away(unit, act=act)
            act.tell(unit.topic, DeskChanged(unit=unit.number))


def take_desk_away(unit: Unit, *, act: Act) -> None:
    """Delete the desk of a locked unit, with its plan, if it has one."""
    desks, _each = Desk.objects.filter(unit=unit).delete()
    if desks:
        shifts, _each = Shift.objects.filter(unit=unit).delete()
        act.record(Acts.DESK_ENDED, f"unit.{unit.pk}", shifts=shifts)


def lock_desk(unit: Unit) -> Unit:
    """Lock a unit that can have a desk: edits of its plan go one after the other. Raises NoDeskHere, UnitRetired."""
    require(UnitKind(unit.kind) in DESK_KINDS, NoDeskHere)
    return lock_unit(unit)


@contextmanager
def telling_changes(unit: Unit, *, act: Act) -> Iterator[None]:
    """Tell the unit's topic when what is done inside has changed who is on the desk now."""
    before = _on_desk(unit, act.at)
    yield
    if _on_desk(unit, act.at) != before:
        act.tell(unit.topic, DeskChanged(unit=unit.number))


def _on_desk(unit: Unit, at: datetime) -> tuple[object, ...]:
    plan = plan_of(unit, at=at)
    turn = plan.now(at)
    holder = plan.holder(turn) if turn else None
    return (holder and holder.pk, turn and turn.shift.deputy_id, turn and turn.until_at)
