"""What the clock on the wall of a zone shows at a moment, computed in the database: each row has its own zone.

PostgreSQL computes it by itself; SQLite by the functions that Django gives to each connection.
"""

from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, F, Func, IntegerField, Value
from django.db.models.sql.compiler import SQLCompiler


class _OnTheWall(Func):
    """A part of the local time; called with a moment, and the path from the rows to the column of the zone."""

    output_field = IntegerField()
    postgresql: str
    sqlite: str

    def __init__(self, moment: datetime, zone: str) -> None:
        super().__init__(Value(moment, DateTimeField()), F(zone))

    def as_postgresql(self, compiler: SQLCompiler, _: BaseDatabaseWrapper) -> tuple[str, Any]:
        (moment, moment_params), (zone, zone_params) = map(compiler.compile, self.source_expressions)
        local = f"timezone({zone}, {moment}::timestamptz)"
        return self.postgresql.format(local), (*zone_params, *moment_params)

    def as_sqlite(
        self,
        compiler: SQLCompiler,
        connection: BaseDatabaseWrapper,  # noqa: ARG002  # Django's signature
        **extra_context: Any,  # noqa: ARG002
    ) -> tuple[str, tuple[str | int, ...]]:
        (moment, moment_params), (zone, zone_params) = map(compiler.compile, self.source_expressions)
        # The parts are functions of Django's; the moment is written in UTC.
        parts = self.sqlite.count("{")
        arguments = f"{moment}, {zone}, 'UTC'"
        return self.sqlite.format(*[arguments] * parts), (*moment_params, *zone_params) * parts


class LocalMinute(_OnTheWall):
    """The minute of the day, from 0 to 1439."""

    postgresql = "(EXTRACT(EPOCH FROM {}::time)::int / 60)"
    sqlite = "(django_datetime_extract('hour', {}) * 60 + django_datetime_extract('minute', {}))"


class LocalWeekday(_OnTheWall):
    """The day of the week, from 0 for Monday to 6."""

    postgresql = "(EXTRACT(ISODOW FROM {})::int - 1)"
    sqlite = "(django_datetime_extract('iso_week_day', {}) - 1)"
