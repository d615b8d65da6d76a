"""Reads rosters: the members of a unit and everything below it, searched and page by page."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from backend.lib.checkdigit import parse_volunteer_number
from backend.lib.errors import Invalid, NotAllowed, require
from backend.volunteers.models import Membership, Post, Standing, Unit, User
from backend.volunteers.models.accounts import PHONE_TAIL, phone_tail_key
from backend.volunteers.names import letters
from backend.volunteers.queries.availability import planned
from backend.volunteers.queries.masking import masked
from backend.volunteers.queries.reach import Reach, reach_of
from backend.volunteers.rules import may_manage, within
from backend.volunteers.schemas.roster import RosterPage, RosterRow, RosterState

PAGE = 50
COUNTY_DEPTH = 3


def roster_page(
    unit: Unit,
    *,
    by: User,
    at: datetime,
    after: str = "",
    search: str = "",
    on_duty: bool | None = None,
) -> RosterPage:
    """Return a page of the members of a unit and of everything below it, unit by unit; whoever asks may dispatch it.

    `search` is a volunteer number in any written form, the beginning of a name in Chinese, of its pinyin or its
    initials, or the last four digits of a phone. Only who manages the unit searches phones: raises NotAllowed, or
    Invalid for a cursor of another roster.
    """
    rows = members_of(unit)
    if search.strip():
        rows = rows.filter(_matching(search, unit, by, at))
    if on_duty is not None:
        off = Q(volunteer__duty_until=None) | Q(volunteer__duty_until__lte=at)
        rows = rows.filter(Q(volunteer__duty_until__gt=at) if on_duty else off)
    if after:
        rows = rows.filter(_behind(after, unit))
    found = list(rows.order_by("unit_path", "pk").select_related("volunteer__user", "unit")[: PAGE + 1])
    more = len(found) > PAGE
    return RosterPage(items=_outs(found[:PAGE], at), next=_cursor(found[PAGE - 1]) if more else None)


def members_of(unit: Unit) -> QuerySet[Membership]:
    """Return the memberships in a unit and everything below it, of people who have not left."""
    rows = Membership.objects.filter(within(unit.path, "unit_path"), volunteer__user__is_active=True)
    return rows.exclude(volunteer__standing=Standing.RETIRED)


def _matching(search: str, unit: Unit, by: User, at: datetime) -> Q:
    digits = re.sub(r"[\s-]", "", search)
    if re.fullmatch(rf"[0-9]{{{PHONE_TAIL}}}", digits):
        require(may_manage(by, unit, at), NotAllowed)
        return Q(volunteer__user__phone_tail_key=phone_tail_key(digits))
    if digits.isdigit():
        return _numbered(digits)
    if "\0" in search:
        return Q(pk=None)
    if not search.isascii():
        return Q(_in_counties(unit), name__startswith=search.strip())
    sound = letters(search)
    if not sound:
        return Q(pk=None)
    return Q(_in_counties(unit), Q(pinyin__startswith=sound) | Q(initials__startswith=sound))


def _numbered(digits: str) -> Q:
    try:
        return Q(volunteer__number=parse_volunteer_number(digits))
    except ValueError:
        return Q(pk=None)


def _in_counties(unit: Unit) -> Q:
    """Return the condition of being in the counties of a unit: names are sorted within each of them.

    For a unit above the counties that are all of those below it, and those who belong to units above counties.
    """
    if unit.depth >= COUNTY_DEPTH:
        return Q(county=unit.path[: COUNTY_DEPTH * Unit.steplen])
    counties = Unit.objects.filter(within(unit.path), depth__lte=COUNTY_DEPTH)
    return Q(county__in=list(counties.values_list("path", flat=True)))


def _cursor(last: Membership) -> str:
    return urlsafe_b64encode(f"{last.unit_path}:{last.pk}".encode()).decode().rstrip("=")


def _behind(after: str, unit: Unit) -> TupleGreaterThan:
    """Return the condition of coming after a cursor: one range of the index that rosters are sorted by."""
    try:
        text = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except ValueError as error:
        raise _wrong_cursor() from error
    match = re.fullmatch(r"([0-9A-Z]{0,255}):([0-9]{1,18})", text)
    if match is None or not match[1].startswith(unit.path):
        raise _wrong_cursor()
    return TupleGreaterThan(Tuple(F("unit_path"), F("pk")), (match[1], int(match[2])))


def _wrong_cursor() -> Invalid:
    return Invalid(errors=[{"pointer": "/after", "detail": "is not the `next` of a page of this roster"}])


def _outs(rows: Sequence[Membership], at: datetime) -> list[RosterRow]:
    """Return rows as clients see them; five queries however many there are."""
    people = [row.volunteer for row in rows]
    reach = reach_of(people, at=at)
    plans = planned({row.volunteer_id: row.unit.zone for row in rows}, at=at)
    roles = _roles(rows, at)
    return [
        _out(
            row,
            reach[row.volunteer_id],
            plans.get(row.volunteer_id),
            roles.get((row.volunteer_id, row.unit_id)),
            at,
        )
        for row in rows
    ]


def _roles(rows: Sequence[Membership], at: datetime) -> dict[tuple[int, int], str]:
    """Return the posts of people in the units of their rows, of several the one with the lowest seat."""
    in_time = Q(from_at__lte=at) & (Q(until_at=None) | Q(until_at__gt=at))
    held = Post.objects.filter(in_time, volunteer__in=[row.volunteer_id for row in rows]).order_by("-seat")
    return {
        (volunteer, unit): role for volunteer, unit, role in held.values_list("volunteer", "unit", "role")
    }


def _out(row: Membership, reach: Reach, available: bool | None, role: str | None, at: datetime) -> RosterRow:
    person = row.volunteer
    on_duty = person.is_on_duty(at)
    state: RosterState = "on_duty" if on_duty else "off_duty"
    return RosterRow(
        number=f"{person.number:08d}",
        name=person.name,
        phone=masked(person.user.phone),
        unit=row.unit.number,
        unit_name=row.unit.display_name,
        is_primary=row.is_primary,
        role=role,
        standing=person.standing,
        state=state if reach.channels else "unreachable",
        on_duty=on_duty,
        duty_until=person.duty_until if on_duty else None,
        channels=reach.channels,
        last_seen_at=reach.last_seen_at,
        available=available,
    )
