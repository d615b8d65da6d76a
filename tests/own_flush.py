"""Empties the tables after a test in a tenth of the time that Django's own way takes.

On PostgreSQL only tables with rows are emptied: TRUNCATE of all takes half a second. Content types and permissions
stay: no test changes them, and Django would make them anew each time.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.models.signals import post_migrate

_STAY = {"django_content_type", "auth_permission"}
_DELETE = """
DO $$
DECLARE name text; has_rows boolean;
BEGIN
  SET LOCAL session_replication_role = replica;  -- no triggers, so the order of the tables does not matter
  FOREACH name IN ARRAY ARRAY[{names}] LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO has_rows;
    IF has_rows THEN EXECUTE format('DELETE FROM %I', name); END IF;
  END LOOP;
END $$
"""


def flush_quickly() -> None:
    """Let Django's `flush` delete as few rows as it may; what resets sequences truncates as ever."""
    post_migrate.disconnect(create_contenttypes)
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    all_of = connection.ops.sql_flush

    def sql_flush(style: Any, tables: Sequence[str], *, reset_sequences: bool = False, **other: Any) -> Any:
        changed = [table for table in tables if table not in _STAY]
        if connection.vendor != "postgresql" or reset_sequences:
            return all_of(style, changed, reset_sequences=reset_sequences, **other)
        return [_DELETE.format(names=", ".join(f"'{table}'" for table in changed))]

    connection.ops.sql_flush = sql_flush
