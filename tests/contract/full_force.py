"""A formation with every post on every level, and targets in every relation to each: what permissions are tried on."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import product

from django.db import transaction
from PIL import Image
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.tokens import tokens_for
from backend.badges.models import Badge
from backend.badges.services import keep_photo
from backend.corrections.models import Correction, Part
from backend.desks.models import DESK_KINDS, Desk, Shift
from backend.dispatch.models import Task
from backend.joining.models import Side
from backend.numbers.models import NumberBlock
from backend.papers.models import Desk as OccasionDesk
from backend.papers.models import Occasion, Policy, Sheet, SignedList
from backend.readiness.models import WORD_LASTS, LeadersWord
from backend.rosters.models import ImportStatus, RosterImport
from backend.volunteers.models import (
    Emblem,
    Post,
    Role,
    Series,
    Unit,
    UnitKind,
    Volunteer,
)
from backend.volunteers.services.numbers import lock_counter, take_numbers
from backend.volunteers.services.people import appoint
from backend.volunteers.services.unit_numbers import next_number
from tests.builders import (
    ApplicationFactory,
    AssignmentFactory,
    CredentialFactory,
    GuardianFactory,
    TaskFactory,
    TransferFactory,
    UnitFactory,
    VolunteerFactory,
)
from tests.contract.acts import LEVELS, POSTS, RELATIONS, Names
from tests.contract.doors import long_sign_ins, make_difference

KINDS = (UnitKind.HEADQUARTERS, UnitKind.CORPS, UnitKind.DETACHMENT, UnitKind.BRIGADE, UnitKind.SQUADRON)


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix: who, by which post and on which level, upon a target in which relation."""

    post: str
    level: str
    relation: str


@dataclass
class Force:
    """The callers by post and level, and the targets by level and relation."""

    at: datetime
    callers: dict[tuple[str, str], User] = field(default_factory=dict)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    targets: dict[tuple[str, str], Names] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)

    def cells(self) -> Iterator[Cell]:
        """Yield every cell there is: a squadron has nothing below it, headquarters nothing above or beside."""
        for level in LEVELS:
            for relation in RELATIONS:
                if (level, relation) in self.targets:
                    for post in POSTS:
                        yield Cell(post, level, relation)

    def pairs(self, turn: int) -> Iterator[Cell]:
        """Yield a third of the cells, in which any two of post, level and relation meet as they do in all.

        Every post is tried in every relation, once; the level changes from post to post, and with `turn`. Levels that a
        post has not met so are tried on its own unit.
        """
        missing = set(product(POSTS, LEVELS))
        for step, relation in enumerate(RELATIONS):
            levels = [level for level in LEVELS if (level, relation) in self.targets]
            for place, post in enumerate(POSTS):
                level = levels[(turn + step + place) % len(levels)]
                missing.discard((post, level))
                yield Cell(post, level, relation)
        for post, level in sorted(missing):
            yield Cell(post, level, "own")


def make_force() -> Force:
    """Make it all; nobody has a password."""
    force = Force(at=datetime.now(UTC).replace(microsecond=0))
    force.units["headquarters"] = UnitFactory.create(display_name="headquarters")
    for branch in ("a", "b", "c"):
        _grow(force, branch)
    names = {key: _furnish(force, key) for key in sorted({key for _, _, key in _relations()})}
    for level, relation, key in _relations():
        force.targets[level, relation] = names[key]
    for level in LEVELS:
        for post in POSTS:
            _call(force, post, level)
    for _, _, key in _relations():
        lead = Post.objects.select_related("volunteer").get(unit=force.units[key], role=Role.LEADER)
        names[key] |= {"lead": lead.pk, "head": f"{lead.volunteer.number:08d}"}
    return force


def _relations() -> Iterator[tuple[str, str, str]]:
    """Yield level, relation and the key of the target: callers are on the line of branch a."""
    line = ["headquarters", "corps a", "detachment a", "brigade a", "squadron a"]
    for index, level in enumerate(LEVELS):
        yield level, "own", line[index]
        if index < 4:
            yield level, "below", line[index + 1]
        if index < 3:
            yield level, "far below", line[4]
        if index > 0:
            yield level, "above", line[index - 1]
            yield level, "sibling", "corps b" if level == "corps" else f"{level} a beside"
            yield level, "stranger", "detachment b" if level == "corps" else f"{level} b"


