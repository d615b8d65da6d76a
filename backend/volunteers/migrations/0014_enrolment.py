import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0013_newcomers_of_rosters")]

    operations = [
        migrations.RenameModel("NewcomerIdentity", "NewcomerNumber"),
        migrations.RemoveField("newcomernumber", "user_id"),
        migrations.RemoveField("newcomernumber", "volunteer_id"),
        migrations.AlterField("newcomernumber", "number", models.PositiveIntegerField(unique=True)),
        migrations.AlterField(
            "newcomernumber",
            "newcomer",
            models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="given",
                serialize=False,
                to="volunteers.newcomer",
            ),
        ),
        migrations.AlterField(
            model_name='membership',
            name='unit',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='volunteers.unit'),
        ),
        migrations.AlterField(
            model_name='membership',
            name='volunteer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='volunteers.volunteer'),
        ),
        migrations.AlterField(
            model_name='volunteer',
            name='duty_until',
            field=models.DateTimeField(help_text='duty ends by itself then; null: off duty', null=True),
        ),
        migrations.AlterField(
            model_name='volunteer',
            name='merged_into',
            field=models.ForeignKey(db_index=False, help_text='this record was another one of the same person; its number is an alias of theirs', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.volunteer'),
        ),
        migrations.AlterField(
            model_name='volunteer',
            name='standing_since',
            field=models.DateTimeField(blank=True, help_text='of the last change; null: none yet', null=True),
        ),
        migrations.AlterField(
            model_name='volunteer',
            name='standing_until',
            field=models.DateTimeField(blank=True, help_text='a suspension ends by itself then', null=True),
        ),
        migrations.AddIndex(
            model_name='volunteer',
            index=models.Index(condition=models.Q(('duty_until__isnull', False)), fields=['duty_until'], name='volunteer_duty_until'),
        ),
        migrations.AddIndex(
            model_name='volunteer',
            index=models.Index(condition=models.Q(('standing_since__isnull', False)), fields=['standing_since'], name='volunteer_standing_since'),
        ),
        migrations.AddIndex(
            model_name='volunteer',
            index=models.Index(condition=models.Q(('standing_until__isnull', False)), fields=['standing_until'], name='volunteer_standing_until'),
        ),
        migrations.AddIndex(
            model_name='volunteer',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='volunteer_merged_into'),
        ),
    ]
