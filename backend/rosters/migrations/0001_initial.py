import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('volunteers', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Newcomer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=80)),
                ('plain_name', models.CharField(default='', help_text='as names are compared', max_length=80)),
                ('pinyin', models.CharField(default='', max_length=80)),
                ('initials', models.CharField(default='', max_length=20)),
                ('born_on', models.DateField(null=True)),
                ('phone_sealed', models.CharField(blank=True, max_length=120)),
                ('phone_key', models.CharField(max_length=32, null=True)),
                ('phone_tail_key', models.CharField(blank=True, default='', max_length=32)),
                ('id_card_sealed', models.CharField(blank=True, max_length=120)),
                ('id_card_key', models.CharField(max_length=32, null=True)),
                ('skills', models.TextField(blank=True, help_text='ids, separated by commas')),
                ('unit', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='volunteers.unit')),
            ],
        ),
        migrations.CreateModel(
            name='NewcomerNumber',
            fields=[
                ('newcomer', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='given', serialize=False, to='rosters.newcomer')),
                ('number', models.PositiveIntegerField(unique=True)),
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
                ('sheets', models.JSONField(default=list, help_text='of a workbook: what became of each, rows and unit')),
                ('notes', models.JSONField(default=list, help_text='what the uploader should know of the file')),
                ('stretches', models.JSONField(default=list, help_text='which sheet and row a position in the file is')),
                ('rows_total', models.PositiveIntegerField(default=0, help_text='an estimate until the file has been read')),
                ('rows_done', models.PositiveIntegerField(default=0, help_text='the last position in the file that was dealt with')),
                ('numbered_to', models.PositiveIntegerField(default=0, help_text='the last position with a number')),
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
                ('deaths', models.PositiveSmallIntegerField(default=0, help_text='workers that died since the last portion')),
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
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='report', to='rosters.rosterimport')),
            ],
        ),
        migrations.AddField(
            model_name='newcomer',
            name='batch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='newcomers', to='rosters.rosterimport'),
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
    ]
