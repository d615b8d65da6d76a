"""A room owns its rows: no other room deletes or changes them but by calling a service of it, or by a hook."""

import ast
from textwrap import dedent

import pytest

from backend.lib.calls import Module, modules
from tests.contract.writes import room_of, writes_of

ELSEWHERE: dict[str, str] = {}
"""Where a room writes rows of another one all the same, each with its reason."""


def foreign(module: Module) -> set[str]:
    """Return where a module writes rows of a room that is not its own."""
    return {f"{where}: {how} of {name}" for where, how, name, is_own in writes_in(module) if not is_own}


def writes_in(module: Module) -> set[tuple[str, str, str, bool]]:
    """Return where a module writes rows, how, of which model, and whether they are its room's own."""
    room = module.name.split(".")[1]
    return {
        (f"{module.name}.{function}", how, model.__name__, room_of(model) == room)
        for function, how, model in writes_of(module)
    }


def test_no_room_deletes_or_changes_rows_of_another() -> None:
    inside = [module for name, module in modules().items() if name.count(".") > 1]
    seen = set().union(*map(writes_in, inside))
    found = {f"{where}: {how} of {name}" for where, how, name, is_own in seen if not is_own}

    assert len({name for _, _, name, is_own in seen if is_own}) > 50, (
        "a reading that sees nothing finds nothing"
    )
    assert found - ELSEWHERE.keys() == set(), (
        "let the room that owns the rows do it: by its service, or a hook"
    )
    assert ELSEWHERE.keys() - found == set(), "these stand there no more"


IMPORTS = """
from backend.accounts.models import Device, User
from backend.lib.bulk import update_rows
from backend.tracking.models import Fix
from backend.volunteers.models import Membership, Volunteer
from backend.volunteers.queries.numbers import volunteer_by_number
"""


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("Fix.objects.filter(person=1).delete()", "delete of Fix"),
        ("volunteer.memberships.all().delete()", "delete of Membership"),
        ("user.devices.not_revoked().update(revoked_at=at)", "update of Device"),
        ("for rows in (user.devices, user.trackers): rows.all().delete()", "delete of Tracker"),
        ("old = Device.objects.revoked()\nold.filter(pk=1).delete()", "delete of Device"),
        ("def f(one: Membership) -> None:\n    one.delete()", "delete of Membership"),
        ("def f(some: 'list[User]') -> None:\n    update_rows(some, ['phone'])", "update_rows of User"),
        ("volunteer_by_number(1).save()", "save of Volunteer"),
        ("badge.volunteer.user.save(update_fields=[])", "save of User"),
        ("cursor.execute('DELETE FROM volunteers_membership WHERE id = 1')", "SQL of Membership"),
        ("cursor.execute(f'UPDATE accounts_user SET {x}')", "SQL of User"),
        ("[row.delete() for row in user.devices.all()]", "delete of Device"),
        ("Fix.objects.bulk_create([])", "bulk_create of Fix"),
    ],
)
def test_a_write_to_rows_of_another_room_is_found(source: str, what: str) -> None:
    assert what in {found.partition(": ")[2] for found in foreign(as_badges(source))}


@pytest.mark.parametrize(
    "source",
    [
        "kept = {}\nkept.update(a=1)",
        "volunteer.badges.update(reason='')",
        "for user in users: shown.update(user.groups_of)",
        "digest.update(block)",
    ],
)
def test_own_rows_and_what_is_no_row_are_no_breach(source: str) -> None:
    assert foreign(as_badges(source)) == set()


def as_badges(source: str) -> Module:
    """Return the source as a module of the room of badges."""
    tree = ast.parse(IMPORTS + dedent(source))
    imports = {
        alias.name: f"{node.module}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return Module("backend.badges.made_up", tree, imports=imports)
