"""A database that another version made is left as it is."""

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder

Row = MigrationRecorder.Migration


@pytest.mark.parametrize(
    ("app", "name"),
    [("volunteers", "0002_first_rows"), ("dispatch", "0099_to_come"), ("audit", "0002_chain")],
)
def test_a_database_of_another_version_is_refused_before_anything_is_changed(
    db: None, app: str, name: str
) -> None:
    Row.objects.filter(app="volunteers", name="0001_initial").delete()  # there would be something to do
    Row.objects.create(app=app, name=name)
    before = list(Row.objects.order_by("pk").values_list("app", "name"))

    with pytest.raises(CommandError, match=f"another version of Muster: {app}.{name} is not known here"):
        call_command("migrate", verbosity=0)

    assert list(Row.objects.order_by("pk").values_list("app", "name")) == before


def test_what_other_packages_had_of_their_own_is_not_asked(db: None) -> None:
    Row.objects.create(app="axes", name="0001_of_long_ago")

    call_command("migrate", verbosity=0)
