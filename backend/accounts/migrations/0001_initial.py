"""Accounts and devices, and indexes that Django cannot name."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


def drop_pattern_index(apps, schema_editor):
    """Drop the index for LIKE beside that of the phones' keys: a part of a keyed hash is never looked for."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
            r" AND tablename = 'accounts_user' AND indexname LIKE 'accounts\_user\_phone\_key\_%\_like'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('axes', '0010_accessattemptexpiration'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.UUIDField(help_text='UUIDv7, made by the client at its first start', primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, max_length=80)),
                ('platform', models.CharField(choices=[('android', 'Android'), ('ios', 'Ios'), ('harmony', 'Harmony'), ('web', 'Web'), ('other', 'Other')], max_length=20)),
                ('created_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_because', models.CharField(blank=True, choices=[('signed_out', 'Signed out'), ('owner', 'Revoked from another device'), ('password', 'The password was changed'), ('invitation', 'An invitation was accepted'), ('merged', 'The record was merged into another'), ('old_token', 'An old token was used')], help_text='what a device of then is told', max_length=12)),
                ('session', models.UUIDField(default=uuid.uuid4, help_text='one sign-in; tokens of an earlier one are dead')),
                ('refresh_id', models.CharField(blank=True, help_text='the only refresh token that is good', max_length=40)),
                ('previous_refresh_id', models.CharField(blank=True, help_text='good until its successor is known to have arrived', max_length=40)),
                ('rotated_at', models.DateTimeField(null=True)),
                ('pair_arrived', models.BooleanField(default=True, help_text='whether the device has shown a token of the present pair')),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('phone_sealed', models.CharField(blank=True, max_length=120)),
                ('phone_key', models.CharField(blank=True, help_text='to find who has a phone', max_length=32, null=True, unique=True, verbose_name='phone')),
                ('phone_tail_key', models.CharField(blank=True, help_text='to find who is on a roster by the end of a phone', max_length=32)),
                ('is_active', models.BooleanField(default=True)),
                ('is_staff', models.BooleanField(default=False)),
                ('language', models.CharField(blank=True, max_length=10)),
                ('password_set_at', models.DateTimeField(blank=True, help_text='since when the password is the present one; null: since before this was kept, or by an operator', null=True)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
        ),
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('from_device', models.UUIDField(help_text='null: a page, which has no device yet', null=True)),
                ('made_at', models.DateTimeField(db_index=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('wrong', models.PositiveSmallIntegerField(default=0, help_text='codes that were wrong')),
                ('code_key', models.CharField(blank=True, help_text='stands for the code that was sent last', max_length=32)),
                ('sent_at', models.DateTimeField(null=True)),
                ('sent', models.PositiveSmallIntegerField(default=0, help_text='how many codes were sent')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='challenges', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='TrustedDevice',
            fields=[
                ('device', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='trust', serialize=False, to='accounts.device')),
                ('secret_key', models.CharField(help_text="stands for the device's secret", max_length=32)),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='device',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_key', models.CharField(max_length=32)),
                ('by_post', models.PositiveBigIntegerField(help_text='the key of the post by which it was made; its invitations end with it', null=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('replaced_at', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_key', models.CharField(max_length=32)),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret_sealed', models.CharField(max_length=160)),
                ('made_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('begun_in', models.UUIDField(help_text='the challenge of the sign-in that has to set it up; null: begun by a person who is signed in', null=True)),
                ('last_step', models.PositiveBigIntegerField(default=0, help_text='the time step of the last code that was taken: each code works once')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='second_factor', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['phone_tail_key'], name='user_phone_tail'),
        ),
        migrations.AddIndex(
            model_name='challenge',
            index=models.Index(fields=['user', 'made_at'], name='challenge_of'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(condition=models.Q(('replaced_at__isnull', True), ('used_at__isnull', True)), fields=('user',), name='invitation_one_open'),
        ),
        migrations.AddConstraint(
            model_name='recoverycode',
            constraint=models.UniqueConstraint(fields=('user', 'code_key'), name='recovery_code_once'),
        ),
        migrations.RunPython(drop_pattern_index, migrations.RunPython.noop),
        # Guesses that are over are deleted whenever one is counted.
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS axes_attempt_at ON axes_accessattempt (attempt_time)",
            "DROP INDEX IF EXISTS axes_attempt_at",
        ),
    ]
