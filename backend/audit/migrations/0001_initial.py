import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Head',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField()),
                ('link', models.CharField(max_length=64)),
                ('closed', models.BooleanField()),
                ('fingerprints', models.TextField()),
                ('at', models.DateTimeField()),
                ('previous', models.CharField(max_length=64)),
                ('key', models.CharField(max_length=16)),
                ('signature', models.CharField(max_length=128)),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'number'], name='audit_head_day_number')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('act', models.CharField(max_length=60)),
                ('subject', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('post', models.CharField(default='', max_length=60)),
                ('details', models.JSONField(default=dict)),
                ('key', models.UUIDField(help_text='makes two equal acts two; a row that is copied keeps it', unique=True)),
                ('seal', models.CharField(help_text='keyed hash of the content', max_length=32)),
                ('day', models.DateField(null=True)),
                ('position', models.PositiveIntegerField(null=True)),
                ('link', models.CharField(default='', max_length=64)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['subject', 'id'], name='audit_entry_subject_391875_idx'), models.Index(condition=models.Q(('link', '')), fields=['id'], name='audit_entry_unlinked')],
                'constraints': [models.UniqueConstraint(fields=('day', 'position'), name='audit_entry_place')],
            },
        ),
    ]
