"""Many people join at once: they wait as newcomers, and enter the roster together in one transaction.

A batch is written in three steps, for millions of people and with short locks. `stage` seals people and stores them as
newcomers, in portions. `give_identities` gives them their numbers and keys, in portions: the counter's row is locked
for a tenth of a second each. `enrol_all` moves the whole batch from the newcomers into the tables of people, by a few
statements inside the database. Before that commits there is nobody whom any query could show, count or call out; after
it everybody is there. Marking people as not yet visible would cost each query a condition, and the switch at the end
an update of every row with all of its index entries.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.db.models import Count

from backend.lib.sealed import lookup_key, seal_all
from backend.volunteers.models import (
    Membership,
    Newcomer,
    NewcomerIdentity,
    Unit,
    User,
    Volunteer,
    phone_key,
)
from backend.volunteers.models.accounts import phone_tail_key
from backend.volunteers.names import sound_of
from backend.volunteers.rosters.people import Person
from backend.volunteers.services.counts import Counts, change_counts
from backend.volunteers.services.numbers import issue_numbers
from backend.volunteers.services.roster import COUNTY_DEPTH

PORTION = 5_000
"""People of one transaction while they wait."""

# What becomes of a newcomer `n` with the identity `i`. A column that is not named here gets its field's default.
_USER = {
    "id": "i.user_id",
    "phone_sealed": "n.phone_sealed",
    "phone_key": "n.phone_key",
    "phone_tail_key": "n.phone_tail_key",
}
_VOLUNTEER = {
    "id": "i.volunteer_id",
    "user_id": "i.user_id",
    "number": "i.number",
    "name": "n.name",
    "born_on": "n.born_on",
    "id_card_sealed": "n.id_card_sealed",
    "id_card_key": "n.id_card_key",
    "batch_id": "n.batch_id",
}
_MEMBERSHIP = {
    "volunteer_id": "i.volunteer_id",
    "unit_id": "n.unit_id",
    "is_primary": "TRUE",
    "seat": 'COALESCE(held.last, 1) + ROW_NUMBER() OVER (PARTITION BY n.unit_id ORDER BY n."row")',
    "unit_path": "unit.path",
    "county": f"SUBSTR(unit.path, 1, {COUNTY_DEPTH * Unit.steplen})",
    "name": "n.name",
    "pinyin": "n.pinyin",
    "initials": "n.initials",
}

_STAGED = (
    *("batch_id", "row", "unit_id", "name", "pinyin", "initials", "born_on", "phone_sealed"),
    *("phone_key", "phone_tail_key", "id_card_sealed", "id_card_key", "skills"),
)

_SOURCE = """
    FROM volunteers_newcomer n JOIN volunteers_newcomeridentity i ON i.newcomer_id = n.id WHERE n.batch_id = %s
"""
_SOURCE_WITH_UNIT = """
    FROM volunteers_newcomer n JOIN volunteers_newcomeridentity i ON i.newcomer_id = n.id
    JOIN volunteers_unit unit ON unit.id = n.unit_id
    LEFT JOIN (
        SELECT unit_id, MAX(seat) AS last
        FROM (SELECT unit_id, seat FROM volunteers_membership UNION ALL SELECT unit_id, seat FROM volunteers_post) taken
        GROUP BY unit_id
    ) held ON held.unit_id = n.unit_id
    WHERE n.batch_id = %s
"""
_SKILLS = {
    "postgresql": """
        INSERT INTO volunteers_volunteer_skills (volunteer_id, skill_id)
        SELECT i.volunteer_id, unnest(string_to_array(n.skills, ',')::bigint[])
    """
    + _SOURCE
    + " AND n.skills <> ''",
    "sqlite": """
        INSERT INTO volunteers_volunteer_skills (volunteer_id, skill_id)
        SELECT i.volunteer_id, skill.value FROM volunteers_newcomer n
        JOIN volunteers_newcomeridentity i ON i.newcomer_id = n.id, json_each('[' || n.skills || ']') skill
        WHERE n.batch_id = %s AND n.skills <> ''
    """,
}
_REPEATED = """
    FROM volunteers_newcomer n JOIN (
        SELECT {key}, MIN("row") AS other FROM volunteers_newcomer
        WHERE batch_id = %s AND {key} IS NOT NULL GROUP BY {key} HAVING COUNT(*) > 1
    ) earlier ON earlier.{key} = n.{key} AND n."row" > earlier.other
    WHERE n.batch_id = %s
