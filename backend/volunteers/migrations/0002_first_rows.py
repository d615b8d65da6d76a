"""What every installation begins with: categories and qualifications, and indexes that Django cannot name."""

from django.db import migrations

CATEGORIES = {
    "rescue": "Emergency rescue",
    "city": "City operation",
    "culture": "Culture and education",
    "care": "Care services",
    "community": "Community services",
    "environment": "Environment protection",
    "healthcare": "Healthcare",
    "psychology": "Psychological consultation",
    "legal": "Legal aid",
    "patrol": "Patrol",
}
QUALIFICATIONS = {"first-aid": "First aid", "radio": "Radio", "boat": "Boat", "drone": "Drone"}


def add_skills(apps, schema_editor):
    Skill = apps.get_model("volunteers", "Skill")
    named = [(code, name, True) for code, name in CATEGORIES.items()]
    named += [(code, name, False) for code, name in QUALIFICATIONS.items()]
    Skill.objects.bulk_create(
        [Skill(code=code, name=name, is_category=is_category) for code, name, is_category in named]
    )


def leave_room(apps, schema_editor):
    """Leave room in the pages of the counts: an update stays in its page, and no index is touched."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE volunteers_unitcount SET (fillfactor = 50)")


def drop_pattern_index(apps, schema_editor):
    """Drop the index for LIKE beside that of the phones' keys: a part of a keyed hash is never looked for."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
            r" AND tablename = 'volunteers_user' AND indexname LIKE 'volunteers\_user\_phone\_key\_%\_like'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0001_initial"), ("axes", "0010_accessattemptexpiration")]

    operations = [
        migrations.RunPython(add_skills, migrations.RunPython.noop),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
        migrations.RunPython(drop_pattern_index, migrations.RunPython.noop),
        # Guesses that are over are deleted whenever one is counted.
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS axes_attempt_at ON axes_accessattempt (attempt_time)",
            "DROP INDEX IF EXISTS axes_attempt_at",
        ),
    ]
