import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AccessChange',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('topic', models.CharField(max_length=80)),
                ('at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Epoch',
            fields=[
                ('id', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('value', models.CharField(max_length=40)),
                ('identity', models.CharField(max_length=120)),
                ('begun_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Revocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session', models.UUIDField()),
                ('at', models.DateTimeField(db_index=True)),
                ('code', models.PositiveSmallIntegerField(default=4403)),
            ],
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('head', models.BigIntegerField()),
                ('trimmed_to', models.BigIntegerField(default=0)),
                ('moved_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='KeyedAct',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('person', models.PositiveIntegerField()),
                ('key', models.UUIDField()),
                ('act', models.CharField(max_length=60)),
                ('digest', models.UUIDField()),
                ('made', models.CharField(db_default='', max_length=80)),
                ('sealed', models.TextField(db_default='')),
                ('until', models.DateTimeField(db_index=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('person', 'key'), name='keyed_act_person_key')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=80)),
                ('person', models.PositiveIntegerField()),
                ('delivered', models.BigIntegerField(default=0)),
                ('seen', models.BigIntegerField(default=0)),
                ('at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('topic', 'person'), name='receipt_topic_person')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('type', models.CharField(max_length=60)),
                ('data', models.JSONField()),
                ('at', models.DateTimeField(db_index=True)),
                ('audience', models.JSONField(null=True)),
                ('topic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='realtime.topic')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('topic', 'seq'), name='event_topic_seq')],
            },
        ),
    ]
