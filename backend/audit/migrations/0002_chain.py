"""Chains the audit: rows that exist are sealed as they stand, and linked by the clock like new ones."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import migrations, models
from django.db.models import Q
from uuid6 import uuid7

from backend.audit.keys import seal_of
from backend.audit.queries import line_of

PORTION = 1_000


def seal_rows(apps: Any, schema_editor: Any) -> None:
    entries = apps.get_model("audit", "Entry").objects.using(schema_editor.connection.alias)
    for portion in portions(entries):
        for entry in portion:
            entry.key = UUID(bytes=uuid7().bytes)
            entry.seal = seal_of(line_of(entry))
        entries.bulk_update(portion, ["key", "seal"])


def portions(entries: Any) -> Iterator[list[Any]]:
    last = 0
    while portion := list(entries.filter(pk__gt=last).order_by("pk")[:PORTION]):
        last = portion[-1].pk
        yield portion


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Head",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField()),
                ("link", models.CharField(max_length=64)),
                ("closed", models.BooleanField()),
                ("fingerprints", models.TextField()),
                ("at", models.DateTimeField()),
                ("previous", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=16)),
                ("signature", models.CharField(max_length=128)),
            ],
            options={"indexes": [models.Index(fields=["day", "number"], name="audit_head_day_number")]},
        ),
        migrations.AddField("entry", "post", models.CharField(default="", max_length=60)),
        migrations.AddField("entry", "day", models.DateField(null=True)),
        migrations.AddField("entry", "position", models.PositiveIntegerField(null=True)),
        migrations.AddField("entry", "link", models.CharField(default="", max_length=64)),
        migrations.AddField("entry", "seal", models.CharField(default="", max_length=32)),
        migrations.AddField("entry", "key", models.UUIDField(null=True)),
        migrations.RunPython(seal_rows, migrations.RunPython.noop),
        migrations.AlterField(
            "entry",
            "seal",
            models.CharField(max_length=32, help_text="keyed hash of the content"),
        ),
        migrations.AlterField(
            "entry",
            "key",
            models.UUIDField(unique=True, help_text="makes two equal acts two; a row that is copied keeps it"),
        ),
        migrations.AddConstraint(
            "entry", models.UniqueConstraint(fields=["day", "position"], name="audit_entry_place")
        ),
        migrations.AddIndex(
            "entry", models.Index(fields=["id"], condition=Q(link=""), name="audit_entry_unlinked")
        ),
    ]
