"""Reads rosters: the members of a unit and everything below it, searched and page by page."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unicodedata import normalize

from django.db.models import F, Q, QuerySet, Value
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan
from django.db.models.functions import Concat

from backend.accounts.models import PHONE_TAIL, User, phone_tail_key
from backend.lib.errors import Invalid, NotAllowed, require
from backend.lib.readings import Elsewhere, kept_name, letters, other_readings, spelled_with_v
from backend.rosters.schemas.roster import RosterPage, RosterRow, RosterState
from backend.volunteers.models import (
    COUNTY_DEPTH,
    Membership,
    Post,
    Role,
    Standing,
    Unit,
    is_listed,
    is_on_duty,
)
from backend.volunteers.number_scheme import parse_volunteer_number
from backend.volunteers.queries.availability import planned
from backend.volunteers.queries.devices import Reach, reach_of
from backend.volunteers.queries.masking import seen_in_full, shown
from backend.volunteers.rules import may_manage, within

PAGE = 50


def roster_page(
    unit: Unit,
    *,
    by: User,
    at: datetime,
    after: str = "",
    search: str = "",
    on_duty: bool | None = None,
    without_phone: bool = False,
) -> RosterPage:
    """Return a page of the members of a unit and of everything below it, unit by unit; the caller may dispatch it.

    `search` is a volunteer number in any written form, the beginning of a name in Chinese, of its pinyin or its
    initials, or the last four digits of a phone. `without_phone` finds people of whom none is known. Only who manages
    the unit searches phones: raises NotAllowed, or Invalid for a cursor of another roster.
    """
    wanted = _wanted(search, unit, by, at)
    people = wanted.people
    if on_duty is not None:
        is_on = is_on_duty(at, "volunteer__")
        people &= is_on if on_duty else ~is_on
    if without_phone:
        people &= Q(volunteer__user__phone_key=None)
    rows = Membership.objects.filter(wanted.rows)
    if after:
        rows = rows.filter(_behind(*_read_cursor(after, unit)))
    found = _first(rows.order_by(*wanted.order), people, PAGE + 1)
    more = len(found) > PAGE
    return RosterPage(items=_outs(found[:PAGE], by, at), next=_cursor(found[PAGE - 1]) if more else None)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Conditions on a roster: those that memberships answer by themselves, and those on their people."""

    rows: Q
    people: Q = field(default_factory=Q)
    order: tuple[Any, ...] = ("unit_path", "pk")


NOBODY = Q(pk=None)


def _wanted(search: str, unit: Unit, by: User, at: datetime) -> _Wanted:
    below, digits = _open_below(unit), re.sub(r"[\s-]", "", normalize("NFKC", search))
    if not digits:
        return _Wanted(below)
    if re.fullmatch(rf"[0-9]{{{PHONE_TAIL}}}", digits):
        require(may_manage(by, unit, at), NotAllowed)
        return _Wanted(below, Q(volunteer__user__phone_tail_key=phone_tail_key(digits)))
    if digits.isdigit():
        return _Wanted(below, _numbered(digits))
    named = _named(search.strip()) & _in_counties(unit) & _is_open(unit)
    return _Wanted(named, order=_order_of_names(unit))


def _open_below(unit: Unit) -> Q:
    return within(unit.path, "unit_path") & _is_open(unit)


def _is_open(unit: Unit) -> Q:
    """Return the condition of being in no unit below that keeps its people to itself: few units, read once."""
    kept = Unit.objects.filter(within(unit.path), closed_depth__gt=unit.depth)
    return ~Q(unit__in=kept.values("pk"))


def _order_of_names(unit: Unit) -> tuple[Any, ...]:
    """Return the order of rosters in words that hide it from the database, except at the root.

    Otherwise the database may walk through the whole index of the order: it expects to meet the county early (measured:
    570 ms instead of 10).
    """
    return ("unit_path", "pk") if unit.depth == 1 else (Concat("unit_path", Value("")), "pk")


def _named(search: str) -> Q:
    """Return the condition of a name: by its beginning in characters, or by how it sounds or may be read."""
    typed = letters(search)
    if not typed.isascii():
        return Q(name__startswith=kept_name(search))
    if not typed:
        return NOBODY
    sounding = Q(pinyin__startswith=typed) | Q(initials__startswith=typed)
    if (respelled := spelled_with_v(typed)) != typed:
        sounding |= Q(pinyin__startswith=respelled)
    for elsewhere in set(other_readings(typed)):
        sounding |= _kept(elsewhere)
    return sounding


def _kept(elsewhere: Elsewhere) -> Q:
    kept = Q(name__startswith=elsewhere.surname)
    if elsewhere.pinyin:
        kept &= Q(pinyin__startswith=elsewhere.pinyin)
    if elsewhere.initials:
        kept &= Q(initials__startswith=elsewhere.initials)
    return kept


