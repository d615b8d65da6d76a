"""Safe: rows that the version before inserts get the database's default."""

from django.db import migrations, models

from tests.upgrade.next_version.migrations import PRESENT


class Migration(migrations.Migration):
    dependencies = [("dispatch", PRESENT)]
    operations = [
        migrations.AddField("task", "weather", models.CharField(max_length=20, db_default="fair")),
        migrations.AddField("task", "checked_at", models.DateTimeField(null=True)),
    ]
