"""The formation and its people, and the categories and qualifications that every installation begins with."""

import backend.volunteers.models.numbers
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


CATEGORIES = {
    "rescue": "Emergency rescue",
    "city": "City operation",
    "culture": "Culture and education",
    "care": "Care services",
    "community": "Community services",
    "environment": "Environment protection",
    "healthcare": "Healthcare",
    "psychology": "Psychological consultation",
    "legal": "Legal aid",
    "patrol": "Patrol",
}
QUALIFICATIONS = {"first-aid": "First aid", "radio": "Radio", "boat": "Boat", "drone": "Drone"}


def add_skills(apps, schema_editor):
    Skill = apps.get_model("volunteers", "Skill")
    named = [(code, name, True) for code, name in CATEGORIES.items()]
    named += [(code, name, False) for code, name in QUALIFICATIONS.items()]
    Skill.objects.bulk_create(
        [Skill(code=code, name=name, is_category=is_category) for code, name, is_category in named]
    )


def leave_room(apps, schema_editor):
    """Leave room in the pages of the counts: an update stays in its page, and no index is touched."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE volunteers_unitcount SET (fillfactor = 50)")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=255, unique=True)),
                ('depth', models.PositiveIntegerField()),
                ('numchild', models.PositiveIntegerField(default=0)),
                ('kind', models.CharField(choices=[('headquarters', 'Headquarters'), ('corps', 'Corps'), ('detachment', 'Detachment'), ('brigade', 'Brigade'), ('squadron', 'Squadron'), ('partner', 'Partner organisation')], max_length=20)),
                ('number', models.CharField(help_text='CCDDBBSSS and its check character', max_length=10, unique=True)),
                ('official_name', models.CharField(max_length=120)),
                ('display_name', models.CharField(max_length=120)),
                ('brand_name', models.CharField(blank=True, max_length=120)),
                ('division_code', models.CharField(blank=True, max_length=12, null=True, unique=True)),
                ('zone', models.CharField(default='Asia/Shanghai', max_length=40)),
                ('lon', models.FloatField(null=True)),
                ('lat', models.FloatField(null=True)),
                ('partner_kind', models.CharField(blank=True, choices=[('security_committee', 'Security committee of a village or community'), ('town_patrol', 'Full-time town patrol team'), ('security_service', 'Security-service company'), ('property', 'Property company'), ('enterprise', 'Enterprise team'), ('village_patrol', 'Village volunteer patrol'), ('factory_guard', 'Factory guard'), ('school_guard', 'School guard'), ('rescue', 'Rescue organisation'), ('famous_team', 'Famous named team')], max_length=20)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('successor', models.ForeignKey(blank=True, help_text='who answers to the number of a unit that is no more', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='volunteers.unit')),
            ],
        ),
        migrations.CreateModel(
            name='NumberCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('used', models.PositiveIntegerField(default=0)),
                ('key', models.BinaryField(default=backend.volunteers.models.numbers.new_key, max_length=16)),
            ],
        ),
        migrations.CreateModel(
            name='Skill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('is_category', models.BooleanField(default=False)),
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
            name='Volunteer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('name', models.CharField(max_length=80)),
                ('standing', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended'), ('retired', 'Retired')], default='active', max_length=10)),
                ('born_on', models.DateField(blank=True, null=True)),
                ('standing_since', models.DateTimeField(blank=True, help_text='of the last change; null: none yet', null=True)),
                ('standing_until', models.DateTimeField(blank=True, help_text='a suspension ends by itself then', null=True)),
                ('standing_reason', models.CharField(blank=True, max_length=200)),
                ('duty_since', models.DateTimeField(null=True)),
                ('duty_until', models.DateTimeField(help_text='duty ends by itself then; null: off duty', null=True)),
                ('location_consent_at', models.DateTimeField(help_text='since when the location may be taken; null: it may not. Kept by services/consents', null=True)),
                ('location_consent_version', models.PositiveSmallIntegerField(null=True)),
                ('erased_at', models.DateTimeField(help_text='the person had everything of theirs deleted', null=True)),
                ('identity_to_confirm', models.BooleanField(default=False, help_text='identity card or date of birth came by a merge: masked until the person names them')),
                ('id_card_sealed', models.CharField(blank=True, max_length=120)),
                ('id_card_key', models.CharField(max_length=32, null=True)),
                ('batch_id', models.UUIDField(db_index=True, help_text='the import that brought the person; imports are never deleted', null=True)),
                ('merged_into', models.ForeignKey(db_index=False, help_text='this record was another one of the same person; its number is an alias of theirs', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='volunteers.volunteer')),
                ('skills', models.ManyToManyField(blank=True, related_name='+', to='volunteers.skill')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='volunteer', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('leader', 'Leader'), ('deputy', 'Deputy'), ('dispatcher', 'Dispatcher'), ('commander', 'Commander'), ('member', 'Member')], max_length=12)),
                ('seat', models.PositiveIntegerField(help_text="the NN of CC-DD-BB-SSS-K-NN; the leader's is 01")),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(blank=True, null=True)),
                ('is_acting', models.BooleanField(default=False, help_text='stands in for a holder, or was given by a post that does: it ends with that')),
                ('acting_for', models.ForeignKey(blank=True, help_text='the post whose holder this deputy stands in for, no longer than that lasts', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='acting', to='volunteers.post')),
                ('given_by', models.ForeignKey(blank=True, help_text='the post by which it was given; null: none, on the command line', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='gave', to='volunteers.post')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='volunteers.unit')),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='NumberAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='aliases', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_primary', models.BooleanField(default=False)),
                ('seat', models.PositiveIntegerField(blank=True, help_text='the NN of CC-DD-BB-SSS-K-NN, from 02; null: none yet', null=True)),
                ('unit_path', models.CharField(default='', help_text='empty: not filled in yet', max_length=255)),
                ('county', models.CharField(default='', help_text='the path of the detachment, or of a unit above', max_length=12)),
                ('name', models.CharField(default='', help_text='as names are compared: plain_name', max_length=80)),
                ('pinyin', models.CharField(default='', help_text='how the name sounds: wangxiulan', max_length=80)),
                ('initials', models.CharField(default='', help_text='of its syllables: wxl', max_length=20)),
                ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='volunteers.unit')),
                ('volunteer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='AccessEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('profile', 'Profile'), ('phone', 'Phone'), ('location', 'Location'), ('records', 'Records'), ('export', 'Export'), ('badge', 'Badge'), ('found', 'Found by phone or identity card')], max_length=12)),
                ('hour', models.DateTimeField(db_index=True, help_text='when that hour began')),
                ('at', models.DateTimeField(help_text='the first time in that hour')),
                ('viewer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='Guardian',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('phone_sealed', models.CharField(blank=True, max_length=120)),
                ('consent_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='guardians', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='DutyPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(db_index=True)),
                ('volunteer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='duty_periods', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='DatedAvailability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('available', models.BooleanField()),
                ('volunteer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='dated_availability', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('insurance', 'Accident insurance'), ('training', 'Training'), ('agreement', 'Written agreement')], max_length=12)),
                ('reference', models.CharField(blank=True, help_text='the number of the policy or paper', max_length=80)),
                ('valid_from', models.DateTimeField()),
                ('valid_until', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('recorded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('volunteer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='credentials', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('location', 'Location'), ('photo', 'Photo'), ('contact', 'Contact')], max_length=12)),
                ('version', models.PositiveSmallIntegerField()),
                ('given_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(db_index=True, null=True)),
                ('by', models.ForeignKey(help_text='null: on paper', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('guardian', models.ForeignKey(help_text='who stood by a minor', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='volunteers.guardian')),
                ('volunteer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='WeeklyAvailability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(help_text='0 Monday … 6 Sunday')),
                ('from_minute', models.PositiveSmallIntegerField(help_text='of the day')),
                ('until_minute', models.PositiveSmallIntegerField(help_text='of the day; 1440 is its end')),
                ('volunteer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='weekly_availability', to='volunteers.volunteer')),
            ],
        ),
        migrations.CreateModel(
            name='UnitCount',
            fields=[
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='count', serialize=False, to='volunteers.unit')),
                ('path', models.CharField(max_length=255)),
                ('members', models.IntegerField(default=0)),
                ('on_duty', models.IntegerField(default=0)),
                ('reachable', models.IntegerField(default=0, help_text='members with a device that is signed in')),
                ('counted_at', models.DateTimeField(help_text='when they were last counted from the memberships themselves', null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['path'], name='unit_count_path', opclasses=['varchar_pattern_ops'])],
            },
        ),
        migrations.AddIndex(
            model_name='unit',
            index=models.Index(condition=models.Q(('retired_at__isnull', False)), fields=['path'], name='unit_retired'),
        ),
        migrations.AddConstraint(
            model_name='unit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('retired_at__isnull', True), ('successor__isnull', True)), models.Q(('retired_at__isnull', False), ('successor__isnull', False)), _connector='OR'), name='unit_retires_with_successor'),
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
        migrations.AddConstraint(
            model_name='volunteer',
            constraint=models.UniqueConstraint(fields=('id_card_key',), name='id_card_once'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.UniqueConstraint(condition=models.Q(('until_at__isnull', True)), fields=('unit', 'seat'), name='post_seat_once'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['unit_path', 'id'], name='roster_order'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['county', 'name'], name='roster_name', opclasses=['varchar_pattern_ops', 'varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['county', 'pinyin'], name='roster_pinyin', opclasses=['varchar_pattern_ops', 'varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['county', 'initials'], name='roster_initials', opclasses=['varchar_pattern_ops', 'varchar_pattern_ops']),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('unit', 'seat'), name='membership_seat_once'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('volunteer', 'unit'), name='membership_once'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('is_primary', True)), fields=('volunteer',), name='membership_one_primary'),
        ),
        migrations.AddIndex(
            model_name='accessentry',
            index=models.Index(condition=models.Q(('what', 'found')), fields=['viewer', 'hour'], name='look_found'),
        ),
        migrations.AddConstraint(
            model_name='accessentry',
            constraint=models.UniqueConstraint(fields=('subject', 'hour', 'viewer', 'what'), name='look_once_an_hour'),
        ),
        migrations.AddIndex(
            model_name='guardian',
            index=models.Index(condition=models.Q(('withdrawn_at__isnull', True)), fields=['volunteer'], name='guardian_who_agrees'),
        ),
        migrations.AddIndex(
            model_name='dutyperiod',
            index=models.Index(fields=['volunteer', 'until'], name='duty_period_of'),
        ),
        migrations.AddConstraint(
            model_name='datedavailability',
            constraint=models.UniqueConstraint(fields=('volunteer', 'from_at'), name='availability_period_once'),
        ),
        migrations.AddConstraint(
            model_name='datedavailability',
            constraint=models.CheckConstraint(condition=models.Q(('from_at__lt', models.F('until_at'))), name='availability_period_forward'),
        ),
        migrations.AddIndex(
            model_name='credential',
            index=models.Index(fields=['volunteer', 'kind', 'valid_until'], name='credential_of'),
        ),
        migrations.AddConstraint(
            model_name='credential',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('valid_until__gt', models.F('valid_from')), _connector='OR'), name='credential_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('volunteer', 'purpose'), name='consent_once'),
        ),
        migrations.AddConstraint(
            model_name='weeklyavailability',
            constraint=models.UniqueConstraint(fields=('volunteer', 'weekday', 'from_minute'), name='availability_hours_once'),
        ),
        migrations.AddConstraint(
            model_name='weeklyavailability',
            constraint=models.CheckConstraint(condition=models.Q(('from_minute__lt', models.F('until_minute')), ('until_minute__lte', 1440), ('weekday__lte', 6)), name='availability_hours_in_day'),
        ),
        migrations.RunPython(add_skills, migrations.RunPython.noop),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
