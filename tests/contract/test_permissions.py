"""Every cell of the permissions over REST: who, on which level, does what to a unit in which relation.

All of it is made from the table in permissions.py; each cell is tried on the same force, and what it did is undone.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient, ForceAuthClientHandler
from uuid6 import uuid7

from backend.audit.models import Entry
from backend.volunteers.models import Post, Standing, Volunteer
from tests.contract.acts import DIRECTS, LEVELS, MANAGES, NOWHERE, POSTS, SEES, V1, Right
from tests.contract.documented import openapi
from tests.contract.full_force import Cell, Force, make_force
from tests.contract.permissions import table
from tests.contract.table import ACTS, RIGHTS
from tests.lock_order import block_of_test

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.xdist_group("permissions"),
]  # in one worker: one force for all

HANDLER = ForceAuthClientHandler(enforce_csrf_checks=False)
"""One for all requests: each would load the middleware anew."""
CHANGING = [act for act in RIGHTS if act.method != "GET"]
ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "permissions.md"


@pytest.fixture(autouse=True)
def _quiet(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Thousands of refusals are not worth a line each, and uploads go elsewhere."""
    settings.IMPORTS_FOLDER = str(tmp_path)
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def force(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Force]:
    """Make the force once for all cells, in a transaction that is rolled back after the last."""
    with django_db_blocker.unblock(), block_of_test():
        force = make_force()
        if connection.vendor == "postgresql":
            with (
                connection.cursor() as cursor
            ):  # nothing else counts rows that are not committed: plans went astray
                tables = ", ".join(connection.introspection.table_names())  # not what all databases share
                cursor.execute(f"ANALYZE {tables}")
        yield force
        transaction.set_rollback(True)


def send(force: Force, cell: Cell, act: Right) -> Any:
    """Try an act as the caller of a cell upon its target; return the response."""
    names = force.targets[cell.level, cell.relation]
    client = APIClient(raise_request_exception=False)
    client.handler = HANDLER
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {force.tokens[cell.post, cell.level]}")
    body = act.body(names)
    content: Any = body if isinstance(body, bytes) else "" if body is None else json.dumps(body)
    address = f"/api/v1/{act.address.format(**names)}"
    return client.generic(act.method, address, content, content_type=act.media)


def tried(force: Force, cell: Cell, act: Right) -> int:
    """Return the status that a cell is answered; nothing of it stays."""
    if act.method == "GET":
        return int(send(force, cell, act).status_code)
    with block_of_test():
        status = int(send(force, cell, act).status_code)
        transaction.set_rollback(True)
    return status


def expected(force: Force, cell: Cell, act: Right, answered: int) -> int:
    """Return what the table says; any 2xx is as good as another."""
    if cell.relation in act.opens[cell.post]:
        is_squadron = force.targets[cell.level, cell.relation]["kind"] == "squadron"
        if act.lowest and is_squadron:
            return act.lowest
        return answered if 200 <= answered < 300 else 200
    return 403 if act.beyond and cell.relation in act.beyond[cell.post] else 404


def first_of_its_kind(act: Right) -> bool:
    """Tell whether no act before it in the table is open, and refused, to the same posts in the same relations."""
    kinds = [(one.opens, one.beyond, one.lowest) for one in RIGHTS]
    return kinds.index((act.opens, act.beyond, act.lowest)) == RIGHTS.index(act)


@pytest.mark.parametrize("act", RIGHTS, ids=str)
def test_an_act_is_open_where_the_table_says_and_nowhere_else(
    force: Force, act: Right, request: pytest.FixtureRequest
) -> None:
    """Every cell for one act of each kind; for its like, which ask the same rules, all pairs (`--every-cell`: all)."""
    whole = first_of_its_kind(act) or request.config.getoption("--every-cell", default=False)
    cells = force.cells() if whole else force.pairs(RIGHTS.index(act))
    answers = {cell: tried(force, cell, act) for cell in cells}

    wrong = {
        cell: answered
        for cell, answered in answers.items()
        if answered != expected(force, cell, act, answered)
    }
    assert wrong == {}
    assert any(act.opens[cell.post] for cell in answers)


def test_every_act_says_whom_it_concerns() -> None:
    """An act has rights, or is the caller's own; each right names a target at the address of its act."""
    own = {"me", "sign-in", "trackers"}
    of_protocol = [(act, act.address.removeprefix(V1)) for act in ACTS if act.address.startswith(V1)]

    assert [
        str(act)
        for act, address in of_protocol
        if not (act.rights or act.own or address.split("/")[0] in own)
    ] == []
    for act in ACTS:
        address = re.sub("<.*?>", "{}", act.address.removeprefix(V1))
        for right in act.rights:
            assert re.sub("{.*?}", "{}", right.address.partition("?")[0]) == address, str(act)


def test_every_address_of_the_document_is_that_of_an_act() -> None:
    documented = {
        f"{method.upper()} {re.sub('{.*?}', '{}', path.removeprefix('/'))}"
        for path, methods in openapi()["paths"].items()
        for method in methods
    }

    assert documented <= {re.sub("<.*?>", "{}", str(act)) for act in ACTS}


