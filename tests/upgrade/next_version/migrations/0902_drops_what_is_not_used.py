"""Safe: the version before never had it, and the migration says so."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0901_adds")]
    operations = [migrations.RemoveField("task", "weather")]
    overlap = {"Remove field weather from task": "the release has no such field in its model"}
