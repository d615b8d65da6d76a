"""Unsafe: the version before reads and writes it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0904_renames")]
    operations = [migrations.RemoveField("task", "instructions")]