def _numbered(digits: str) -> Q:
    try:
        return Q(volunteer__number=parse_volunteer_number(digits))
    except ValueError:
        return Q(pk=None)


def _in_counties(unit: Unit) -> Q:
    """Return the condition of being in the subtree of a unit, by counties: names are sorted within each of them.

    Of a unit above the counties these are all those below it, and those who belong to units above counties. A county
    needs no range of paths beside it: the database would read that as well (measured: 12 ms of 30).
    """
    if unit.depth > COUNTY_DEPTH:
        return Q(within(unit.path, "unit_path"), county=unit.path[: COUNTY_DEPTH * Unit.steplen])
    counties = Unit.objects.filter(within(unit.path), depth__lte=COUNTY_DEPTH)
    return Q(county__in=list(counties.values_list("path", flat=True)))


def _first(rows: QuerySet[Membership], people: Q, wanted: int) -> list[Membership]:
    """Return the first of rows that are in order, of people who have not left, with everything that is shown of them.

    Where nothing is asked of the people the rows are chosen before anything is joined to them: the database would join
    all that match before it sorts (measured: 80 ms of 90 for one letter). Former members are left out afterwards.
    """
    listed = is_listed("volunteer__")
    whole = (
        Membership.objects.filter(listed)
        .select_related("volunteer__user", "unit")
        .order_by("unit_path", "pk")
    )
    if people:
        return list(rows.filter(listed, people).select_related("volunteer__user", "unit")[:wanted])
    found: list[Membership] = []
    portion, full = wanted, True
    while full and len(found) < wanted:
        keys = list(rows.values_list("unit_path", "pk")[:portion])
        found += whole.filter(pk__in=[pk for _, pk in keys])
        full, portion = len(keys) == portion, portion * 2
        rows = rows.filter(_behind(*keys[-1])) if full else rows
    return found[:wanted]


def _cursor(last: Membership) -> str:
    return urlsafe_b64encode(f"{last.unit_path}:{last.pk}".encode()).decode().rstrip("=")


def _read_cursor(after: str, unit: Unit) -> tuple[str, int]:
    try:
        text = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except ValueError as error:
        raise _wrong_cursor() from error
    match = re.fullmatch(r"([0-9A-Z]{0,255}):([0-9]{1,18})", text)
    if match is None or not match[1].startswith(unit.path):
        raise _wrong_cursor()
    return match[1], int(match[2])


def _behind(path: str, pk: int) -> TupleGreaterThan:
    """Return the condition of coming after a row: one range of the index that rosters are sorted by."""
    return TupleGreaterThan(Tuple(F("unit_path"), F("pk")), (path, pk))


def _wrong_cursor() -> Invalid:
    return Invalid(errors=[{"pointer": "/after", "detail": "is not the `next` of a page of this roster"}])


def _outs(rows: Sequence[Membership], by: User, at: datetime) -> list[RosterRow]:
    """Return rows as clients see them; seven queries however many there are."""
    people = [row.volunteer for row in rows]
    reach = reach_of(people, at=at)
    plans = planned({row.volunteer_id: row.unit.zone for row in rows}, at=at)
    roles = _roles(rows, at)
    whole = seen_in_full(by, [person.pk for person in people], at=at)
    return [
        _out(
            row,
            reach[row.volunteer_id],
            plans.get(row.volunteer_id),
            roles.get((row.volunteer_id, row.unit_id)),
            shown(row.volunteer.user.phone, whole=row.volunteer_id in whole),
            at,
        )
        for row in rows
    ]


def _roles(rows: Sequence[Membership], at: datetime) -> dict[tuple[int, int], str]:
    """Return the posts of people in the units of their rows, of several the one with the lowest seat."""
    people = [row.volunteer_id for row in rows]
    held = Post.objects.current(at).filter(volunteer__in=people).order_by("-seat")
    return {
        (volunteer, unit): role for volunteer, unit, role in held.values_list("volunteer", "unit", "role")
    }


def _out(
    row: Membership, reach: Reach, available: bool | None, role: str | None, phone: str, at: datetime
) -> RosterRow:
    person = row.volunteer
    on_duty = person.is_on_duty(at)
    state: RosterState = "on_duty" if on_duty else "off_duty"
    return RosterRow(
        number=f"{person.number:08d}",
        name=person.name,
        phone=phone,
        unit=row.unit.number,
        unit_name=row.unit.display_name,
        is_primary=row.is_primary,
        role=Role(role) if role else None,
        standing=Standing(person.standing),
        state=state if reach.channels else "unreachable",
        on_duty=on_duty,
        duty_until=person.duty_until if on_duty else None,
        channels=reach.channels,
        last_seen_at=reach.last_seen_at,
        available=available,
        is_employee=row.is_employee,
    )
