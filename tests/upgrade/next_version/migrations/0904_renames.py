"""Unsafe: the version before reads and writes the old name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0903_adds_without_default")]
    operations = [migrations.RenameField("task", "place_name", "place")]
