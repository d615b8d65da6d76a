"""Stages many people as newcomers: sealed, checked against each other, numbered; portion by portion.

A batch is written in three steps, for millions of people and with short locks. `stage` seals people and stores them as
newcomers. `number_newcomers` gives them their numbers: the counter's row is locked for some hundredths of a second for
each portion. Then `enrolment.enrol_all` moves the whole batch into the roster.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from backend.accounts.models import phone_key, phone_tail_key
from backend.lib.dialect import on_postgresql
from backend.lib.encryption import lookup_key, seal_all
from backend.lib.readings import kept_name, sound_of
from backend.rosters.models import Difference, Newcomer, NewcomerNumber
from backend.rosters.reading.people import Person
from backend.volunteers.queries.units import retired_units
from backend.volunteers.services.numbers import issue_numbers

PORTION = 5_000
"""People of one transaction while they wait."""

_STAGED = (
    *("batch_id", "row", "unit_id", "name", "plain_name", "pinyin", "initials", "born_on"),
    *("phone_sealed", "phone_key", "phone_tail_key", "id_card_sealed", "id_card_key", "skills"),
)

_REPEATED = """
    FROM rosters_newcomer n JOIN (
        SELECT {key}, MIN("row") AS other FROM rosters_newcomer
        WHERE batch_id = %s AND {key} IS NOT NULL GROUP BY {key} HAVING COUNT(*) > 1
    ) earlier ON earlier.{key} = n.{key} AND n."row" > earlier.other
    WHERE n.batch_id = %s
"""
_PHONE_KNOWN = (
    "FROM rosters_newcomer n JOIN accounts_user u ON u.phone_key = n.phone_key WHERE n.batch_id = %s"
)
_PHONE_SHARED = """
    FROM rosters_newcomer n WHERE n.batch_id = %s AND substr(n.phone_key, 1, 30) IN (
        SELECT substr(u.phone_key, 1, 30) FROM accounts_user u WHERE u.phone_key LIKE '%%#_'
    )
"""
"""Phones whose first place is free: the people in the later ones are few, and are looked through once (ADR 26)."""
_CARD_KNOWN = """
    FROM rosters_newcomer n JOIN volunteers_volunteer v ON v.id_card_key = n.id_card_key WHERE n.batch_id = %s
"""
_FORGET_NUMBERS = "DELETE FROM rosters_newcomernumber WHERE newcomer_id IN "
_FORGET_NEWCOMERS = "DELETE FROM rosters_newcomer WHERE id IN "
_OF_BATCH = "(SELECT id FROM rosters_newcomer WHERE batch_id = %s)"
_SAME_IN_FILE = (
    ("phone-in-file", "phone", "earlier.other", _REPEATED.format(key="phone_key"), 2),
    ("id-card-in-file", "id_card", "earlier.other", _REPEATED.format(key="id_card_key"), 2),
)
_SAME_IN_ROSTER = (
    ("phone-in-roster", "phone", "NULL", _PHONE_KNOWN, 1),
    ("phone-in-roster", "phone", "NULL", _PHONE_SHARED, 1),
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
            kept_name(person.name),
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
    write_rows(Newcomer, _STAGED, rows)


def withdraw_same_people(
    batch_id: UUID, *, shown: int, in_file: bool
) -> tuple[int, list[tuple[int, str, str, int | None]]]:
    """Take out newcomers who come twice in their batch, or else (not `in_file`) those who are in the roster already.

    Returns how many, and (row, column, code, earlier row) of the first `shown` of them. Set by set, inside the
    database: asking for each portion's keys costs ten times as much.
    """
    key = database_id(batch_id)
    count = 0
    report: list[tuple[int, str, str, int | None]] = []
    with connection.cursor() as cursor:
        use_memory(cursor)
        if in_file and on_postgresql():
            cursor.execute("ANALYZE rosters_newcomer")
        for code, column, other, source, keys in _SAME_IN_FILE if in_file else _SAME_IN_ROSTER:
            first = f'SELECT n."row", {other} {source} ORDER BY 1 LIMIT %s'
            cursor.execute(first, [*[key] * keys, shown + 1])
            found = cursor.fetchall()
            if not found:
                continue
            report += [(row, column, code, earlier) for row, earlier in found[: shown - len(report)]]
            among = f"(SELECT n.id {source})"
            count += forget_newcomers(cursor, among, [key] * keys)
    return count, report


@transaction.atomic
def number_newcomers(batch_id: UUID, *, after_row: int, limit: int = PORTION) -> int | None:
    """Give the next newcomers of a batch their numbers; returns the last row, None when all have theirs."""
    waiting = Newcomer.objects.filter(batch_id=batch_id, row__gt=after_row).order_by("row")
    portion = list(waiting.values_list("pk", "row")[:limit])
    if not portion:
        return None
    numbered = zip((pk for pk, _ in portion), issue_numbers(len(portion)), strict=True)
    write_rows(NewcomerNumber, ("newcomer_id", "number"), list(numbered))
    return portion[-1][1]


def follow_retired_units(batch_id: UUID) -> None:
    """Let those who wait for a unit that is no more wait for its successor."""
    for gone, successor in retired_units():
        Newcomer.objects.filter(batch_id=batch_id, unit=gone).update(unit=successor)


def forget_newcomers(cursor: Any, among: str, params: Sequence[Any] = ()) -> int:
    """Forget newcomers whose keys a statement returns, with their numbers; returns how many."""
    cursor.execute(_FORGET_NUMBERS + among, params)
    cursor.execute(_FORGET_NEWCOMERS + among, params)
    return int(cursor.rowcount)


def dismiss_all(batch_id: UUID) -> None:
    """Forget the newcomers of a batch."""
    key = [database_id(batch_id)]
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_NUMBERS + _OF_BATCH, key)
        cursor.execute("DELETE FROM rosters_newcomer WHERE batch_id = %s", key)


def forget_differences(batch_id: UUID) -> None:
    """Forget the differences of a batch that will not be in the roster."""
    Difference.objects.filter(batch=batch_id).delete()


def use_memory(cursor: Any) -> None:
    """Let the joins of a large batch stay in memory; until the end of the transaction."""
    if on_postgresql():
        cursor.execute("SET LOCAL work_mem = '64MB'")


def database_id(id: UUID) -> Any:
    """Return a UUID as the database's own statements take it."""
    return models.UUIDField().get_db_prep_value(id, connection)


def write_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, by COPY where there is one: a tenth of the time of INSERT."""
    table = model._meta.db_table  # noqa: SLF001
    if not on_postgresql():
        model._default_manager.bulk_create(model(**dict(zip(columns, row, strict=True))) for row in rows)  # noqa: SLF001
        return
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
