"""What told people of a task: call-outs so far, every event that concerns them from now on."""

import django.db.models.deletion
from django.db import migrations, models

_OF_CALL_OUTS = """
    UPDATE dispatch_notice SET
        task_id = (SELECT task_id FROM dispatch_callout WHERE id = dispatch_notice.call_out_id),
        at = (SELECT at FROM dispatch_callout WHERE id = dispatch_notice.call_out_id),
        seq = NULLIF(seq, 0)
"""
_NOTICE = {
    "to": "dispatch.notice",
    "on_delete": django.db.models.deletion.CASCADE,
    "db_index": False,
    "db_constraint": False,
}
_TOLD = {**_NOTICE, "related_name": "+", "help_text": "the last that concerned this volunteer"}
_STATUSES = [
    ("offered", "Offered"),
    ("accepted", "Accepted"),
    ("reserve", "Reserve"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("withdrawn", "Withdrawn"),
]


class Migration(migrations.Migration):

    dependencies = [("dispatch", "0004_privacy")]

    operations = [
        migrations.RenameModel("CallOutUnit", "Notice"),
        migrations.AlterField(
            "notice",
            "call_out",
            models.ForeignKey(
                "dispatch.callout",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="units",
            ),
        ),
        migrations.AlterField(
            "notice",
            "unit",
            models.ForeignKey(
                "volunteers.unit", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+"
            ),
        ),
        migrations.AlterField(
            "notice",
            "seq",
            models.BigIntegerField(
                null=True, help_text="null: nobody in this unit was asked, so there is no event"
            ),
        ),
        migrations.AddField(
            "notice",
            "task",
            models.ForeignKey(
                "dispatch.task",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
            ),
        ),
        migrations.AddField("notice", "at", models.DateTimeField(null=True)),
        migrations.AddField(
            "notice",
            "event",
            models.CharField(max_length=60, default="task.called", help_text="the type of the event"),
            preserve_default=False,
        ),
        migrations.AddField("assignment", "told", models.ForeignKey(null=True, **_TOLD)),
        migrations.AddField(
            "assignment",
            "before",
            models.CharField(
                max_length=12,
                choices=_STATUSES,
                blank=True,
                default="",
                help_text="the status before a change that the volunteer did not make; empty after their own answer",
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(_OF_CALL_OUTS, migrations.RunSQL.noop),
        migrations.RunSQL("UPDATE dispatch_assignment SET told_id = through_id", migrations.RunSQL.noop),
    ]
