"""The schema of most first versions, beside ours in the same database: adjacency list, offsets, no tiles."""

from typing import Any

MAKE_NAIVE = (
    "CREATE SCHEMA naive",
    """
    CREATE TABLE naive.unit AS SELECT t.id, above.id AS parent_id, t.display_name AS name
    FROM volunteers_unit t LEFT JOIN volunteers_unit above ON above.path = left(t.path, -4) AND t.path <> above.path
    """,
    """
    CREATE TABLE naive.person AS SELECT v.id, v.number::text AS number, v.name, m.unit_id,
        v.duty_until IS NOT NULL AS on_duty, p.lon, p.lat
    FROM volunteers_volunteer v JOIN volunteers_membership m ON m.volunteer_id = v.id AND m.is_primary
    LEFT JOIN tracking_latestposition p ON p.person = v.number
    """,
    """
    CREATE TABLE naive.person_skill AS SELECT h.volunteer_id AS person_id, s.code FROM volunteers_volunteer_skills h
    JOIN volunteers_skill s ON s.id = h.skill_id
    """,
    "ALTER TABLE naive.unit ADD PRIMARY KEY (id)",
    "CREATE INDEX ON naive.unit (parent_id)",
    "ALTER TABLE naive.person ADD PRIMARY KEY (id)",
    "CREATE INDEX ON naive.person (unit_id)",
    "CREATE UNIQUE INDEX ON naive.person (number)",
    "CREATE INDEX ON naive.person_skill (person_id)",
)
"""With the indexes of primary and foreign keys."""

_BELOW = """
    WITH RECURSIVE below AS (
        SELECT id FROM naive.unit WHERE id = %s
        UNION ALL SELECT u.id FROM naive.unit u JOIN below ON u.parent_id = below.id
    )
"""
COUNT = _BELOW + "SELECT count(*) FROM naive.person WHERE on_duty AND unit_id IN (SELECT id FROM below)"
PAGE = _BELOW + (
    "SELECT * FROM naive.person WHERE unit_id IN (SELECT id FROM below) ORDER BY number LIMIT 50 OFFSET %s"
)
PREFIX = _BELOW + (
    "SELECT * FROM naive.person WHERE unit_id IN (SELECT id FROM below) AND name LIKE %s ORDER BY number LIMIT 50"
)
LOOK_UP = "SELECT * FROM naive.person WHERE number LIKE %s"
"""With the typed text between wildcards, like a search box over a text column."""
NEAREST = """
    SELECT p.*, 2 * 6371009 * asin(sqrt(sin(radians(lat - %s) / 2) ^ 2
        + cos(radians(lat)) * cos(radians(%s)) * sin(radians(lon - %s) / 2) ^ 2)) AS metres
    FROM naive.person p JOIN naive.person_skill s ON s.person_id = p.id AND s.code = %s
    WHERE p.on_duty AND p.lon IS NOT NULL ORDER BY metres LIMIT 50
"""


def children_counts(cursor: Any, unit: int) -> list[int]:
    """Count the people on duty below each child of a unit, one query each."""
    cursor.execute("SELECT id FROM naive.unit WHERE parent_id = %s", [unit])
    counts = []
    for (child,) in cursor.fetchall():
        cursor.execute(COUNT, [child])
        counts.append(cursor.fetchone()[0])
    return counts
