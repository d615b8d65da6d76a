"""Every part has been told something, and every notice is of a task."""

import django.db.models.deletion
from django.db import migrations, models

_NOTICE = {
    "to": "dispatch.notice",
    "on_delete": django.db.models.deletion.CASCADE,
    "db_index": False,
    "db_constraint": False,
}


class Migration(migrations.Migration):

    dependencies = [("dispatch", "0005_notices")]

    operations = [
        migrations.AlterField(
            "notice",
            "task",
            models.ForeignKey(
                "dispatch.task", on_delete=django.db.models.deletion.CASCADE, related_name="notices"
            ),
        ),
        migrations.AlterField("notice", "at", models.DateTimeField()),
        migrations.AlterField("assignment", "told", models.ForeignKey(**_NOTICE, related_name="+", help_text="the last that concerned this volunteer")),
        migrations.AlterField(
            "assignment",
            "through",
            models.ForeignKey(
                **_NOTICE, related_name="assignments", help_text="what carried the offer"
            ),
        ),
        migrations.AddConstraint(
            "notice", models.UniqueConstraint(fields=["topic", "seq"], name="notice_topic_seq")
        ),
    ]
