"""Partners choose what those above see, a new one keeps its people from its first leader on; operators name kinds."""

from datetime import datetime

from django.db import transaction

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.lib.errors import Invalid, require
from backend.partners.acts import Acts
from backend.partners.events import EmploymentChanged, SharingChanged
from backend.partners.models import Kind, Shares, Sharing
from backend.partners.queries import kinds, shared_by
from backend.partners.rules import is_partner, may_choose
from backend.partners.schemas import SharingIn
from backend.tracking.models import scope_of
from backend.tracking.positions import forget_scope
from backend.volunteers.locks import lock_formation
from backend.volunteers.models import MANAGING_ROLES, Membership, Post, Unit, UnitKind
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.rules import may_manage
from backend.volunteers.services.memberships import lock_volunteer, note_employment
from backend.volunteers.services.seats import lock_unit
from backend.volunteers.services.units import keep_people

MOST_KINDS = 200


@transaction.atomic
def choose_sharing(*, unit: Unit, wanted: SharingIn, by: User, at: datetime) -> Unit:
    """Say what those above a partner see of its people, and whom they ask; the same again changes nothing.

    Locks the formation and the units of the partner. Raises NotFound to all but the partner's own leaders, UnitRetired.
    """
    require(may_choose(by, unit, at))
    lock_formation()
    unit = lock_unit(unit)
    grant = require(may_choose(by, unit, at))
    sharing = shared_by(unit)
    content = wanted.model_dump()
    if sharing.chosen_at and all(getattr(sharing, name) == value for name, value in content.items()):
        return unit
    before = sharing.shares
    Sharing.objects.update_or_create(unit=unit, defaults={**content, "chosen_at": at})
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.SHARING_CHOSEN, f"unit.{unit.pk}", shares=str(wanted.shares), before=str(before))
        _follow(unit, wanted.shares, act)
    return unit


@transaction.atomic
def set_employment(*, unit: Unit, number: str, employee: bool, by: User, at: datetime) -> Membership:
    """Say whether a member of a partner's unit serves there as an employee or as a volunteer; again changes nothing.

    Locks the volunteer. Raises NotFound unless `by` manages the unit, which is a partner's, and the person is a member.
    """
    grant = require(may_manage(by, unit, at))
    require(unit.kind == UnitKind.PARTNER)
    volunteer = lock_volunteer(volunteer_numbered(number).pk)
    membership = require(
        Membership.objects.select_related("unit").filter(volunteer=volunteer, unit=unit).first()
    )
    if membership.is_employee != employee:
        note_employment(membership, is_employee=employee)
        with acting(by=by, at=at, grant=grant) as act:
            subject = f"volunteer.{volunteer.pk}"
            act.record(Acts.EMPLOYMENT_CHANGED, subject, unit=unit.number, employee=employee)
            act.tell(volunteer.topic, EmploymentChanged(unit=unit.number, employee=employee))
    return membership


def begin_with_leader(post: Post, *, act: Act) -> None:
    """Have a partner that was made by those above keep its people to itself, now that a leader of its own has a post.

    Its unit is locked. A partner that was there before partners could choose has its row, and keeps today's view.
    """
    unit = post.unit
    if post.role not in MANAGING_ROLES or not is_partner(unit):
        return
    sharing, is_new = Sharing.objects.get_or_create(unit=unit, defaults={"shares": Shares.CONTACT})
    if is_new:
        act.record(Acts.SHARING_BEGUN, f"unit.{unit.pk}", shares=str(sharing.shares))
        _follow(unit, Shares.CONTACT, act)


def _follow(unit: Unit, shares: Shares, act: Act) -> None:
    """Have every door follow what a partner shares now, and tell it; its people leave the maps that showed them."""
    keeps = shares != Shares.ALL
    if keeps != bool(unit.closed_depth):
        forget_scope(scope_of(unit.path, unit.closed_depth), at=act.at)
        keep_people(unit, keeps=keeps, act=act)
    act.tell(unit.topic, SharingChanged(unit=unit.number, shares=shares))


@transaction.atomic
def set_kind(
    *,
    code: str,
    english: str | None = None,
    chinese: str | None = None,
    position: int | None = None,
    in_use: bool | None = None,
    at: datetime,
) -> bool:
    """Add a kind of partner, or change one, for an operator at the machine; what is None stays. Tells what changed.

    A kind is never deleted: units are of it. Raises Invalid for a new one without both names, or beyond 200 kinds.
    """
    known = {kind.code: kind for kind in kinds()}
    kind = known.get(code)
    if kind is None and (not english or not chinese or len(known) >= MOST_KINDS):
        raise Invalid(errors=[{"pointer": "/names", "detail": "a new kind needs a name in both languages"}])
    kind = kind or Kind(code=code, position=max(one.position for one in known.values()) + 10)
    wanted = {"name_en": english, "name_zh": chinese, "position": position, "in_use": in_use}
    changes = {
        name: value for name, value in wanted.items() if value is not None and getattr(kind, name) != value
    }
    if not changes:
        return False
    for name, value in changes.items():
        setattr(kind, name, value)
    kind.full_clean(validate_unique=False)
    kind.save()
    with acting(by=None, at=at) as act:
        act.record(
            Acts.PARTNER_KIND_CHANGED, f"partner_kind.{code}", in_use=kind.in_use, is_new=code not in known
        )
    return True
