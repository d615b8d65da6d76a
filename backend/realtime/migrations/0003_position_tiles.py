"""Positions are found by the tile that they lie in, which the database derives."""

import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('realtime', '0002_tracks_by_day'),
    ]

    operations = [
        migrations.AddField(
            model_name='latestposition',
            name='tile',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Cast(django.db.models.functions.math.Floor(django.db.models.expressions.CombinedExpression(models.F('lat'), '*', models.Value(50))), models.IntegerField()), '*', models.Value(100000)), '+', django.db.models.functions.comparison.Cast(django.db.models.functions.math.Floor(django.db.models.expressions.CombinedExpression(models.F('lon'), '*', models.Value(50))), models.IntegerField())), output_field=models.IntegerField()),
        ),
        migrations.AddIndex(
            model_name='latestposition',
            index=models.Index(fields=['tile'], name='latest_position_tile'),
        ),
    ]