"""
_PHONE_KNOWN = (
    "FROM volunteers_newcomer n JOIN volunteers_user u ON u.phone_key = n.phone_key WHERE n.batch_id = %s"
)
_CARD_KNOWN = """
    FROM volunteers_newcomer n JOIN volunteers_volunteer v ON v.id_card_key = n.id_card_key WHERE n.batch_id = %s
"""
_FORGET_IDENTITIES = "DELETE FROM volunteers_newcomeridentity WHERE newcomer_id IN "
_FORGET_NEWCOMERS = "DELETE FROM volunteers_newcomer WHERE id IN "
_OF_BATCH = "(SELECT id FROM volunteers_newcomer WHERE batch_id = %s)"
_SAME_IN_FILE = (
    ("phone-in-file", "phone", "earlier.other", _REPEATED.format(key="phone_key"), 2),
    ("id-card-in-file", "id_card", "earlier.other", _REPEATED.format(key="id_card_key"), 2),
)
_SAME_IN_ROSTER = (
    ("phone-in-roster", "phone", "NULL", _PHONE_KNOWN, 1),
    ("id-card-in-roster", "id_card", "NULL", _CARD_KNOWN, 1),
)


def stage(batch_id: UUID, people: Sequence[Person]) -> None:
    """Seal people and store them as newcomers of a batch."""
    phones = seal_all([person.phone for person in people], "phone")
    cards = seal_all([person.id_card for person in people], "id_card")
    rows = [
        (
            batch_id,
            person.row,
            person.unit_id,
            person.name,
            *sound_of(person.name),
            person.born_on,
            phone,
            phone_key(person.phone),
            phone_tail_key(person.phone),
            card,
            lookup_key(person.id_card, "id_card") if person.id_card else None,
            ",".join(map(str, person.skill_ids)),
        )
        for person, phone, card in zip(people, phones, cards, strict=True)
    ]
    _write(Newcomer, _STAGED, rows)


def withdraw_same_people(
    batch_id: UUID, *, shown: int, in_file: bool
) -> tuple[int, list[tuple[int, str, str, int | None]]]:
    """Take out newcomers who are in the roster, and with `in_file` those who come twice in their batch.

    Returns how many, and (row, column, code, earlier row) of the first `shown` of them. Set by set, inside the
    database: asking for each portion's keys costs ten times as much.
    """
    key = _database_id(batch_id)
    count = 0
    report: list[tuple[int, str, str, int | None]] = []
    with connection.cursor() as cursor:
        _prepare(cursor)
        if in_file and connection.vendor == "postgresql":
            cursor.execute("ANALYZE volunteers_newcomer")
        for code, column, other, source, keys in (_SAME_IN_FILE if in_file else ()) + _SAME_IN_ROSTER:
            first = f'SELECT n."row", {other} {source} ORDER BY 1 LIMIT %s'
            cursor.execute(first, [*[key] * keys, shown + 1])
            found = cursor.fetchall()
            if not found:
                continue
            report += [(row, column, code, earlier) for row, earlier in found[: shown - len(report)]]
            among = f"(SELECT n.id {source})"
            cursor.execute(_FORGET_IDENTITIES + among, [key] * keys)
            cursor.execute(_FORGET_NEWCOMERS + among, [key] * keys)
            count += cursor.rowcount
    return count, report


@transaction.atomic
def give_identities(batch_id: UUID, *, after_row: int, limit: int = PORTION) -> int | None:
    """Give the next newcomers of a batch their numbers and keys; returns the last row, None when all have theirs."""
    waiting = Newcomer.objects.filter(batch_id=batch_id, row__gt=after_row).order_by("row")
    portion = list(waiting.values_list("pk", "row")[:limit])
    if not portion:
        return None
    count = len(portion)
    user_ids, volunteer_ids = _next_ids(User, count), _next_ids(Volunteer, count)
    numbers = issue_numbers(count)
    ids = [pk for pk, _ in portion]
    _write(
        NewcomerIdentity,
        ("newcomer_id", "number", "user_id", "volunteer_id"),
        list(zip(ids, numbers, user_ids, volunteer_ids, strict=True)),
    )
    return portion[-1][1]


def enrol_all(batch_id: UUID, *, at: datetime) -> int:
    """Move a batch's newcomers, who all have their identities, into the roster; returns how many.

    Only inside a transaction, which is the moment at which all of them appear. Nobody can sign in yet: they have no
    password. Raises IntegrityError when somebody joined with one of their phones or identity cards just now.
    """
    key = [_database_id(batch_id)]
    with connection.cursor() as cursor:
        _prepare(cursor)
        _move(cursor, User, _USER, key, password=make_password(None))
        count = _move(cursor, Volunteer, _VOLUNTEER, key)
        _move(cursor, Membership, _MEMBERSHIP, key, source=_SOURCE_WITH_UNIT)
        cursor.execute(_SKILLS[connection.vendor], key)
    joined = Newcomer.objects.filter(batch_id=batch_id).values("unit_id").annotate(people=Count("pk"))
    change_counts({row["unit_id"]: Counts(members=row["people"]) for row in joined.order_by()}, at=at)
    dismiss_all(batch_id)
    return count


def refresh_statistics() -> None:
    """Let the database learn what the tables of people hold now: until it does, it plans for the empty ones."""
    if connection.vendor == "postgresql":
        tables = [model._meta.db_table for model in (User, Volunteer, Membership, Volunteer.skills.through)]  # noqa: SLF001
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(tables)}")


def dismiss_all(batch_id: UUID) -> None:
    """Forget the newcomers of a batch."""
    key = [_database_id(batch_id)]
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_IDENTITIES + _OF_BATCH, key)
        cursor.execute(_FORGET_NEWCOMERS + _OF_BATCH, key)


def _prepare(cursor: Any) -> None:
    """Let the joins of a large batch stay in memory; until the end of the transaction."""
    if connection.vendor == "postgresql":
        cursor.execute("SET LOCAL work_mem = '64MB'")


def _move(
    cursor: Any,
    model: type[models.Model],
    given: Mapping[str, str],
    key: list[Any],
    source: str = _SOURCE,
    **fixed: Any,
) -> int:
    """Insert a row of `model` for each newcomer: expressions for the columns in `given`, `fixed` values, defaults."""
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
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) "  # noqa: SLF001
    cursor.execute(statement + f"SELECT {', '.join(expressions)} {source}", [*values, *key])
    return int(cursor.rowcount)


def _write(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, by COPY where there is one: a tenth of the time of INSERT."""
    table = model._meta.db_table  # noqa: SLF001
    if connection.vendor != "postgresql":
        model._default_manager.bulk_create(model(**dict(zip(columns, row, strict=True))) for row in rows)  # noqa: SLF001
        return
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _next_ids(model: type[models.Model], count: int) -> list[int]:
    """Return keys that nobody else will get."""
    table = model._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [id for (id,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        last = found[0] if found else 0
        change = "UPDATE sqlite_sequence SET seq = %s WHERE name = %s"
        first = "INSERT INTO sqlite_sequence (seq, name) VALUES (%s, %s)"
        cursor.execute(change if found else first, [last + count, table])
    return list(range(last + 1, last + count + 1))


def _database_id(id: UUID) -> Any:
    return models.UUIDField().get_db_prep_value(id, connection)
