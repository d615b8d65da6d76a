"""A condition on thousands of numbers as one parameter; `in` makes a placeholder of each."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Lookup
from django.db.models.sql.compiler import SQLCompiler
from pydantic_core import to_json

_ELSEWHERE = "{} IN (SELECT value FROM json_each(%s))"
_POSTGRESQL = "{} = ANY(%s::int[])"


class AnyOf(Lookup):
    """Used as `filter(AnyOf(F("volunteer__number"), numbers))`."""

    lookup_name = "any_of"
    prepare_rhs = False
    output_field = BooleanField()

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        lhs, params = self.process_lhs(compiler, connection)
        return _ELSEWHERE.format(lhs), (*params, to_json(list(self.rhs)).decode())

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        lhs, params = self.process_lhs(compiler, connection)
        return _POSTGRESQL.format(lhs), (*params, list(self.rhs))
