"""What differs between PostgreSQL and SQLite, asked at one place.

The same statements run on both. They part where PostgreSQL would be slow with what SQLite has, or SQLite lacks it:

- many values: one array (`= ANY`, `unnest`) instead of a placeholder for each; COPY instead of INSERT;
- many writers: advisory locks, `SKIP LOCKED`, a number reserved from a sequence. SQLite has one writer at a time, who
  needs none of them;
- tables: partitions by day, dropped whole; SQLite deletes rows;
- the planner: `ANALYZE` after a bulk load, `work_mem` for one transaction;
- words: `GREATEST` is `MAX`, the clock has another name. Such words stand in a dictionary beside their statement.

A function that parts says in its docstring what both ways have in common; its test runs on both databases
(`ON_SQLITE` in `script/test`).
"""

from django.db import connection


def on_postgresql() -> bool:
    """Tell whether the database is PostgreSQL; otherwise it is SQLite, the embedded default."""
    return connection.vendor == "postgresql"


def word(words: dict[str, str]) -> str:
    """Return the word of this database: `{"postgresql": "GREATEST", "sqlite": "MAX"}`."""
    return words[connection.vendor]
