"""Rosters are searched by names as they are compared, and by the readings of surnames."""

from django.db import migrations, models

from backend.volunteers.names import kept_name, sound_of

BATCH = 2_000


def keep_names_as_compared(apps, schema_editor):
    """Write anew by what memberships are found, where it has changed."""
    rows = apps.get_model("volunteers", "Membership").objects.exclude(unit_path="").select_related("volunteer")
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last, changed = batch[-1].pk, []
        for row in batch:
            kept = (kept_name(row.volunteer.name), *sound_of(row.volunteer.name))
            if kept != (row.name, row.pinyin, row.initials):
                row.name, row.pinyin, row.initials = kept
                changed.append(row)
        rows.bulk_update(changed, ["name", "pinyin", "initials"])


def keep_names_of_newcomers(apps, schema_editor):
    """Give those who wait for their import what they are going to be found by."""
    rows = apps.get_model("volunteers", "Newcomer").objects.all()
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        for row in batch:
            row.plain_name = kept_name(row.name)
            row.pinyin, row.initials = sound_of(row.name)
        rows.bulk_update(batch, ["plain_name", "pinyin", "initials"])


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0020_passwords_and_identities")]

    operations = [
        migrations.AddField(
            model_name="newcomer",
            name="plain_name",
            field=models.CharField(default="", help_text="as names are compared", max_length=80),
        ),
        migrations.AlterField(
            model_name="membership",
            name="name",
            field=models.CharField(
                default="", help_text="as names are compared: plain_name", max_length=80
            ),
        ),
        migrations.RunPython(keep_names_as_compared, migrations.RunPython.noop),
        migrations.RunPython(keep_names_of_newcomers, migrations.RunPython.noop),
    ]
