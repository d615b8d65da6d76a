"""Migrates the database, unless another version of Muster made it: then it stays unchanged."""

from typing import Any

from django.apps import apps
from django.core.management import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


class Command(Migrate):
    """Django's command, after a check that this version knows every applied migration."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Raise CommandError for a database that was made by another version."""
        if unknown := unknown_migrations(options["database"]):
            raise CommandError(
                f"This database was made by another version of Muster: {unknown[0]} is not known here."
                " Nothing was changed. Start that version again, or name an empty database in DATABASE_URL"
                " and import the rosters into it."
            )
        super().handle(*args, **options)


def unknown_migrations(database: str) -> list[str]:
    """Return the migrations that were applied to our own tables and are unknown to this version."""
    known = MigrationLoader(None).disk_migrations
    applied = MigrationRecorder(connections[database]).applied_migrations()
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("backend.")}
    return sorted(f"{app}.{name}" for app, name in applied if app in ours and (app, name) not in known)
