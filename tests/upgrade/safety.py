"""Which migrations the release can live with: while it still serves, they change the tables under it.

An operation is safe when it stands in this list; every other one needs a reason in the migration itself, beside what
it is called by `makemigrations`:

    class Migration(migrations.Migration):
        overlap = {"Remove field weather from task": "release 0.2 neither reads nor writes it"}
"""

from collections.abc import Iterator, Sequence, Set

from django.apps import apps
from django.db import models
from django.db.migrations import Migration
from django.db.migrations import operations as django
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

SAFE = (
    django.CreateModel,
    django.AddIndex,
    django.RemoveIndex,
    django.RenameIndex,
    django.AlterModelOptions,
    django.AlterModelManagers,
    django.AlterModelTableComment,
)
ONLY_IN_PYTHON = {*models.Field.non_db_attrs, "db_comment", "default"}
SHORTEST_REASON = 20


def newer(loader: MigrationLoader, released: Set[tuple[str, str]]) -> list[Migration]:
    """Return our migrations that no installation has run yet."""
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("backend.")}
    return [
        migration
        for key, migration in sorted(loader.disk_migrations.items())
        if key[0] in ours and key not in released
    ]


def unsafe(loader: MigrationLoader, released: Set[tuple[str, str]]) -> list[str]:
    """Return what the release may not survive and no reason is given for, and reasons that are for nothing."""
    found = []
    for migration in newer(loader, released):
        state = loader.project_state((migration.app_label, migration.name), at_end=False)
        doubtful = list(_doubtful(migration.operations, migration.app_label, state))
        reasons = getattr(migration, "overlap", {})
        given = {what for what, why in reasons.items() if len(why) >= SHORTEST_REASON}
        found += [f"{migration}: {what}" for what in doubtful if what not in given]
        found += [
            f"{migration}: nothing there is called {what!r}" for what in reasons if what not in doubtful
        ]
    return found


def _doubtful(operations: Sequence[Operation], app: str, state: ProjectState) -> Iterator[str]:
    """Yield the operations that are not known to be safe, and bring the state as far as they go."""
    for operation in operations:
        before = state.clone()
        if isinstance(operation, django.SeparateDatabaseAndState):
            # What changes only in Django's mind is no matter to the release.
            yield from _doubtful(operation.database_operations, app, before)
            operation.state_forwards(app, state)
            continue
        operation.state_forwards(app, state)
        if not _is_safe(operation, app, before, state):
            yield operation.describe()


def _is_safe(operation: Operation, app: str, before: ProjectState, after: ProjectState) -> bool:
    if isinstance(operation, django.AddField):
        return _may_be_left_out(operation.field)
    if isinstance(operation, django.AlterField):
        return _stays(operation.model_name_lower, operation.name, operation.name, app, before, after)
    if isinstance(operation, django.RenameField):
        return _stays(operation.model_name_lower, operation.old_name, operation.new_name, app, before, after)
    if isinstance(operation, django.RemoveConstraint):
        constraints = before.models[app, operation.model_name_lower].options["constraints"]
        (removed,) = (each for each in constraints if each.name == operation.name)
        return isinstance(removed, models.CheckConstraint)  # a unique one is what upserts meet
    return isinstance(operation, SAFE)


def _stays(model: str, was: str, becomes: str, app: str, before: ProjectState, after: ProjectState) -> bool:
    """Tell whether the column is where it was and takes what it took."""
    old, new = before.models[app, model].fields[was], after.models[app, model].fields[becomes]
    return _column(old, was) == _column(new, becomes) and _is_widened(old, new)


def _may_be_left_out(field: "models.Field[object, object]") -> bool:
    """Tell whether a row may be inserted by a version that does not know the column."""
    return bool(field.null or field.many_to_many or field.generated or field.has_db_default())


def _column(field: "models.Field[object, object]", name: str) -> str:
    return field.db_column or (f"{name}_id" if field.is_relation else name)


def _is_widened(old: "models.Field[object, object]", new: "models.Field[object, object]") -> bool:
    """Tell whether the column is of the same type and takes all that it took before."""
    _, old_path, old_args, was = old.deconstruct()
    _, new_path, new_args, becomes = new.deconstruct()
    if (old_path, old_args) != (new_path, new_args):
        return False
    changed = {name for name in {*was, *becomes} if was.get(name) != becomes.get(name)} - ONLY_IN_PYTHON
    widenings = {
        "null": bool(new.null),
        "max_length": new.max_length is None or (old.max_length or 0) < new.max_length,
        "db_default": new.has_db_default(),
        "db_index": True,
    }
    return all(widenings.get(name, False) for name in changed)
