"""Compares a roster that comes again with the one that is here: known people are set apart, with what differs.

All of it is found inside the database: one pass pairs the rows with people, one more reads those who differ, and the
rest is never read. Rows whose people the importer's posts do not cover stay where they are: they are duplicates, which
are bounded and noted (`volunteers.services.finding`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from backend.accounts.models import User
from backend.lib.dialect import on_postgresql, word
from backend.lib.encryption import seal_all, unseal
from backend.lib.readings import kept_name
from backend.rosters.models import Difference, DifferenceKind, DifferencePart, DifferenceState, RosterImport
from backend.rosters.services.staging import PORTION, database_id, forget_newcomers, use_memory, write_rows
from backend.volunteers.models import Skill, Unit, Volunteer
from backend.volunteers.models.people import NOT_RETIRED_SQL
from backend.volunteers.services.finding import not_covered

# A phone may belong to several people: the one with the same card or name is meant.
_PAIR = """
    CREATE TEMPORARY TABLE rosters_known AS
    SELECT newcomer_id, "row", volunteer_id, other_id, by_card FROM (
        SELECT n.id AS newcomer_id, n."row" AS "row", COALESCE(c.id, p.id) AS volunteer_id,
            CASE WHEN c.id <> p.id THEN p.id END AS other_id, c.id IS NOT NULL AS by_card,
            ROW_NUMBER() OVER (PARTITION BY n.id ORDER BY
                CASE WHEN p.id = c.id THEN 0 WHEN p.name = n.name THEN 1 ELSE 2 END, p.id) AS choice
        FROM rosters_newcomer n
        LEFT JOIN volunteers_volunteer c ON c.id_card_key = n.id_card_key
        LEFT JOIN accounts_user u ON u.phone_key = n.phone_key
        LEFT JOIN volunteers_volunteer p ON p.user_id = u.id
        WHERE n.batch_id = %s AND (c.id IS NOT NULL OR p.id IS NOT NULL)
    ) paired WHERE choice = 1
"""
_LACKS_SKILLS = {
    "postgresql": """
        EXISTS (SELECT 1 FROM unnest(string_to_array(n.skills, ',')::bigint[]) AS said(skill_id) WHERE NOT EXISTS (
            SELECT 1 FROM volunteers_volunteer_skills has
            WHERE has.volunteer_id = v.id AND has.skill_id = said.skill_id))
    """,
    "sqlite": """
        EXISTS (SELECT 1 FROM json_each('[' || n.skills || ']') said WHERE NOT EXISTS (
            SELECT 1 FROM volunteers_volunteer_skills has
            WHERE has.volunteer_id = v.id AND has.skill_id = said.value))
    """,
}
# The unit of the import itself is also where rows without a unit come: it moves only people from elsewhere.
_ELSEWHERE = """
    NOT EXISTS (SELECT 1 FROM volunteers_membership m JOIN volunteers_unit place ON place.id = m.unit_id
        WHERE m.volunteer_id = v.id AND (m.unit_id = n.unit_id
            OR (n.unit_id = %(unit)s AND place.path BETWEEN %(first)s AND %(last)s)))
"""
_DIFFERING = """
    SELECT * FROM (
        SELECT k."row", k.volunteer_id, k.other_id, k.by_card, NOT ({not_retired}) AS has_retired,
            n.name AS name, v.name AS known_name, n.phone_sealed AS phone, u.phone_sealed AS known_phone,
            n.phone_key IS NOT NULL AND (u.phone_key IS NULL OR u.phone_key <> n.phone_key) AS other_phone,
            n.id_card_key IS NOT NULL AND v.id_card_key IS NULL AS new_card,
            n.id_card_key IS NOT NULL AND v.id_card_key IS NOT NULL AND v.id_card_key <> n.id_card_key AS other_card,
            n.born_on IS NOT NULL AND v.born_on IS NULL AS new_birth,
            n.born_on IS NOT NULL AND v.born_on IS NOT NULL AND v.born_on <> n.born_on AS other_birth,
            n.unit_id AS unit_id, home.unit_id AS known_unit_id, {elsewhere} AS elsewhere,
            n.skills AS skills, n.skills <> '' AND {lacks_skills} AS lacks_skills
        FROM rosters_known k JOIN rosters_newcomer n ON n.id = k.newcomer_id
        JOIN volunteers_volunteer v ON v.id = k.volunteer_id JOIN accounts_user u ON u.id = v.user_id
        LEFT JOIN volunteers_membership home ON home.volunteer_id = v.id AND home.is_primary
    ) compared
    WHERE other_id IS NOT NULL OR has_retired OR name <> known_name OR other_phone OR new_card
        OR other_card OR new_birth OR other_birth OR elsewhere OR lacks_skills
    ORDER BY "row"
