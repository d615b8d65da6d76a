"""Tracks are a table partitioned by day on PostgreSQL; the latest positions one that is cheap to update."""

from datetime import UTC, datetime, timedelta

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models


DAYS_AHEAD = 4


def make_tracks(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        _make_partitioned(schema_editor)
    else:
        _make_plain(schema_editor)


def _make_partitioned(schema_editor):
    schema_editor.execute(
        """
        CREATE TABLE tracking_fix (
            person integer NOT NULL CHECK (person >= 0),
            at timestamp with time zone NOT NULL,
            received_at timestamp with time zone NOT NULL,
            lon double precision NOT NULL,
            lat double precision NOT NULL,
            accuracy_m double precision,
            battery smallint CHECK (battery >= 0),
            speed_mps double precision,
            PRIMARY KEY (person, at)
        ) PARTITION BY RANGE (at)
        """
    )
    today = datetime.now(UTC).date()
    for day in (today + timedelta(days=n) for n in range(DAYS_AHEAD)):  # the clock makes those that follow
        schema_editor.execute(
            f"CREATE TABLE tracking_fix_p{day:%Y%m%d} PARTITION OF tracking_fix "
            f"FOR VALUES FROM ('{day}T00:00Z') TO ('{day + timedelta(days=1)}T00:00Z')"
        )


def _make_plain(schema_editor):
    schema_editor.execute(
        """
        CREATE TABLE tracking_fix (
            "person" integer unsigned NOT NULL CHECK ("person" >= 0),
            "at" datetime NOT NULL,
            "received_at" datetime NOT NULL,
            "lon" real NOT NULL,
            "lat" real NOT NULL,
            "accuracy_m" real NULL,
            "battery" smallint unsigned NULL CHECK ("battery" >= 0),
            "speed_mps" real NULL,
            PRIMARY KEY ("person", "at")
        )
        """
    )
    # Old tracks are deleted by their moment; on PostgreSQL their partitions are dropped.
    schema_editor.execute("CREATE INDEX tracking_fix_at ON tracking_fix (at)")


def make_latest_cheap(apps, schema_editor):
    """An update of the latest position is cheap (HOT) where its page has room; a crash may lose the table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE tracking_latestposition SET UNLOGGED")
        schema_editor.execute("ALTER TABLE tracking_latestposition SET (fillfactor = 50)")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(make_tracks)],
            state_operations=[
                migrations.CreateModel(
                    name='Fix',
                    fields=[
                        ('pk', models.CompositePrimaryKey('person', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('person', models.PositiveIntegerField()),
                        ('at', models.DateTimeField()),
                        ('received_at', models.DateTimeField()),
                        ('lon', models.FloatField()),
                        ('lat', models.FloatField()),
                        ('accuracy_m', models.FloatField(null=True)),
                        ('battery', models.PositiveSmallIntegerField(null=True)),
                        ('speed_mps', models.FloatField(null=True)),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name='LatestPosition',
            fields=[
                ('person', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('scope', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('lon', models.FloatField()),
                ('lat', models.FloatField()),
                ('accuracy_m', models.FloatField(null=True)),
                ('battery', models.PositiveSmallIntegerField(null=True)),
                ('tile', models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Cast(django.db.models.functions.math.Floor(django.db.models.expressions.CombinedExpression(models.F('lat'), '*', models.Value(50))), models.IntegerField()), '*', models.Value(100000)), '+', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Floor(django.db.models.expressions.CombinedExpression(models.F('lon'), '*', models.Value(50))), models.IntegerField())), output_field=models.IntegerField())),
            ],
            options={
                'indexes': [models.Index(fields=['tile'], name='latest_position_tile')],
            },
        ),
        migrations.CreateModel(
            name='Tracker',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, max_length=80)),
                ('datum', models.CharField(max_length=5)),
                ('secret_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField(null=True)),
                ('last_stored_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='trackers', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='TrackerDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(db_index=True)),
                ('reason', models.CharField(choices=[('no_place', 'No Place'), ('no_time', 'No Time'), ('unreadable', 'Unreadable'), ('off_duty', 'Off Duty'), ('no_consent', 'No Consent'), ('future', 'Future'), ('too_old', 'Too Old')], max_length=10)),
                ('count', models.PositiveIntegerField()),
                ('last_at', models.DateTimeField()),
                ('tracker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='tracking.tracker')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tracker', 'day', 'reason'), name='tracker_day_reason')],
            },
        ),
        migrations.RunPython(make_latest_cheap),
    ]
