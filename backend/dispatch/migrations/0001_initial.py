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
            name='CallOut',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('offered', models.PositiveIntegerField(default=0)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('category', models.CharField(choices=[('rescue', 'Emergency rescue'), ('city', 'City operation'), ('culture', 'Culture and education'), ('care', 'Care services'), ('community', 'Community services'), ('environment', 'Environment protection'), ('healthcare', 'Healthcare'), ('psychology', 'Psychological consultation'), ('legal', 'Legal aid'), ('patrol', 'Patrol')], max_length=12)),
                ('title', models.CharField(max_length=120)),
                ('instructions', models.TextField(blank=True)),
                ('place_name', models.CharField(blank=True, max_length=120)),
                ('lon', models.FloatField(help_text='WGS-84')),
                ('lat', models.FloatField(help_text='WGS-84')),
                ('starts_at', models.DateTimeField()),
                ('answer_by', models.DateTimeField(db_index=True)),
                ('headcount', models.PositiveIntegerField()),
                ('requirements', models.JSONField(default=list, help_text='codes of the skills that everyone must have')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('called', 'Called out'), ('cancelled', 'Cancelled'), ('closed', 'Closed')], default='draft', max_length=12)),
                ('accepted', models.PositiveIntegerField(default=0, help_text="kept under the row's lock")),
                ('progressed_at', models.DateTimeField(help_text='when its issuers were last told of answers', null=True)),
                ('progress_due_at', models.DateTimeField(help_text='when they are told of the answers since', null=True)),
                ('legal_basis', models.CharField(blank=True, choices=[('vital_interests', 'Life is at stake')], max_length=20)),
                ('legal_basis_at', models.DateTimeField(help_text='since when it holds; why stands in the audit', null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('end_reason', models.CharField(blank=True, max_length=200)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(help_text='who asks', on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='volunteers.unit')),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(help_text='the type of the event', max_length=60)),
                ('at', models.DateTimeField()),
                ('topic', models.CharField(max_length=80)),
                ('seq', models.BigIntegerField(help_text='null: nobody in this unit was asked, so there is no event', null=True)),
                ('call_out', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='units', to='dispatch.callout')),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.unit')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='dispatch.task')),
            ],
        ),
        migrations.AddField(
            model_name='callout',
            name='task',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='call_outs', to='dispatch.task'),
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('offered', 'Offered'), ('accepted', 'Accepted'), ('reserve', 'Reserve'), ('declined', 'Declined'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn')], default='offered', max_length=12)),
                ('before', models.CharField(blank=True, choices=[('offered', 'Offered'), ('accepted', 'Accepted'), ('reserve', 'Reserve'), ('declined', 'Declined'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn')], help_text='the status before a change that the volunteer did not make; empty after their own answer', max_length=12)),
                ('offered_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('eta_at', models.DateTimeField(null=True)),
                ('risk_acknowledged_at', models.DateTimeField(help_text='of dangerous service', null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('unit', models.ForeignKey(db_constraint=False, db_index=False, help_text="the member's own unit then", on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.unit')),
                ('volunteer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='volunteers.volunteer')),
                ('through', models.ForeignKey(db_constraint=False, db_index=False, help_text='what carried the offer', on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='dispatch.notice')),
                ('told', models.ForeignKey(db_constraint=False, db_index=False, help_text='the last that concerned this volunteer', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dispatch.notice')),
                ('task', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='dispatch.task')),
            ],
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('progress_due_at__isnull', False)), fields=['progress_due_at'], name='task_progress_due'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('headcount__gte', 1)), name='task_headcount_positive'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('accepted__lte', models.F('headcount'))), name='task_never_overfull'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('call_out', 'unit'), name='call_out_unit_once'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.UniqueConstraint(fields=('topic', 'seq'), name='notice_topic_seq'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('status', 'reserve')), fields=['task', 'answered_at'], name='assignment_reserve'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('task', 'volunteer'), name='assignment_once'),
        ),
    ]