def test_the_matrix_has_every_post_on_every_level_in_every_relation(force: Force) -> None:
    cells = set(force.cells())

    assert {(cell.post, cell.level) for cell in cells} == {
        (post, level) for post in POSTS for level in LEVELS
    }
    assert len(cells) == len(POSTS) * 24
    assert len(cells) * len(RIGHTS) > 5_000


@pytest.mark.parametrize("turn", range(5))
def test_a_third_of_the_cells_has_all_pairs(force: Force, turn: int) -> None:
    def pairs(cells: Iterable[Cell]) -> set[tuple[str, str]]:
        return {
            pair
            for cell in cells
            for pair in ((cell.post, cell.level), (cell.post, cell.relation), (cell.level, cell.relation))
        }

    assert len(set(force.pairs(turn))) <= len(set(force.cells())) / 3
    assert pairs(force.pairs(turn)) == pairs(force.cells())


@pytest.mark.parametrize("state", ["to come", "over", "suspended", "retired"])
def test_a_post_that_does_not_count_opens_nothing(force: Force, state: str) -> None:
    """Grants have a time, and rest while their holder is not in service; what members see stays."""
    caller = force.callers["leader", "brigade"].volunteer
    posts = Post.objects.filter(volunteer=caller)
    match state:
        case "to come":
            posts.update(from_at=force.at + timedelta(hours=1))
        case "over":
            posts.update(until_at=force.at)
        case _:
            Volunteer.objects.filter(pk=caller.pk).update(standing=state)
    sees = NOWHERE if state == Standing.RETIRED else SEES["none"]

    for relation in ("own", "below", "above"):
        for act in RIGHTS:
            if (relation, act.words) == ("own", "end a leader's post in it"):
                continue  # everybody may give back a post of their own
            answered = tried(force, Cell("leader", "brigade", relation), act)
            wanted = 200 if relation in act.opens["none"] & sees else 404
            assert answered == wanted, f"{act} {relation}"


def test_lists_hold_what_is_covered_and_count_nothing_else(force: Force) -> None:
    """A list without a filter holds the tasks and transfers of units that one's posts cover, or that are one's own."""
    targets = {names["unit"]: names["path"] for names in force.targets.values()}
    for post, level in force.callers:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {force.tokens[post, level]}")
        path = force.targets[level, "own"]["path"]
        tasks = client.get("/api/v1/tasks").json()
        transfers = client.get("/api/v1/transfers").json()

        covered = {number for number, place in targets.items() if place.startswith(path)}
        directed = covered if post in DIRECTS else set()
        managed = covered if post in MANAGES else set()
        assert {item["task"]["unit"]["number"] for item in tasks["items"]} == directed, (post, level)
        assert len(tasks["items"]) == len(directed)
        assert tasks["next"] is None
        seen = {end for item in transfers for end in (item["from_unit"], item["to_unit"])} & targets.keys()
        assert seen == managed, (post, level)
        assert len(transfers) == 2 * len(managed)


def test_hidden_and_missing_are_answered_the_same(force: Force) -> None:
    """Nobody learns from an answer that a sibling's things exist."""
    hidden = Cell("leader", "squadron", "sibling")
    missing = {
        "unit": "0726010998",
        "member": "10000005",
        "task": "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5a",
        "application": "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5b",
        "coming": "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5c",
        "going": "0199a5e2-6b1f-7d02-8a6e-2f9c1d3e4b5d",
        "head": "10000048",
        "post": 2_000_000_000,
        "lead": 2_000_000_000,
        "empty": "0726010998",
        "walk_in": "90000012",
        "twin": "10000013",
        "free_number": "10000021",
        **dict.fromkeys(
            ("block", "checked", "imported", "credential", "guardian", "correction", "word"), str(uuid7())
        ),
        **dict.fromkeys(("occasion", "policy", "signed"), str(uuid7())),
    }
    there = force.targets["squadron", "sibling"]
    nowhere = Force(force.at, force.callers, force.tokens, {("squadron", "sibling"): {**there, **missing}})

    for act in RIGHTS:
        answers = [send(place, hidden, act) for place in (force, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404], str(act)
        assert answers[0].json() == answers[1].json(), str(act)


@pytest.mark.parametrize("act", CHANGING, ids=str)
def test_the_record_names_the_post_that_allowed_an_act(force: Force, act: Right) -> None:
    """A commander of the detachment acts upon a brigade: the line says by which post."""
    cell = Cell("commander", "detachment", "below")
    before = set(Entry.objects.values_list("pk", flat=True))
    if act.words == "reinstate a member of it":
        number = int(force.targets[cell.level, cell.relation]["member"])
        Volunteer.objects.filter(number=number).update(standing=Standing.SUSPENDED)

    answer = send(force, cell, act)

    title = f"commander@{force.targets['detachment', 'own']['unit']}"
    lines = Entry.objects.exclude(pk__in=before).filter(by=force.callers["commander", "detachment"])
    assert answer.status_code < 300
    changes_nothing = {
        "choose a member's primary unit",
        "move it within its parent",
        "sign a member out on all devices",  # who is signed in on none
    }
    assert act.words in changes_nothing or title in [line.post for line in lines]


def test_the_document_is_made_from_the_same_table() -> None:
    assert table() in DOCUMENT.read_text()