"""
_GONE = f"""
    INSERT INTO rosters_difference
        (batch_id, volunteer_id, kind, part, code, before_sealed, after_sealed, state)
    SELECT DISTINCT %(batch)s, m.volunteer_id, 'gone', 'person', '', '', '', 'open'
    FROM volunteers_membership m JOIN volunteers_volunteer v ON v.id = m.volunteer_id
    JOIN accounts_user u ON u.id = v.user_id
    WHERE m.unit_id IN (SELECT unit_id FROM rosters_newcomer WHERE batch_id = %(batch)s)
        AND u.is_active AND {NOT_RETIRED_SQL}
        AND NOT EXISTS (SELECT 1 FROM rosters_known k WHERE k.volunteer_id = v.id)
        AND NOT EXISTS (SELECT 1 FROM rosters_known k WHERE k.other_id = v.id)
"""  # noqa: S608  # our own names
_STORED = (
    *("batch_id", "row", "volunteer_id", "kind", "part", "code"),
    *("before_sealed", "after_sealed", "state"),
)


@dataclass(frozen=True, slots=True)
class _Paired:
    """A row of the file beside the person whom it means, as `_DIFFERING` returns them."""

    row: int
    volunteer: int
    other: int | None
    by_card: bool
    has_retired: bool
    name: str
    known_name: str
    phone: str
    known_phone: str
    other_phone: bool
    new_card: bool
    other_card: bool
    new_birth: bool
    other_birth: bool
    unit: int
    known_unit: int | None
    elsewhere: bool
    skills: str
    lacks_skills: bool


@dataclass(frozen=True, slots=True)
class _Found:
    """A difference, in the open."""

    paired: _Paired
    kind: DifferenceKind
    part: DifferencePart
    code: str = ""
    before: str = ""
    after: str = ""


def set_known_apart(batch: RosterImport, *, with_gone: bool, by: User | None, at: datetime) -> int:
    """Take known people out of a batch's newcomers, and keep what differs; returns how many were known.

    Known is a person with the identity card or the phone of a row whom a post of `by` covers; for an operator each
    is. `with_gone` lists members of the file's units who are not in the file too. Only inside a transaction.
    """
    with connection.cursor() as cursor:
        use_memory(cursor)
        cursor.execute(_PAIR, [database_id(batch.pk)])
        if on_postgresql():
            cursor.execute("ANALYZE rosters_known")
        if by is not None:
            _leave_to_others(cursor, by, at)
        cursor.execute("SELECT COUNT(*) FROM rosters_known")
        (count,) = cursor.fetchone()
        if count:
            _keep_differences(batch)
        if with_gone:
            cursor.execute(_GONE, {"batch": database_id(batch.pk)})
        forget_newcomers(cursor, "(SELECT newcomer_id FROM rosters_known)")
        cursor.execute("DROP TABLE rosters_known")
    return int(count)


def _leave_to_others(cursor: Any, by: User, at: datetime) -> None:
    """Leave out people whom no post of the importer covers."""
    known = Volunteer.objects.extra(
        where=["volunteers_volunteer.id IN (SELECT volunteer_id FROM rosters_known)"]
    )  # our own names
    sql, params = (known & not_covered(by, at)).values("pk").query.sql_with_params()
    cursor.execute(f"DELETE FROM rosters_known WHERE volunteer_id IN ({sql})", params)  # noqa: S608  # the ORM's own


def _keep_differences(batch: RosterImport) -> None:
    statement = _DIFFERING.format(
        elsewhere=_ELSEWHERE, lacks_skills=word(_LACKS_SKILLS), not_retired=NOT_RETIRED_SQL
    )
    path = batch.unit.path
    given: dict[str, str | int] = {"unit": batch.unit_id, "first": path, "last": path + "Z" * Unit.steplen}
    codes = dict(Skill.objects.values_list("pk", "code"))
    # A cursor of the database's own: not even those who differ are in memory together.
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, given)
        while rows := cursor.fetchmany(PORTION):
            pairs = [_Paired(*row) for row in rows]
            had = _skills_of([pair.volunteer for pair in pairs if pair.lacks_skills])
            _store(batch, [found for pair in pairs for found in _differences(pair, had, codes)])


def _skills_of(people: Collection[int]) -> dict[int, set[int]]:
    """Return the skills that people have, by their keys."""
    had: defaultdict[int, set[int]] = defaultdict(set)
    for person, skill in Volunteer.skills.through.objects.filter(volunteer__in=people).values_list(
        "volunteer", "skill"
    ):
        had[person].add(skill)
    return had


def _differences(pair: _Paired, had: dict[int, set[int]], codes: dict[int, str]) -> Iterator[_Found]:
    """Yield what differs of one person; of a row that may mean another person only that."""
    if doubt := _doubt(pair):
        yield _Found(pair, DifferenceKind.INCONSISTENT, DifferencePart.PERSON, doubt)
        return
    if kept_name(pair.name) != kept_name(pair.known_name):
        changed = (pair.known_name, pair.name)
        yield _Found(pair, DifferenceKind.CHANGED, DifferencePart.NAME, "", *changed)
    if pair.other_phone:
        phones = (unseal(pair.known_phone, "phone"), unseal(pair.phone, "phone"))
        yield _Found(pair, DifferenceKind.CHANGED, DifferencePart.PHONE, "", *phones)
    if pair.lacks_skills:
        known = had.get(pair.volunteer, set())
        both = known.union(map(int, pair.skills.split(",")))
        skills = (_coded(known, codes), _coded(both, codes))
        yield _Found(pair, DifferenceKind.CHANGED, DifferencePart.SKILLS, "", *skills)
    if pair.elsewhere and pair.known_unit is not None:
        units = (str(pair.known_unit), str(pair.unit))
        yield _Found(pair, DifferenceKind.MOVED, DifferencePart.UNIT, "", *units)
    yield from _not_written(pair)


def _not_written(pair: _Paired) -> Iterator[_Found]:
    """Yield what an import never writes: a date of birth, an identity card. No value is kept."""
    if pair.other_birth and pair.by_card:
        yield _Found(pair, DifferenceKind.INCONSISTENT, DifferencePart.BORN_ON, "born-on-against-card")
    elif pair.new_birth or pair.other_birth:
        yield _Found(pair, DifferenceKind.NEEDS_REQUEST, DifferencePart.BORN_ON)
    if pair.new_card:
        yield _Found(pair, DifferenceKind.NEEDS_REQUEST, DifferencePart.ID_CARD)


def _doubt(pair: _Paired) -> str:
    """Return why a row may mean another person than the one it was paired with; empty: it does not."""
    if pair.other is not None:
        return "phone-of-another"
    if pair.other_card:
        return "another-card"
    if pair.has_retired:
        return "has-retired"
    return "another-name" if not pair.by_card and _is_another(pair) else ""


def _is_another(pair: _Paired) -> bool:
    """Tell whether a name on the same phone may be a relative's: the surname is the same in a family.

    A corrected name keeps a character of the given name, and its day of birth.
    """
    now, before = kept_name(pair.name), kept_name(pair.known_name)
    return now != before and (pair.other_birth or not set(now[1:]) & set(before[1:]))


def _coded(skills: Collection[int], codes: dict[int, str]) -> str:
    return ",".join(sorted(codes[skill] for skill in skills))


def _store(batch: RosterImport, found: list[_Found]) -> None:
    before = seal_all([one.before for one in found], "before")
    after = seal_all([one.after for one in found], "after")
    rows = [
        (
            *(batch.pk, one.paired.row, one.paired.volunteer, one.kind.value, one.part.value, one.code),
            *(was, becomes, DifferenceState.OPEN.value),
        )
        for one, was, becomes in zip(found, before, after, strict=True)
    ]
    write_rows(Difference, _STORED, rows)
