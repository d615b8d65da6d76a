"""Unsafe: Django fills in this default, the version before does not, and the database knows none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0902_drops_what_is_not_used")]
    operations = [migrations.AddField("task", "urgency", models.PositiveIntegerField(default=0))]
