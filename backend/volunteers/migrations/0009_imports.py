"""Imports of rosters, identity cards, and one index less."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def drop_pattern_index(apps, schema_editor):
    """Drop the index for LIKE beside that of the phones' keys: nobody looks for a part of a keyed hash."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
            r" AND tablename = 'volunteers_user' AND indexname LIKE 'volunteers\_user\_phone\_key\_%\_like'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):

    dependencies = [
        ('volunteers', '0008_life'),
    ]

    operations = [
        migrations.CreateModel(
            name='Newcomer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=80)),
                ('born_on', models.DateField(null=True)),
                ('phone_sealed', models.CharField(blank=True, max_length=120)),
                ('phone_key', models.CharField(max_length=32, null=True)),
                ('id_card_sealed', models.CharField(blank=True, max_length=120)),
                ('id_card_key', models.CharField(max_length=32, null=True)),
                ('skills', models.TextField(blank=True, help_text='ids, separated by commas')),
                ('unit', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='volunteers.unit')),
            ],
        ),
        migrations.AddField(
            model_name='volunteer',
            name='id_card_key',
            field=models.CharField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name='volunteer',
            name='id_card_sealed',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.CreateModel(
            name='NewcomerIdentity',
            fields=[
                ('newcomer', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='identity', serialize=False, to='volunteers.newcomer')),
                ('number', models.PositiveIntegerField()),
                ('user_id', models.BigIntegerField()),
                ('volunteer_id', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='RosterImport',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('path', models.CharField(help_text='where the file lies until it has been checked', max_length=400)),
                ('file_name', models.CharField(max_length=200)),
                ('file_size', models.BigIntegerField()),
                ('file_sha256', models.CharField(max_length=64)),
                ('format', models.CharField(max_length=4)),
                ('encoding', models.CharField(blank=True, max_length=20)),
                ('status', models.CharField(choices=[('checking', 'Being checked'), ('checked', 'Checked'), ('importing', 'Being imported'), ('imported', 'Imported'), ('undoing', 'Being undone'), ('undone', 'Undone'), ('failed', 'Failed')], default='checking', max_length=10)),
                ('ignored_columns', models.JSONField(default=list)),
                ('rows_total', models.PositiveIntegerField(default=0, help_text='an estimate until the file has been read')),
                ('rows_done', models.PositiveIntegerField(default=0, help_text='the last row of the file that was dealt with')),
                ('numbered_to', models.PositiveIntegerField(default=0, help_text='the last row whose person has a number')),
                ('accepted', models.PositiveIntegerField(default=0)),
                ('duplicates', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('remarks', models.PositiveIntegerField(default=0)),
                ('failure', models.CharField(blank=True, max_length=300)),
                ('made_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=80)),
                ('worker_until', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.unit')),
            ],
        ),
        migrations.CreateModel(
            name='ReportedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField()),
                ('cell', models.CharField(max_length=12)),
                ('column', models.CharField(blank=True, max_length=12)),
                ('outcome', models.CharField(choices=[('duplicate', 'Duplicate'), ('rejected', 'Rejected'), ('remark', 'Accepted with a remark')], max_length=10)),
                ('code', models.CharField(max_length=40)),
                ('other_row', models.PositiveIntegerField(help_text='the earlier row that is the same person', null=True)),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='report', to='volunteers.rosterimport')),
            ],
        ),
        migrations.AddField(
            model_name='newcomer',
            name='batch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='newcomers', to='volunteers.rosterimport'),
        ),
        migrations.AddField(
            model_name='volunteer',
            name='batch',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='people', to='volunteers.rosterimport'),
        ),
        migrations.AddConstraint(
            model_name='volunteer',
            constraint=models.UniqueConstraint(fields=('id_card_key',), name='id_card_once'),
        ),
        migrations.AddIndex(
            model_name='rosterimport',
            index=models.Index(fields=['status'], name='import_status'),
        ),
        migrations.AddIndex(
            model_name='rosterimport',
            index=models.Index(fields=['unit', 'made_at'], name='import_of_unit'),
        ),
        migrations.AddIndex(
            model_name='reportedrow',
            index=models.Index(fields=['batch', 'row', 'id'], name='import_report'),
        ),
        migrations.AddConstraint(
            model_name='newcomer',
            constraint=models.UniqueConstraint(fields=('batch', 'row'), name='newcomer_row_once'),
        ),
        migrations.RunPython(drop_pattern_index, migrations.RunPython.noop, elidable=True),
    ]
