"""Units are made, renamed, moved, split, merged and retired; their numbers stay theirs for life."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backend.accounts.acting import Act, acting
from backend.accounts.models import User
from backend.lib.bulk import update_rows
from backend.lib.errors import Invalid, NotFound, Refusal, require
from backend.realtime.access import WATCHERS, access_changed
from backend.volunteers import hooks
from backend.volunteers.acts import Acts
from backend.volunteers.events import UnitChanged
from backend.volunteers.grants import Grant
from backend.volunteers.locks import lock_formation, units_to_lock
from backend.volunteers.models import Membership, Unit, UnitKind, not_retired
from backend.volunteers.principals import forget_lines
from backend.volunteers.queries.numbers import volunteer_numbered
from backend.volunteers.queries.seats import free_seats
from backend.volunteers.queries.units import unit_outs
from backend.volunteers.rules import may_manage, may_reshape, within
from backend.volunteers.schemas.formation import SplitIn, UnitChange, UnitIn
from backend.volunteers.services.counts import recount
from backend.volunteers.services.ends import end_posts, lasting
from backend.volunteers.services.roster import follow_moved_units, refresh_roster
from backend.volunteers.services.seats import UnitRetired, lock_unit, lock_units
from backend.volunteers.services.unit_numbers import next_number

_BELOW = {
    UnitKind.HEADQUARTERS: UnitKind.CORPS,
    UnitKind.CORPS: UnitKind.DETACHMENT,
    UnitKind.DETACHMENT: UnitKind.BRIGADE,
    UnitKind.BRIGADE: UnitKind.SQUADRON,
}
_READ_BY_RELEASE = (
    *("security_committee", "town_patrol", "security_service", "property", "enterprise"),
    *("village_patrol", "factory_guard", "school_guard", "rescue", "famous_team"),
)
NOBODY = 0
"""A key that no volunteer has."""


class WrongPlace(Refusal):
    """A unit of this kind cannot stand there."""

    slug = "wrong-place"
    text = _("A unit of this kind cannot stand there.")


class PeopleKept(Refusal):
    """A partner that keeps its people to itself is not merged: others would see them."""

    slug = "people-kept"
    text = _("This partner keeps its people to itself. It must share them first, or they leave it.")


class UnitNotEmpty(Refusal):
    """This unit still has members or sub-units: merge it into its successor."""

    slug = "unit-not-empty"
    text = _("This unit still has members or sub-units. Merge it into its successor.")


@transaction.atomic
def create_unit(*, wanted: UnitIn, parent: Unit, by: User, at: datetime) -> Unit:
    """Make a unit below another, of the level that comes next or a partner organisation's, with the next free number.

    Idempotent: a unit of the same name and kind that stands there already is a retry's, and is returned. Locks the
    formation. Raises NotFound unless `by` looks after the parent, WrongPlace, UnitNumbersExhausted, or Invalid for a
    kind of partner that is not in use.
    """
    grant = require(may_manage(by, parent, at))
    parent = _lock_formation([parent])[0]
    kind = _kind_below(parent, is_partner=wanted.partner_kind is not None)
    siblings = Unit.objects.get_children(parent).filter(not_retired(), kind=kind, display_name=wanted.name)
    existing: Unit | None = siblings.first()
    if existing is not None:
        return existing
    if wanted.partner_kind is not None and not hooks.is_partner_kind(wanted.partner_kind):
        raise Invalid(errors=[{"pointer": "/partner_kind", "detail": "is no kind of partner that is in use"}])
    unit = _add(parent, kind, wanted.name, wanted.partner_kind or "")
    unit.brand_name = wanted.brand_name
    unit.save(update_fields=["brand_name"])
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.UNIT_CREATED, _subject(unit), number=unit.number, name=wanted.name)
    return unit


@transaction.atomic
def change_unit(*, unit: Unit, wanted: UnitChange, by: User, at: datetime) -> Unit:
    """Rename a unit, or give it another brand name; again changes nothing.

    Locks the unit. Raises NotFound unless `by` manages it, UnitRetired.
    """
    grant = require(may_manage(by, unit, at))
    unit = lock_unit(unit)
    before = (unit.display_name, unit.brand_name)
    unit.display_name = wanted.name if wanted.name is not None else unit.display_name
    unit.brand_name = wanted.brand_name if wanted.brand_name is not None else unit.brand_name
    if (unit.display_name, unit.brand_name) != before:
        unit.save(update_fields=["display_name", "brand_name"])
        names = {"name": unit.display_name, "brand_name": unit.brand_name}
        with acting(by=by, at=at, grant=grant) as act:
            act.record(Acts.UNIT_RENAMED, _subject(unit), before=list(before), **names)
            _tell(unit, act)
    return unit


@transaction.atomic
def move_unit(*, unit: Unit, parent: Unit, by: User, at: datetime) -> Unit:
    """Put a unit with all that is below it under another of the same kind as the one above now; its number stays.

    Locks the formation. Again changes nothing. Raises NotFound unless `by` looks after both units above, WrongPlace.
    """
    grant = require(may_reshape(by, unit, at))
    require(may_manage(by, parent, at))
    unit, parent = _lock_formation([unit, parent])
    above: Unit = Unit.objects.get_parent(unit)
    require(parent.kind == above.kind and not parent.path.startswith(unit.path), WrongPlace)
    if parent.pk == above.pk:
        return unit
    stands_alone = unit.closed_depth == unit.depth
    Unit.objects.move(unit, parent, "last-child")
    follow_moved_units()
    unit.refresh_from_db()
    if unit.kind == UnitKind.PARTNER:
        _close_below(unit, unit.depth if stands_alone else parent.closed_depth)
    access_changed([unit.topic, WATCHERS], at=at)
    with acting(by=by, at=at, grant=grant) as act:
        act.record(Acts.UNIT_MOVED, _subject(unit), before=above.number, after=parent.number)
        _tell(unit, act)
    return unit


@transaction.atomic
def split_unit(*, unit: Unit, wanted: SplitIn, by: User, at: datetime) -> Unit:
    """Make a unit beside another, of the same kind, and put the members named there; posts in the old one end.

    So do badges that name it. Idempotent: a unit of that name beside it is a retry's. Locks the formation and both
    units. Raises NotFound unless `by` looks after the unit above. Raises Invalid with a pointer to each number that is
    not a member's, and BeyondOwnPost for a member with a post that `by` could not end.
    """
    grant = require(may_manage(by, unit, at) and may_reshape(by, unit, at))
    (unit,) = _lock_formation([unit])
    parent: Unit = Unit.objects.get_parent(unit)
    beside = Unit.objects.get_children(parent).filter(not_retired(), kind=unit.kind, display_name=wanted.name)
    known: Unit | None = beside.first()
    new: Unit = known or _add(parent, unit.kind, wanted.name, unit.kind_of_partner)
    lock_units([unit, new])
    members = _members_named(unit, new, wanted.members)
    if known and not members:
        return known
    with acting(by=by, at=at, grant=grant) as act:
        _put(members, new, act)
        moved = [membership.volunteer for membership in members]
        hooks.membership_ended(unit, moved, was_primary=False, reason="transferred", act=act)
        act.record(Acts.UNIT_SPLIT, _subject(unit), number=new.number, members=len(members))
        access_changed([unit.topic], at=at)
        _tell(unit, act)
    return new


@transaction.atomic
def merge_units(*, unit: Unit, successor: Unit, by: User, at: datetime) -> Unit:
    """Put a unit's members and sub-units into another of the same kind, and retire it; its posts end.

    Locks the formation and both units. Again changes nothing. Raises NotFound unless `by` looks after the units above
    both, WrongPlace, PeopleKept, BeyondOwnPost for a post that `by` could not end.
    """
    grant, unit, successor = _lock_pair(unit, successor, by, at)
    require(successor.kind == unit.kind, WrongPlace)
    partner = unit.path[: unit.closed_depth * Unit.steplen]
    require(successor.path.startswith(partner), PeopleKept)
    members = list(unit.memberships.select_related("volunteer"))
    with acting(by=by, at=at, grant=grant) as act:
        _put(members, successor, act)
        for child in Unit.objects.get_children(unit).filter(not_retired()):
            child.refresh_from_db()
            Unit.objects.move(child, _fresh(successor), "last-child")
        follow_moved_units()
        if unit.kind == UnitKind.PARTNER:
            _close_below(_fresh(successor), successor.closed_depth)
        _retire(unit, successor, act, members=len(members))
    return _fresh(successor)


@transaction.atomic
def retire_unit(*, unit: Unit, successor: Unit, by: User, at: datetime) -> Unit:
    """Retire an empty unit: it has no people and nothing else in it any more; the successor answers to its number.

    Locks the formation and both units. Raises NotFound unless `by` looks after the units above both, UnitNotEmpty,
    BeyondOwnPost for a post that `by` could not end.
    """
    grant, unit, successor = _lock_pair(unit, successor, by, at)
    has_units = Unit.objects.get_children(unit).filter(not_retired()).exists()
    require(not has_units and not unit.memberships.exists(), UnitNotEmpty)
    with acting(by=by, at=at, grant=grant) as act:
        _retire(unit, successor, act)
    return _fresh(successor)


@transaction.atomic
def keep_people(unit: Unit, *, keeps: bool, act: Act) -> None:
    """Have a partner keep the people of its unit, and of those below, from the posts above it, or show them again.

    Locks these units. The sockets of those who watch look anew at what they may see.
    """
    _close_below(unit, unit.depth if keeps else 0)
    access_changed([unit.topic, WATCHERS], at=act.at)


def _close_below(unit: Unit, depth: int) -> None:
    below = Unit.objects.filter(within(unit.path))
    list(units_to_lock(below).order_by("pk"))
    below.update(closed_depth=depth)


def _fresh(unit: Unit) -> Unit:
    """Return a unit as the database has it now: moving others changes its path and counts."""
    fresh: Unit = Unit.objects.get(pk=unit.pk)
    return fresh


def _lock_formation(units: Sequence[Unit]) -> list[Unit]:
    """Lock the formation's shape, and return the units as they are now. Raises UnitRetired.

    Paths of a subtree change together, so changes of the tree are serialised: each act waits for the one before.
    """
    lock_formation()
    now = Unit.objects.in_bulk([unit.pk for unit in units])
    current = [now[unit.pk] for unit in units]
    require(not any(unit.is_retired for unit in current), UnitRetired)
    return current


def _lock_pair(unit: Unit, successor: Unit, by: User, at: datetime) -> tuple[Grant, Unit, Unit]:
    """Return the grant to end a unit in another, and both units, locked. A unit cannot end in itself or below."""
    grant = require(may_reshape(by, unit, at))
    require(may_reshape(by, successor, at))
    unit, successor = _lock_formation([unit, successor])
    require(not successor.path.startswith(unit.path), WrongPlace)
    hooks.unit_retiring(unit, successor, at=at)
    lock_units([unit, successor])
    return grant, unit, successor


def _kind_below(parent: Unit, *, is_partner: bool) -> UnitKind:
    kind = UnitKind.PARTNER if is_partner else _BELOW.get(UnitKind(parent.kind))
    is_lowest = parent.number[6:9] != "000"
    if kind is None or is_lowest:
        raise WrongPlace
    return kind


def _add(parent: Unit, kind: str, name: str, partner_kind: str) -> Unit:
    if parent.kind == UnitKind.PARTNER:
        parent = lock_unit(parent)  # it may begin to keep its people to itself at this moment
    new = Unit(
        kind=kind,
        number=next_number(parent, kind),
        official_name=name,
        display_name=name,
        partner_kind=partner_kind if partner_kind in _READ_BY_RELEASE else "",
        partner_code=partner_kind,
        closed_depth=parent.closed_depth,
        zone=parent.zone,
        lon=parent.lon,
        lat=parent.lat,
    )
    unit: Unit = Unit.objects.add_child(_fresh(parent), instance=new)
    return unit


def _members_named(unit: Unit, new: Unit, numbers: Sequence[str]) -> list[Membership]:
    """Return the memberships in a unit of the volunteers named, without members of the new one.

    Raises Invalid for all others alike: the caller must not learn whether a number is a volunteer's.
    """
    people = {_person_numbered(number): index for index, number in enumerate(numbers)}
    moved = set(Membership.objects.filter(unit=new, volunteer__in=people).values_list("volunteer", flat=True))
    found = list(
        unit.memberships.filter(volunteer__in=people).select_related("volunteer").order_by("seat", "pk")
    )
    missing = people.keys() - moved - {membership.volunteer_id for membership in found}
    if missing:
        raise Invalid(
            errors=[
                {"pointer": f"/members/{people[pk]}", "detail": "is no member of this unit"} for pk in missing
            ]
        )
    return found


def _person_numbered(number: str) -> int:
    """Return the key of the volunteer with a number; 0 for a number that no volunteer has."""
    try:
        return volunteer_numbered(number).pk
    except NotFound:
        return NOBODY


def _put(members: Sequence[Membership], to: Unit, act: Act) -> None:
    """Make members those of another unit, with new seats there; posts in the old one end. Both are locked."""
    people = [membership.volunteer_id for membership in members]
    units = {membership.unit_id for membership in members}
    held = lasting(act.at).filter(unit__in=units, volunteer__in=people).select_related("unit", "volunteer")
    end_posts(held, act=act)
    there = dict(Membership.objects.filter(unit=to, volunteer__in=people).values_list("volunteer", "pk"))
    staying = [membership for membership in members if membership.volunteer_id not in there]
    for membership in members:
        if membership.volunteer_id in there:  # belongs to both: one membership is left, primary if either was
            Membership.objects.filter(pk=membership.pk).delete()
            if membership.is_primary:
                Membership.objects.filter(pk=there[membership.volunteer_id]).update(is_primary=True)
    seats = iter(free_seats(to, count=len(staying), at=act.at))
    for membership in staying:
        has_seat = not membership.volunteer.has_retired
        membership.unit, membership.seat = to, next(seats) if has_seat else None
    update_rows(staying, ["unit_id", "seat"])
    refresh_roster(volunteers=people)
    recount({*units, to.pk}, at=act.at)


def _retire(unit: Unit, successor: Unit, act: Act, *, members: int = 0) -> None:
    """Retire a unit that is empty; what waits there goes on to the successor, or ends."""
    held = lasting(act.at).filter(unit=unit).select_related("unit", "volunteer")
    end_posts(held, act=act)
    hooks.unit_retired(unit, successor, act=act)
    unit = _fresh(unit)
    unit.save(update_fields=unit.retire(at=act.at, successor=successor))
    act.record(Acts.UNIT_RETIRED, _subject(unit), successor=successor.number, members=members)
    access_changed([unit.topic, WATCHERS], at=act.at)
    _tell(unit, act, _fresh(successor))


def _tell(unit: Unit, act: Act, successor: Unit | None = None) -> None:
    """Tell what changed; the lines of topics that this process keeps are read anew, also without a hub."""
    transaction.on_commit(forget_lines)
    shapes = unit_outs([unit, *([successor] if successor else [])])
    event = UnitChanged(unit=shapes[0], successor=shapes[1] if successor else None)
    act.tell(unit.topic, event)


def _subject(unit: Unit) -> str:
    return f"unit.{unit.pk}"
