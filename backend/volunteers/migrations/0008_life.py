"""The life of volunteers and units; those who belong to a unit already get seats."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SEATS = """
    UPDATE volunteers_membership SET seat = numbered.seat FROM (
        SELECT m.id, row_number() OVER (PARTITION BY m.unit_id ORDER BY m.id) + coalesce(
            (SELECT max(p.seat) FROM volunteers_post p WHERE p.unit_id = m.unit_id), 1
        ) AS seat
        FROM volunteers_membership m
    ) AS numbered WHERE numbered.id = volunteers_membership.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('volunteers', '0007_numbers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.UUIDField(help_text='UUIDv7, made by the client', primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('phone_sealed', models.CharField(max_length=120)),
                ('phone_key', models.CharField(max_length=32)),
                ('born_on', models.DateField(null=True)),
                ('password', models.CharField(help_text='hashed, for the account to come', max_length=128)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn')], default='pending', max_length=10)),
                ('at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(db_index=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Emblem',
            fields=[
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='emblem', serialize=False, to='volunteers.unit')),
                ('media_type', models.CharField(max_length=20)),
                ('image', models.BinaryField()),
                ('digest', models.CharField(help_text='SHA-256 of the image, in hexadecimal', max_length=64)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.UUIDField(help_text='UUIDv7, made by the client', primary_key=True, serialize=False)),
                ('stays', models.BooleanField(default=False, help_text='also remains in the unit before: a second membership')),
                ('waits_for', models.CharField(choices=[('receiving', 'The unit that takes in'), ('releasing', 'The unit that lets go'), ('volunteer', 'The volunteer')], max_length=10)),
                ('status', models.CharField(choices=[('proposed', 'Proposed'), ('done', 'Done'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='proposed', max_length=10)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='membership',
            name='seat',
            field=models.PositiveIntegerField(blank=True, help_text='the NN of CC-DD-BB-SSS-K-NN, from 02; null: none yet', null=True),
        ),
        migrations.AddField(
            model_name='post',
            name='acting_for',
            field=models.ForeignKey(blank=True, help_text='the post whose holder this deputy stands in for, no longer than that lasts', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='acting', to='volunteers.post'),
        ),
        migrations.AddField(
            model_name='unit',
            name='partner_kind',
            field=models.CharField(blank=True, choices=[('security_committee', 'Security committee of a village or community'), ('town_patrol', 'Full-time town patrol team'), ('security_service', 'Security-service company'), ('property', 'Property company'), ('enterprise', 'Enterprise team'), ('village_patrol', 'Village volunteer patrol'), ('factory_guard', 'Factory guard'), ('school_guard', 'School guard'), ('rescue', 'Rescue organisation'), ('famous_team', 'Famous named team')], max_length=20),
        ),
        migrations.AddField(
            model_name='unit',
            name='retired_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='unit',
            name='successor',
            field=models.ForeignKey(blank=True, help_text='who answers to the number of a unit that is no more', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='volunteers.unit'),
        ),
        migrations.AddField(
            model_name='volunteer',
            name='standing_reason',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='volunteer',
            name='standing_until',
            field=models.DateTimeField(blank=True, db_index=True, help_text='a suspension ends by itself then', null=True),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('unit', 'seat'), name='membership_seat_once'),
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('retired_at__isnull', True), ('successor__isnull', True)), models.Q(('retired_at__isnull', False), ('successor__isnull', False)), _connector='OR'), name='unit_retires_with_successor'),
        ),
        migrations.AddField(
            model_name='application',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='application',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='volunteers.unit'),
        ),
        migrations.AddField(
            model_name='application',
            name='volunteer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.volunteer'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='from_unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.unit'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='proposed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='transfer',
            name='to_unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.unit'),
        ),
        migrations.AddField(
            model_name='transfer',
            name='volunteer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='volunteers.volunteer'),
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['unit', 'status', 'at'], name='application_of_unit'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'pending')), fields=('unit', 'phone_key'), name='application_pending_once'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['from_unit', 'status'], name='transfer_from'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(fields=['to_unit', 'status'], name='transfer_to'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'proposed')), fields=('volunteer', 'from_unit', 'to_unit'), name='transfer_proposed_once'),
        ),
        migrations.AddIndex(
            model_name="unit",
            index=models.Index(
                condition=models.Q(("retired_at__isnull", False)), fields=["path"], name="unit_retired"
            ),
        ),
        migrations.AlterField(
            model_name="post",
            name="seat",
            field=models.PositiveIntegerField(help_text="the NN of CC-DD-BB-SSS-K-NN; the leader's is 01"),
        ),
        migrations.RunSQL(SEATS, migrations.RunSQL.noop, elidable=True),
    ]
