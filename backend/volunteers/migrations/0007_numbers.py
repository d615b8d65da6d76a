"""Temporary numbers, aliases, blocks of numbers, and merged records."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("volunteers", "0006_sealed_phones"),
    ]

    operations = [
        migrations.AddField(
            model_name="volunteer",
            name="merged_into",
            field=models.ForeignKey(help_text="this record was another one of the same person; its number is an alias of theirs", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="volunteers.volunteer"),
        ),
        migrations.CreateModel(
            name="NumberAlias",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("volunteer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="aliases", to="volunteers.volunteer")),
            ],
        ),
        migrations.CreateModel(
            name="NumberBlock",
            fields=[
                ("id", models.UUIDField(help_text="UUIDv7, made by the client", primary_key=True, serialize=False)),
                ("first_index", models.PositiveIntegerField(unique=True)),
                ("indexes", models.PositiveIntegerField()),
                ("size", models.PositiveIntegerField(help_text="how many of the indexes stand for a number")),
                ("used", models.PositiveIntegerField(default=0, help_text="how many people were registered with one")),
                ("made_at", models.DateTimeField()),
                ("returned_at", models.DateTimeField(null=True)),
                ("made_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("unit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="number_blocks", to="volunteers.unit")),
            ],
            options={
                "indexes": [models.Index(fields=["unit", "made_at"], name="number_block_of")],
            },
        ),
        migrations.CreateModel(
            name="WalkIn",
            fields=[
                ("id", models.UUIDField(help_text="UUIDv7, made by the client: a retry registers nobody twice", primary_key=True, serialize=False)),
                ("registered_at", models.DateTimeField()),
                ("registered_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("unit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="volunteers.unit")),
                ("volunteer", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="walk_in", to="volunteers.volunteer")),
            ],
        ),
    ]
