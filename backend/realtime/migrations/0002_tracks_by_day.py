"""Tracks are a table partitioned by day on PostgreSQL; the latest positions one that is cheap to update."""

from datetime import UTC, datetime, timedelta

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
        CREATE TABLE realtime_fix (
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
            f"CREATE TABLE realtime_fix_p{day:%Y%m%d} PARTITION OF realtime_fix "
            f"FOR VALUES FROM ('{day}T00:00Z') TO ('{day + timedelta(days=1)}T00:00Z')"
        )


def _make_plain(schema_editor):
    schema_editor.execute(
        """
        CREATE TABLE realtime_fix (
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
    schema_editor.execute("CREATE INDEX realtime_fix_at ON realtime_fix (at)")


def make_latest_cheap(apps, schema_editor):
    """An update of the latest position is cheap (HOT) where its page has room; a crash may lose the table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE realtime_latestposition SET UNLOGGED")
        schema_editor.execute("ALTER TABLE realtime_latestposition SET (fillfactor = 50)")


class Migration(migrations.Migration):

    dependencies = [
        ('realtime', '0001_initial'),
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
        migrations.RunPython(make_latest_cheap),
    ]
