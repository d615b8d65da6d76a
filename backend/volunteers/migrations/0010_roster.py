"""Rosters: counts for each unit, what memberships are searched and sorted by, planned availability."""

import django.db.models.deletion
from django.db import migrations, models

from backend.lib.sealed import lookup_key, unseal
from backend.volunteers.names import sound_of

BATCH = 2_000
COUNTY = 12


def leave_room(apps, schema_editor):
    """Leave room in the pages of the counts: an update stays in its page, and no index is touched."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE volunteers_unitcount SET (fillfactor = 50)")


def fill_roster(apps, schema_editor):
    """Copy to the memberships that are there what rosters need."""
    rows = apps.get_model("volunteers", "Membership").objects.select_related("volunteer", "unit")
    for batch in _batches(rows):
        for row in batch:
            row.unit_path, row.county, row.name = row.unit.path, row.unit.path[:COUNTY], row.volunteer.name
            row.pinyin, row.initials = sound_of(row.name)
        rows.bulk_update(batch, ["unit_path", "county", "name", "pinyin", "initials"])


def fill_phone_tails(apps, schema_editor):
    """Make the phones that are there findable by their last four digits."""
    users = apps.get_model("volunteers", "User").objects.exclude(phone_sealed="")
    for batch in _batches(users):
        for user in batch:
            user.phone_tail_key = lookup_key(unseal(user.phone_sealed, "phone")[-4:], "phone_tail")
        users.bulk_update(batch, ["phone_tail_key"])


def count(apps, schema_editor):
    """Count the people of each unit; devices are counted by the clock's next turns."""
    schema_editor.execute(
        """
        INSERT INTO volunteers_unitcount (unit_id, path, members, on_duty, reachable)
        SELECT t.id, t.path, count(v.id), count(v.duty_until), 0
        FROM volunteers_unit t
        LEFT JOIN (
            volunteers_membership m
            JOIN volunteers_volunteer v ON v.id = m.volunteer_id AND v.standing <> 'retired'
            JOIN volunteers_user u ON u.id = v.user_id AND u.is_active
        ) ON m.unit_id = t.id AND m.is_primary
        GROUP BY t.id, t.path
        """
    )


def _batches(rows):
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('volunteers', '0009_imports'),
    ]

    operations = [
        migrations.CreateModel(
            name='DatedAvailability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('available', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='UnitCount',
            fields=[
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='count', serialize=False, to='volunteers.unit')),
                ('path', models.CharField(max_length=255)),
                ('members', models.IntegerField(default=0)),
                ('on_duty', models.IntegerField(default=0)),
                ('reachable', models.IntegerField(default=0, help_text='members with a device that is signed in')),
                ('counted_at', models.DateTimeField(help_text='when they were last counted from the memberships themselves', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='WeeklyAvailability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(help_text='0 Monday … 6 Sunday')),
                ('from_minute', models.PositiveSmallIntegerField(help_text='of the day')),
                ('until_minute', models.PositiveSmallIntegerField(help_text='of the day; 1440 is its end')),
            ],
        ),
        migrations.AddField(
            model_name='membership',
            name='county',
            field=models.CharField(default='', help_text='the path of the detachment, or of a unit above', max_length=12),
        ),
        migrations.AddField(
            model_name='membership',
            name='initials',
            field=models.CharField(default='', help_text='of its syllables: wxl', max_length=20),
        ),
        migrations.AddField(
            model_name='membership',
            name='name',
            field=models.CharField(default='', max_length=80),
        ),
        migrations.AddField(
            model_name='membership',
            name='pinyin',
            field=models.CharField(default='', help_text='how the name sounds: wangxiulan', max_length=80),
        ),
        migrations.AddField(
            model_name='membership',
            name='unit_path',
            field=models.CharField(default='', help_text='empty: not filled in yet', max_length=255),
        ),
        migrations.AddField(
            model_name='user',
            name='phone_tail_key',
            field=models.CharField(blank=True, help_text='to find who is on a roster by the end of a phone', max_length=32),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['unit_path', 'id'], name='roster_order'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['county', 'name'], name='roster_name', opclasses=['varchar_pattern_ops', 'varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['county', 'pinyin'], name='roster_pinyin', opclasses=['varchar_pattern_ops', 'varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['county', 'initials'], name='roster_initials', opclasses=['varchar_pattern_ops', 'varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['phone_tail_key'], name='user_phone_tail'),
        ),
        migrations.AddField(
            model_name='datedavailability',
            name='volunteer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='dated_availability', to='volunteers.volunteer'),
        ),
        migrations.AddIndex(
            model_name='unitcount',
            index=models.Index(fields=['path'], name='unit_count_path', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddField(
            model_name='weeklyavailability',
            name='volunteer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='weekly_availability', to='volunteers.volunteer'),
        ),
        migrations.AddConstraint(
            model_name='datedavailability',
            constraint=models.UniqueConstraint(fields=('volunteer', 'from_at'), name='availability_period_once'),
        ),
        migrations.AddConstraint(
            model_name='datedavailability',
            constraint=models.CheckConstraint(condition=models.Q(('from_at__lt', models.F('until_at'))), name='availability_period_forward'),
        ),
        migrations.AddConstraint(
            model_name='weeklyavailability',
            constraint=models.UniqueConstraint(fields=('volunteer', 'weekday', 'from_minute'), name='availability_hours_once'),
        ),
        migrations.AddConstraint(
            model_name='weeklyavailability',
            constraint=models.CheckConstraint(condition=models.Q(('from_minute__lt', models.F('until_minute')), ('until_minute__lte', 1440), ('weekday__lte', 6)), name='availability_hours_in_day'),
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
        migrations.RunPython(fill_roster, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(fill_phone_tails, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(count, migrations.RunPython.noop, elidable=True),
    ]