def _grow(force: Force, branch: str) -> None:
    """Make a corps with one unit of every level, and beside each of them another."""
    parent = force.units["headquarters"]
    for kind in KINDS[1:]:
        for beside in ("", " beside") if kind != UnitKind.CORPS else ("",):
            key = f"{kind} {branch}{beside}"
            force.units[key] = _below(parent, kind, key)
        parent = force.units[f"{kind} {branch}"]


def _below(parent: Unit, kind: UnitKind, name: str) -> Unit:
    return UnitFactory.create(below=parent, kind=kind, number=next_number(parent, kind), display_name=name)


def _person(unit: Unit, at: datetime, *, on_duty: bool = False, series: Series = Series.LIFE) -> Volunteer:
    return VolunteerFactory.create(
        unit=unit,
        at=at,
        on_duty=on_duty,
        series=series,
        phone=None,
        password=None,
        born_on=None,
        consents=False,
        papers=False,
    )


def _call(force: Force, post: str, level: str) -> None:
    unit = force.units["headquarters" if level == "headquarters" else f"{level} a"]
    person = _person(unit, force.at)
    if post != "none":
        appoint(volunteer=person, unit=unit, role=Role(post), by=None, at=force.at)
    device = Device.objects.create(
        pk=uuid7(), user=person.user, platform="other", created_at=force.at, last_seen_at=force.at
    )
    with long_sign_ins():
        tokens = tokens_for(device, number=person.number, at=datetime.now(UTC))
    device.save()
    force.callers[post, level] = person.user
    force.tokens[post, level] = tokens.access


def _furnish(force: Force, key: str) -> Names:
    """Give a unit everything that acts are tried on; returns the names of it all."""
    unit, at, elsewhere = force.units[key], force.at, force.units["squadron c"]
    member = _person(unit, at, on_duty=True)
    resident = _person(elsewhere, at)
    if not key.endswith(" a") and key != "headquarters":  # there the callers lead
        appoint(volunteer=_person(unit, at), unit=unit, role=Role.LEADER, by=None, at=at)
    staff = appoint(volunteer=_person(unit, at), unit=unit, role=Role.DISPATCHER, by=None, at=at)
    Emblem.objects.create(unit=unit, media_type="image/png", image=picture(), digest="0" * 64, at=at)
    empty, beside_empty = (_below(unit, UnitKind.PARTNER, name) for name in ("empty", "beside"))
    parent = Unit.objects.get_parent(unit) or unit
    neighbours = Unit.objects.filter(depth=unit.depth, kind=unit.kind).exclude(pk=unit.pk)
    near = [other for other in neighbours if other.path[: -Unit.steplen] == unit.path[: -Unit.steplen]]
    return {
        "unit": unit.number,
        "path": unit.path,
        "kind": str(unit.kind),
        "member": f"{member.number:08d}",
        "resident": f"{resident.number:08d}",
        "elsewhere": elsewhere.number,
        "parent": parent.number,
        "neighbour": (near[0] if near else elsewhere).number,
        "empty": empty.number,
        "unit_beside_empty": beside_empty.number,
        "picture": picture(),
        "post": staff.pk,
        "task": str(_task(unit, member, at).pk),
        "application": str(ApplicationFactory.create(unit=unit, at=at).pk),
        "coming": _moving(_person(elsewhere, at), elsewhere, unit, Side.RECEIVING, at),
        "going": _moving(_person(unit, at), unit, elsewhere, Side.RELEASING, at),
        "walk_in": f"{_person(unit, at, series=Series.TEMPORARY).number:08d}",
        "twin": f"{_person(unit, at).number:08d}",
        **_numbers_set_aside(unit, member, at),
        **_desk(unit, member, at),
        **_records(member, unit, at),
        **_papers(member, unit, at),
        "checked": str(_import(unit, ImportStatus.CHECKED, at).pk),
        **_compared(unit, member, at),
        "agreed_at": at.isoformat(),
        "starts_at": by_day(at).isoformat(),
        "answer_by": (at + timedelta(hours=1)).isoformat(),
    }


def by_day(at: datetime) -> datetime:
    """Return noon in China of the next day but one: at night only people who are proven to be adults are asked."""
    return at.replace(hour=4, minute=0) + timedelta(days=2)


def _task(unit: Unit, member: Volunteer, at: datetime) -> Task:
    """Make a task of the unit for which the member was asked; somebody else there can still be."""
    task = TaskFactory.create(unit=unit, created_by=member.user, at=at, starts_at=by_day(at))
    AssignmentFactory.create(task=task, volunteer=member)
    _person(unit, at, on_duty=True)
    return task


