"""Writes many rows of a model in one statement.

PostgreSQL reads the rows from one JSON document, which the driver quotes as one string. The arrays that `bulk_create`
writes cost more than half of its time (measured with 500 rows). Values without a JSON type, times and UUIDs, are
written as text. SQLite uses the ORM.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models

from backend.lib.dialect import on_postgresql

_PORTION = 1_000
"""Rows of one statement."""

_INSERT = """
    INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS given ({typed})
"""
_INSERT_NEW = (
    _INSERT
    + """
    ON CONFLICT ({unique}) DO NOTHING RETURNING {key}, {unique}
"""
)
_UPDATE = """
    UPDATE {table} SET {changes} FROM jsonb_to_recordset(%s::jsonb) AS given ({typed})
    WHERE {table}.{key} = given.{key}
"""

Row = Mapping[str, Any]


def insert_rows(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Insert rows in order. Each row maps columns to values; all have the same columns."""
    for portion in _portions(rows):
        if on_postgresql():
            _execute(_INSERT, model, portion)
        else:
            _objects(model).bulk_create([model(**row) for row in portion])


def insert_new_rows(
    model: type[models.Model], rows: Sequence[Row], *, unique: Sequence[str]
) -> dict[tuple[Any, ...], Any]:
    """Insert the rows whose `unique` columns are not in the table yet; return the new keys by these columns.

    Waits for other transactions that insert the same rows.
    """
    made: dict[tuple[Any, ...], Any] = {}
    for portion in _portions(rows):
        if on_postgresql():
            made |= {tuple(found): key for key, *found in _execute(_INSERT_NEW, model, portion, unique)}
        else:
            made |= _insert_new(model, portion, unique)
    return made


def _insert_new(
    model: type[models.Model], rows: Sequence[Row], unique: Sequence[str]
) -> dict[tuple[Any, ...], Any]:
    """Insert in two steps; a transaction of SQLite has the database to itself."""
    there = _objects(model).filter(**{f"{name}__in": {row[name] for row in rows} for name in unique})
    known = set(there.values_list(*unique))
    new = [row for row in rows if tuple(row[name] for name in unique) not in known]
    made = _objects(model).bulk_create([model(**row) for row in new])
    return {tuple(getattr(one, name) for name in unique): one.pk for one in made}


def update_rows(objects: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Save some fields of objects of one model that exist in the database."""
    if not objects:
        return
    model, key = type(objects[0]), _meta(objects[0]).pk.attname
    for portion in _portions([{name: getattr(one, name) for name in (key, *fields)} for one in objects]):
        if on_postgresql():
            _execute(_UPDATE, model, portion)
        else:
            _objects(model).bulk_update([model(**row) for row in portion], fields)


def _portions(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[start : start + _PORTION] for start in range(0, len(rows), _PORTION)]


def _execute(
    statement: str, model: type[models.Model], rows: Sequence[Row], unique: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """Run a statement on rows; return the rows that it returns."""
    quote = connection.ops.quote_name
    types = {name: _meta(model).get_field(name).db_type(connection) for name in rows[0]}
    key = _meta(model).pk.attname
    sql = statement.format(
        table=quote(_meta(model).db_table),
        columns=", ".join(quote(name) for name in types),
        typed=", ".join(f"{quote(name)} {type}" for name, type in types.items()),
        changes=", ".join(f"{quote(name)} = given.{quote(name)}" for name in types if name != key),
        key=quote(key),
        unique=", ".join(quote(name) for name in unique),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [json.dumps(rows, default=str, ensure_ascii=False)])
        return cursor.fetchall() if cursor.description else []


def _meta(model: Any) -> Any:
    return model._meta  # noqa: SLF001  # the documented way to a model's fields


def _objects(model: Any) -> Any:
    return model._default_manager  # noqa: SLF001  # documented, for code that knows no model
