"""What all sheets have in common: who is on one, and that one that is sent again is the same."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.accounts.acting import Act
from backend.accounts.models import User
from backend.lib.encryption import lookup_key
from backend.lib.errors import Invalid, require
from backend.lib.problems import MAX_NAMED
from backend.lib.shapes import Request
from backend.papers.acts import Acts
from backend.papers.models import Line, Occasion, PaperKind, Policy, Sheet
from backend.papers.services.refusals import PaperOfOneself, SheetIdTaken
from backend.volunteers.locks import volunteers_to_lock
from backend.volunteers.models import NumberAlias, Volunteer
from backend.volunteers.number_scheme import parse_volunteer_number

NO_SUCH_NUMBER = "no volunteer has this number"


def known_sheet(id: UUID, key: str, by: User) -> Sheet | None:
    """Return the sheet with this id, None when there is none. Raises SheetIdTaken for another one."""
    sheet = Sheet.objects.filter(pk=id).first()
    require(sheet is None or (sheet.content_key, sheet.entered_by_id) == (key, by.pk), SheetIdTaken)
    return sheet


def key_of(wanted: Request, kind: PaperKind, under: UUID) -> str:
    """Return by what a retry is known: a keyed hash of the kind, of what it is entered under, and of what was sent."""
    return lookup_key(f"{kind}:{under}:{wanted.model_dump_json()}", "sheet")


def lock_people(numbers: Sequence[str], *, by: User, pointer: str = "/people/{}") -> list[Volunteer]:
    """Return the volunteers with these numbers, in this order; locked in the order of their keys.

    Nothing is noted of a volunteer who deletes everything meanwhile. Raises Invalid naming each number that no
    volunteer has, or that stands there twice; PaperOfOneself when the caller is among them.
    """
    keys = _keys_of(numbers, pointer)
    rows = volunteers_to_lock(Volunteer.objects.filter(pk__in=keys, erased_at=None)).order_by("pk")
    people = {person.pk: person for person in rows}
    _require_all([key in people for key in keys], pointer)
    _require_all([key not in keys[:index] for index, key in enumerate(keys)], pointer, "stands there twice")
    require(all(person.user_id != by.pk for person in people.values()), PaperOfOneself)
    return [people[key] for key in keys]


def _keys_of(numbers: Sequence[str], pointer: str) -> list[int]:
    """Return the keys of the volunteers with these numbers, now or before; two queries however many."""
    parsed = [_parsed(number) for number in numbers]
    wanted = {number for number in parsed if number is not None}
    aliases = NumberAlias.objects.filter(number__in=wanted).values_list("number", "volunteer")
    records = Volunteer.objects.filter(number__in=wanted, merged_into=None).values_list("number", "pk")
    keys: Mapping[int | None, int] = {**dict(aliases), **dict(records)}
    _require_all([number in keys for number in parsed], pointer)
    return [keys[number] for number in parsed]


def _parsed(number: str) -> int | None:
    try:
        return parse_volunteer_number(number)
    except ValueError:
        return None


def _require_all(good: Sequence[bool], pointer: str, wrong: str = NO_SUCH_NUMBER) -> None:
    """Raise Invalid naming the places that are not good."""
    places = [index for index, is_good in enumerate(good) if not is_good]
    if places:
        named = [{"pointer": pointer.format(index), "detail": wrong} for index in places[:MAX_NAMED]]
        raise Invalid(errors=named)


def enter_sheet(
    *,
    id: UUID,
    kind: PaperKind,
    key: str,
    people: Sequence[Volunteer],
    act: Act,
    occasion: Occasion | None = None,
    policy: Policy | None = None,
    documents: Mapping[int, str] | None = None,
) -> tuple[Sheet, bool]:
    """Write a sheet with its lines; returns it, and whether it is new: its twin may have come at the same moment.

    `documents` are what was seen, by the key of the volunteer. Raises SheetIdTaken.
    """
    assert act.by is not None, "a desk has a holder"
    under: dict[str, Any] = {"kind": kind, "occasion": occasion, "policy": policy}
    made = {
        **under,
        "content_key": key,
        "count": len(people),
        "entered_by": act.by,
        "post": act.post,
        "at": act.at,
    }
    sheet, created = Sheet.objects.get_or_create(pk=id, defaults=made)
    require((sheet.content_key, sheet.entered_by_id) == (key, act.by.pk), SheetIdTaken)
    if created:
        seen = documents or {}
        Line.objects.bulk_create(
            [Line(sheet=sheet, volunteer=one, document=seen.get(one.pk, ""), **under) for one in people]
        )
        subject = f"policy.{policy.pk}" if policy else f"occasion.{occasion.pk if occasion else ''}"
        act.record(Acts.PAPERS_ENTERED, subject, sheet=str(sheet.pk), kind=kind.value, count=len(people))
    return sheet, created
