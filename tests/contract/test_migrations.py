"""Installations exist: their migrations stay as they are, and newer ones leave the release able to serve."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.test import override_settings

from tests.upgrade.release import (
    NoHistory,
    git,
    migrations_no_longer_as_released,
    migrations_of_the_release,
    release_commit,
)
from tests.upgrade.safety import unsafe


@pytest.fixture
def released() -> set[tuple[str, str]]:
    try:
        return migrations_of_the_release()
    except NoHistory as error:
        pytest.skip(str(error))


def test_release_is_a_commit_that_this_one_follows(released: set[tuple[str, str]]) -> None:
    assert git("merge-base", "--is-ancestor", release_commit(), "HEAD").returncode == 0
    assert len(released) > 10


@pytest.mark.usefixtures("released")
def test_migrations_of_the_release_are_as_they_were() -> None:
    """Installations have run them: a change of one never reaches those. Put it into a migration of its own."""
    assert migrations_no_longer_as_released() == []


def test_release_can_serve_on_the_tables_of_this_version(released: set[tuple[str, str]]) -> None:
    """For each operation named here: CONTRIBUTING.md, “Migrations”."""
    assert unsafe(MigrationLoader(None), released) == []


# --- that they would fail -----------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a small repository with a release of three migrations."""

    def run(*arguments: str) -> str:
        command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    folder = tmp_path / "backend" / "numbers" / "migrations"
    folder.mkdir(parents=True)
    for name in ("0001_initial", "0002_more", "0003_last"):
        (folder / f"{name}.py").write_text(f"# {name}\n")
    run("init", "--quiet")
    run("add", ".")
    run("commit", "--quiet", "--message", "Released")
    (tmp_path / "RELEASE").write_text(run("rev-parse", "HEAD"))
    return tmp_path


def test_migration_that_is_changed_or_gone_is_named(checkout: Path) -> None:
    folder = checkout / "backend" / "numbers" / "migrations"
    (folder / "0001_initial.py").write_text("# another\n")
    (folder / "0002_more.py").unlink()
    (folder / "0004_new.py").write_text("# new\n")
    git("add", ".", root=checkout)

    assert migrations_no_longer_as_released(checkout) == [
        "backend/numbers/migrations/0001_initial.py",
        "backend/numbers/migrations/0002_more.py",
    ]


def test_release_that_is_no_commit_is_refused_and_cut_off_history_is_told(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / "RELEASE").write_text("0" * 40 + "\n")
    with pytest.raises(ValueError, match="no commit of this repository"):
        release_commit(checkout)

    (checkout / ".git" / "shallow").write_text(git("rev-parse", "HEAD", root=checkout).stdout.decode())
    with pytest.raises(NoHistory, match="shallow clone"):
        release_commit(checkout)


@override_settings(MIGRATION_MODULES={"dispatch": "tests.upgrade.next_version.migrations"})
def test_next_version_is_told_what_the_present_one_would_not_survive() -> None:
    present = {key for key in MigrationLoader(None).disk_migrations if not key[1].startswith("09")}

    assert unsafe(MigrationLoader(None), present) == [
        "dispatch.0903_adds_without_default: Add field urgency to task",
        "dispatch.0904_renames: Rename field place_name on task to place",
        "dispatch.0905_drops: Remove field instructions from task",
    ]


SAFE: dict[str, Operation] = {
    "nullable": migrations.AddField("task", "x", models.IntegerField(null=True)),
    "default in the database": migrations.AddField("task", "x", models.IntegerField(db_default=0)),
    "many to many": migrations.AddField("task", "x", models.ManyToManyField("volunteers.unit")),
    "longer": migrations.AlterField("task", "title", models.CharField(max_length=200)),
    "help": migrations.AlterField("task", "title", models.CharField(max_length=120, help_text="What to do.")),
    "named in Django": migrations.AlterField(
        "task", "title", models.CharField(max_length=120, db_column="title")
    ),
    "no check": migrations.RemoveConstraint("task", "task_never_overfull"),
    "only in the state": migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("task", "instructions")]
    ),
}
UNSAFE: dict[str, Operation] = {
    "shorter": migrations.AlterField("task", "title", models.CharField(max_length=20)),
    "other type": migrations.AlterField("task", "title", models.TextField()),
    "not null": migrations.AlterField("task", "ended_at", models.DateTimeField()),
    "other column": migrations.AlterField(
        "task", "title", models.CharField(max_length=120, db_column="name")
    ),
    "other name": migrations.RenameField("task", "title", "name"),
    "unique": migrations.AlterField("task", "title", models.CharField(max_length=120, unique=True)),
    "new check": migrations.AddConstraint(
        "task", models.CheckConstraint(condition=models.Q(headcount__lte=9), name="few")
    ),
    "table gone": migrations.DeleteModel("task"),
    "other table": migrations.AlterModelTable("task", "work"),
    "other model": migrations.RenameModel("task", "work"),
    "any SQL": migrations.RunSQL("DROP TABLE dispatch_task"),
    "any code": migrations.RunPython(migrations.RunPython.noop),
    "hidden": migrations.SeparateDatabaseAndState([migrations.RemoveField("task", "instructions")]),
}


@pytest.fixture
def judged() -> Callable[..., list[str]]:
    """Return what judges operations as if they stood in one migration of `dispatch`."""

    def judge(*operations: Operation, **reasons: str) -> list[str]:
        loader = MigrationLoader(None)
        present = set(loader.disk_migrations)
        last = max(name for app, name in present if app == "dispatch")
        body = {"dependencies": [("dispatch", last)], "operations": list(operations), "overlap": reasons}
        migration = type("Migration", (migrations.Migration,), body)("0900_tried", "dispatch")
        key = ("dispatch", migration.name)
        loader.disk_migrations[key] = migration
        loader.graph.add_node(key, migration)
        loader.graph.add_dependency(migration, key, ("dispatch", last))
        return unsafe(loader, present)

    return judge


@pytest.mark.parametrize("name", SAFE)
def test_safe_operations_need_no_reason(name: str, judged: Callable[..., list[str]]) -> None:
    assert judged(SAFE[name]) == []


@pytest.mark.parametrize("name", UNSAFE)
def test_every_other_operation_needs_one(name: str, judged: Callable[..., list[str]]) -> None:
    (found,) = judged(UNSAFE[name])
    what = found.removeprefix("dispatch.0900_tried: ")

    assert judged(UNSAFE[name], **{what: "the release has it in no model any more"}) == []
    assert judged(UNSAFE[name], **{what: "it is fine"}) == [found]


def test_reason_without_its_operation_is_named(judged: Callable[..., list[str]]) -> None:
    assert judged(SAFE["longer"], **{"Delete model X": "the release has it in no model any more"}) == [
        "dispatch.0900_tried: nothing there is called 'Delete model X'"
    ]


def test_field_may_be_renamed_when_its_column_stays(judged: Callable[..., list[str]]) -> None:
    kept = models.CharField(max_length=120, blank=True, db_column="place_name")

    assert (
        judged(
            migrations.AlterField("task", "place_name", kept),
            migrations.RenameField("task", "place_name", "spot"),
        )
        == []
    )
