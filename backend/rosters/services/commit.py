"""A batch of newcomers enters the roster whole, in one transaction.

Before the commit no query can show, count or call out any of them; after it all of them are there. A mark for people
who are not yet visible would cost each query a condition. The switch at the end would cost an update of every row, with
all of its index entries.

The newcomers become entrants first: each with the number, the seat and the keys, in the order of the units. So each of
the three tables is filled by one pass, and the people of a unit stand side by side in the tables and their indexes.
This takes half the time that the order of the file would take.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, models

from backend.accounts.models import User
from backend.lib.dialect import on_postgresql, word
from backend.rosters.services.staging import database_id, dismiss_all, use_memory
from backend.volunteers.locks import units_to_lock
from backend.volunteers.models import COUNTY_DEPTH, Membership, Unit, Volunteer, not_retired
from backend.volunteers.services.counts import Counts, change_counts, ensure_counts

_UNITS = 2_000
"""Units that are locked by one statement."""

# What becomes of an entrant `e`. A column that is not named here gets its field's default.
_USER = {
    "id": "e.user_id",
    "phone_sealed": "e.phone_sealed",
    "phone_key": "e.phone_key",
    "phone_tail_key": "e.phone_tail_key",
}
_VOLUNTEER = {
    "id": "e.volunteer_id",
    "user_id": "e.user_id",
    "number": "e.number",
    "name": "e.name",
    "born_on": "e.born_on",
    "id_card_sealed": "e.id_card_sealed",
    "id_card_key": "e.id_card_key",
    "batch_id": "e.batch_id",
}
_MEMBERSHIP = {
    "volunteer_id": "e.volunteer_id",
    "unit_id": "e.unit_id",
    "is_primary": "TRUE",
    "seat": "e.seat",
    "unit_path": "e.unit_path",
    "county": f"SUBSTR(e.unit_path, 1, {COUNTY_DEPTH * Unit.steplen})",
    "name": "e.plain_name",
    "pinyin": "e.pinyin",
    "initials": "e.initials",
}

_ENTRANTS = """
    CREATE TEMPORARY TABLE rosters_entrant AS
    SELECT {user_id} AS user_id, {volunteer_id} AS volunteer_id, placed.* FROM (
        SELECT n.*, given.number, unit.path AS unit_path,
            COALESCE(held.last, 1) + ROW_NUMBER() OVER (PARTITION BY n.unit_id ORDER BY n."row") AS seat
        FROM rosters_newcomer n JOIN rosters_newcomernumber given ON given.newcomer_id = n.id
        JOIN volunteers_unit unit ON unit.id = n.unit_id
        LEFT JOIN (
            SELECT unit_id, MAX(seat) AS last FROM (
                SELECT unit_id, seat FROM volunteers_membership UNION ALL SELECT unit_id, seat FROM volunteers_post
            ) taken GROUP BY unit_id
        ) held ON held.unit_id = n.unit_id
        WHERE n.batch_id = %s ORDER BY n.unit_id, n."row"
    ) placed
"""
_NEXT_KEY = {
    "postgresql": "nextval(pg_get_serial_sequence('{table}', 'id'))",
    "sqlite": """
        (SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = '{table}')
        + ROW_NUMBER() OVER (ORDER BY placed.unit_id, placed."row")
    """,
}
"""A key that no other row gets: SQLite has one writer at a time, and moves its sequence on by itself."""
_SKILLS = {
    "postgresql": """
        INSERT INTO volunteers_volunteer_skills (volunteer_id, skill_id)
        SELECT e.volunteer_id, unnest(string_to_array(e.skills, ',')::bigint[])
        FROM rosters_entrant e WHERE e.skills <> ''
    """,
    "sqlite": """
        INSERT INTO volunteers_volunteer_skills (volunteer_id, skill_id)
        SELECT e.volunteer_id, skill.value FROM rosters_entrant e, json_each('[' || e.skills || ']') skill
        WHERE e.skills <> ''
    """,
}


def enrol_all(batch_id: UUID, *, at: datetime) -> int:
    """Move a batch's newcomers, who all have their numbers, into the roster; returns how many.

    Only inside a transaction: at its commit all of them appear. They cannot sign in yet: they have no password. Locks
    their units at the end. Raises IntegrityError when another person joined with one of their phones or identity cards
    just now, or when a unit of theirs has moved or was retired.
    """
    with connection.cursor() as cursor:
        use_memory(cursor)
        cursor.execute(
            _ENTRANTS.format(user_id=_next_key(User), volunteer_id=_next_key(Volunteer)),
            [database_id(batch_id)],
        )
        cursor.execute("SELECT unit_id, unit_path, COUNT(*) FROM rosters_entrant GROUP BY unit_id, unit_path")
        found = cursor.fetchall()
        joined = {unit: Counts(members=people) for unit, _, people in found}
        ensure_counts(joined, at=at)  # counting the units whole is dear once the people are in them
        _move(cursor, User, _USER, password=make_password(None))
        count = _move(cursor, Volunteer, _VOLUNTEER)
        _move(cursor, Membership, _MEMBERSHIP)
        cursor.execute(word(_SKILLS))
        cursor.execute("DROP TABLE rosters_entrant")
    _check_units({unit: path for unit, path, _ in found})
    change_counts(joined, at=at)
    dismiss_all(batch_id)
    return count


def _check_units(paths: Mapping[int, str]) -> None:
    """Lock the units, by key, and check that they are where they were; a later merge or move finds all the people."""
    keys = sorted(paths)
    for start in range(0, len(keys), _UNITS):
        portion = keys[start : start + _UNITS]
        units = units_to_lock().filter(not_retired(), pk__in=portion)
        if dict(units.order_by("pk").values_list("pk", "path")) != {key: paths[key] for key in portion}:
            raise IntegrityError("a unit has moved or was retired")


def refresh_statistics() -> None:
    """Let the database learn what the tables of people hold now: until it does, it plans for the empty ones."""
    if on_postgresql():
        tables = [model._meta.db_table for model in (User, Volunteer, Membership, Volunteer.skills.through)]  # noqa: SLF001
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")


def _next_key(model: type[models.Model]) -> str:
    return word(_NEXT_KEY).format(table=model._meta.db_table)  # noqa: SLF001


def _move(
    cursor: Any,
    model: type[models.Model],
    given: Mapping[str, str],
    **fixed: Any,
) -> int:
    """Insert a row of `model` for each entrant: expressions for the columns in `given`, `fixed` values, defaults."""
    quote, values = connection.ops.quote_name, []
    columns, expressions = [], []
    for field in model._meta.concrete_fields:  # noqa: SLF001  # the documented way to a model's fields
        column = str(field.column)
        if field.primary_key and column not in given:
            continue
        columns.append(quote(column))
        if column in given:
            expressions.append(given[column])
        else:
            value = fixed.get(field.name, field.get_default())
            expressions.append("%s")
            values.append(field.get_db_prep_save(value, connection))
    insert = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)})"  # noqa: SLF001
    cursor.execute(f"{insert} SELECT {', '.join(expressions)} FROM rosters_entrant e", values)  # noqa: S608  # our own names
    return int(cursor.rowcount)
