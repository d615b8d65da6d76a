"""Several people share a phone: a sign-in chooses among them, and each has a device of their own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_in_codes")]

    operations = [
        migrations.AddField(
            model_name="device",
            name="installation",
            field=models.UUIDField(
                help_text="the app on one phone, made by the client: each of its people has a device of their own",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Choice",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("token_key", models.CharField(db_index=True, max_length=32)),
                (
                    "password_key",
                    models.CharField(
                        help_text="stands for the password that was shown; another one ends it", max_length=32
                    ),
                ),
                (
                    "from_device",
                    models.UUIDField(help_text="null: a page, which has no device yet", null=True),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "user",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="choice",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
