"""Phones are sealed; they are found by a keyed hash."""

from django.db import migrations, models

from backend.lib.sealed import lookup_key, seal, unseal

BATCH = 2_000


def seal_phones(apps, schema_editor):
    """Seal the phones that are there."""
    _each(apps, lambda user: _set(user, "phone_sealed", seal(user.phone or "", "phone"), "phone_key", lookup_key(user.phone, "phone") if user.phone else None), ["phone_sealed", "phone_key"])


def open_phones(apps, schema_editor):
    """Write the phones out again."""
    _each(apps, lambda user: _set(user, "phone", unseal(user.phone_sealed, "phone") or None), ["phone"])


def _set(user, *pairs):
    for name, value in zip(pairs[::2], pairs[1::2]):
        setattr(user, name, value)


def _each(apps, change, fields):
    users = apps.get_model("volunteers", "User").objects
    last = 0
    while batch := list(users.filter(pk__gt=last).order_by("pk")[:BATCH]):
        for user in batch:
            change(user)
        users.bulk_update(batch, fields)
        last = batch[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ("volunteers", "0005_pair_arrived"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="phone_sealed",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="user",
            name="phone_key",
            field=models.CharField(blank=True, help_text="to find who has a phone", max_length=32, null=True, unique=True, verbose_name="phone"),
        ),
        migrations.RunPython(seal_phones, open_phones, elidable=True),
        migrations.RemoveField(model_name="user", name="phone"),
        migrations.AddField(
            model_name="volunteer",
            name="standing",
            field=models.CharField(choices=[("active", "Active"), ("suspended", "Suspended"), ("retired", "Retired")], default="active", max_length=10),
        ),
    ]