def _numbers_set_aside(unit: Unit, member: Volunteer, at: datetime) -> Names:
    with transaction.atomic():
        counter = lock_counter(Series.LIFE)
        first = counter.used
        numbers = take_numbers(counter, 2)
    block = NumberBlock.objects.create(
        pk=uuid7(),
        unit=unit,
        first_index=first,
        indexes=counter.used - first,
        size=2,
        made_by=member.user,
        made_at=at,
    )
    return {"block": str(block.pk), "free_number": f"{numbers[0]:08d}"}


def _desk(unit: Unit, member: Volunteer, at: datetime) -> Names:
    """Give a unit that can have one a duty desk, with one shift of the member."""
    shift = uuid7()
    if unit.kind in DESK_KINDS:
        Desk.objects.create(unit=unit, phone="057912345678", made_at=at)
        begins, ends = at + timedelta(days=1), at + timedelta(days=1, hours=8)
        Shift.objects.create(pk=shift, unit=unit, volunteer=member, from_at=begins, until_at=ends, made_at=at)
    return {"shift": str(shift)}


def _records(member: Volunteer, unit: Unit, at: datetime) -> Names:
    """Give a member what is kept of people: a credential, a guardian, a badge, a picture that may be shown."""
    by = member.user
    credential = CredentialFactory.create(volunteer=member, valid_from=at, recorded_by=by)
    guardian = GuardianFactory.create(volunteer=member, consent_at=at, recorded_by=by)
    correction = Correction(pk=uuid7(), volunteer=member, part=Part.PHONE, by=by, at=at)
    correction.before, correction.after = "13900000001", member.user.phone
    correction.save(force_insert=True)
    word = LeadersWord.objects.create(
        pk=uuid7(),
        volunteer=member,
        unit=unit,
        by=by,
        categories=["patrol"],
        how="phone",
        said_at=at,
        until_at=at + WORD_LASTS,
    )
    Badge.objects.create(
        pk=uuid7(), volunteer=member, unit=unit, issued_at=at, issued_by=by, valid_until=at.date()
    )
    keep_photo(raw=picture(), by=by, at=at)
    made = {"credential": credential, "guardian": guardian, "correction": correction, "word": word}
    return {name: str(row.pk) for name, row in made.items()}


def _papers(member: Volunteer, unit: Unit, at: datetime) -> Names:
    """Give a unit an occasion with a desk, a policy and a signed list."""
    by, time = member.user, {"from_at": at, "until_at": at + timedelta(days=3)}
    occasion = Occasion.objects.create(pk=uuid7(), unit=unit, name="寻人", opened_by=by, opened_at=at, **time)
    post = appoint(volunteer=_person(unit, at), unit=unit, role=Role.MEMBER, by=None, at=at)
    desk = OccasionDesk.objects.create(occasion=occasion, post=post, named_by=by, named_at=at)
    policy = Policy.objects.create(
        pk=uuid7(), unit=unit, occasion=occasion, insurer="人保", recorded_by=by, recorded_at=at, **time
    )
    sheet = Sheet.objects.create(
        pk=uuid7(), kind="agreement", occasion=occasion, count=0, entered_by=by, at=at
    )
    signed = SignedList(sheet=sheet, with_risk_notice=True)
    signed.photo = b64encode(picture()).decode()
    signed.save()
    return {
        "occasion": str(occasion.pk),
        "desk": desk.post_id,
        "policy": str(policy.pk),
        "signed": str(sheet.pk),
    }


def _import(unit: Unit, status: ImportStatus, at: datetime) -> RosterImport:
    return RosterImport.objects.create(
        pk=uuid7(), unit=unit, name="Autumn", file_size=1, format="csv", status=status, made_at=at
    )


def _compared(unit: Unit, member: Volunteer, at: datetime) -> Names:
    """Give a unit an import that says another name of the member."""
    batch = _import(unit, ImportStatus.IMPORTED, at)
    return {"imported": str(batch.pk), "difference": make_difference(batch, member).pk}


def _moving(person: Volunteer, before: Unit, after: Unit, waits_for: Side, at: datetime) -> str:
    moving = TransferFactory.create(
        volunteer=person,
        from_unit=before,
        to_unit=after,
        waits_for=waits_for,
        proposed_by=person.user,
        proposed_at=at,
    )
    return str(moving.pk)


def picture(size: tuple[int, int] = (8, 8), format: str = "PNG") -> bytes:
    """Return a small picture."""
    buffer = BytesIO()
    Image.new("RGB", size, "red").save(buffer, format=format)
    return buffer.getvalue()
