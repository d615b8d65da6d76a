"""A correction remembers with whom the former phone was shared."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("corrections", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="correction",
            name="shared_before",
            field=models.JSONField(
                help_text="the keys of the accounts that had the former phone too: undoing shares it with them",
                null=True,
            ),
        ),
    ]
