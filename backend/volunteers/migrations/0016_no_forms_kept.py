from typing import Any

from django.db import migrations


def forget_what_was_sent(apps: Any, _schema_editor: Any) -> None:
    """Take what clients sent, passwords among it, out of the record of guesses; and names that are no account's."""
    attempts = apps.get_model("axes", "AccessAttempt").objects
    attempts.exclude(username__regex=r"^[0-9]{8}$").delete()
    attempts.update(get_data="", post_data="", http_accept="", path_info="")


class Migration(migrations.Migration):
    dependencies = [
        ("volunteers", "0015_looks_of_finders"),
        ("axes", "0010_accessattemptexpiration"),
    ]

    operations = [
        migrations.RunPython(forget_what_was_sent, migrations.RunPython.noop, elidable=True),
        # Guesses that are over are deleted whenever one is counted.
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS axes_attempt_at ON axes_accessattempt (attempt_time)",
            "DROP INDEX IF EXISTS axes_attempt_at",
        ),
    ]
