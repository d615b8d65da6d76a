from typing import Any

from django.db import migrations


def share_as_before(apps: Any, schema_editor: Any) -> None:
    """Give every partner's topmost unit that is there a row: those above it go on seeing its people."""
    units = apps.get_model("volunteers", "Unit").objects.filter(kind="partner")
    paths = set(units.values_list("path", flat=True))
    sharing = apps.get_model("partners", "Sharing")
    topmost = [pk for pk, path in units.values_list("pk", "path") if path[:-4] not in paths]
    sharing.objects.bulk_create(
        (sharing(unit_id=pk, shares="all") for pk in topmost), batch_size=1_000, ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]

    operations = [migrations.RunPython(share_as_before, migrations.RunPython.noop)]

    overlap = {"Raw Python operation": "the release has no such table; nothing that it reads is changed"}
