from typing import Any

from django.db import migrations, models


def distrust(apps: Any, _schema_editor: Any) -> None:
    """Ask everywhere once more: devices that are trusted have no secret yet."""
    apps.get_model("volunteers", "TrustedDevice").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0021_plain_names")]

    operations = [
        migrations.RunPython(distrust, migrations.RunPython.noop, elidable=True),
        migrations.AddField(
            "trusteddevice",
            "secret_key",
            models.CharField(max_length=32, default="", help_text="stands for the device's secret"),
            preserve_default=False,
        ),
    ]
