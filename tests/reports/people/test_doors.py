"""What people typed at the doors by which they come in, and what was kept of it; every door has the same rule."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from uuid6 import uuid7

from backend.accounts.models import User
from backend.joining.models import Application
from backend.numbers.services.number_blocks import issue_block
from backend.volunteers.models import Guardian, Unit, Volunteer
from tests.conftest import Formation, SignedInClient
from tests.pages import page_of

FOLDER = Path(__file__).parent / "doors"
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
Body = dict[str, Any]
Answer = tuple[int, set[str]]
ClientOf = Callable[[User], SignedInClient]


def reports(name: str) -> list[Body]:
    """Return what was sent, and what became of it."""
    return list(json.loads((FOLDER / f"{name}.json").read_text()))


def of_forms(name: str) -> list[Body]:
    """Return those that a form can send: all of it is text, and what stands around it is cut off."""
    return [one for one in reports(name) if all(isinstance(value, str) for value in one["send"].values())]


def mismatches(sent: list[Body], model: type[Model], send: Callable[[Body], Answer]) -> list[Any]:
    """Send each report by itself; return those of which something else is kept, or another field refused."""
    wrong = []
    for report in sent:
        with _undone():
            known = set(model._default_manager.values_list("pk", flat=True))
            status, pointers = send(report["send"])
            people = [_seen(one) for one in model._default_manager.exclude(pk__in=known)]
        if "refused" in report:
            is_so = (status, pointers, people) == (422, {report["refused"]}, [])
        else:
            is_so = len(people) == 1 and report["kept"].items() <= people[0].items()
        if not is_so:
            wrong.append((report, status, pointers, people))
    return wrong


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _seen(row: Any) -> Body:
    """Return what was kept of a person or unit, as reports write it."""
    if isinstance(row, Unit):
        return {"name": row.display_name}
    born_on = getattr(row, "born_on", None)
    phone = row.user.phone if isinstance(row, Volunteer) else row.phone
    return {"name": row.name, "phone": phone, "born_on": born_on.isoformat() if born_on else None}


def posted(client: Any, path: str, body: Body) -> Answer:
    """Post a body; return the status and the pointers of what is wrong."""
    answer = client.post(path, json.dumps(body), content_type="application/json")
    return answer.status_code, {error["pointer"] for error in answer.json().get("errors") or ()}


@pytest.mark.parametrize("name", FILES)
def test_walk_ins_are_kept_as_reported(
    name: str, leader: User, formation: Formation, client_of: ClientOf
) -> None:
    client, path = client_of(leader), f"/api/v1/units/{formation.squadron_a.number}/walk-ins"

    found = mismatches(
        reports(name), Volunteer, lambda body: posted(client, path, {"id": str(uuid7()), **body})
    )

    assert found == []


@pytest.mark.parametrize("name", FILES)
def test_people_with_numbers_of_blocks_are_kept_as_reported(
    name: str, leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    client, address = client_of(leader), f"/api/v1/units/{formation.squadron_a.number}"
    block = issue_block(block_id=uuid7(), unit=formation.squadron_a, size=1, by=leader, at=at)
    number = client.get(f"{address}/number-blocks/{block.pk}").json()["numbers"][0]["number"]

    found = mismatches(
        reports(name),
        Volunteer,
        lambda body: posted(client, f"{address}/registrations", {"number": number, **body}),
    )

    assert found == []


@pytest.mark.parametrize("name", FILES)
def test_applications_are_kept_as_reported(name: str, formation: Formation, client: Client) -> None:
    unit = formation.squadron_a.number

    found = mismatches(
        reports(name),
        Application,
        lambda body: posted(client, "/api/v1/applications", {"id": str(uuid7()), "unit": unit, **body}),
    )

    assert found == []


@pytest.mark.parametrize("name", [name for name in FILES if name != "dates"])
def test_guardians_are_kept_as_reported(
    name: str, leader: User, volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    client, path = client_of(leader), f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/guardians"
    more = {"consent_at": at.isoformat()}

    found = mismatches(
        reports(name), Guardian, lambda body: posted(client, path, {"id": str(uuid7()), **more, **body})
    )

    assert found == []


def test_units_are_kept_as_reported(commander: User, formation: Formation, client_of: ClientOf) -> None:
    client, parent = client_of(commander), formation.brigade.number

    found = mismatches(
        reports("names"),
        Unit,
        lambda body: posted(client, "/api/v1/units", {"parent": parent, "name": body["name"]}),
    )

    assert found == []


@pytest.mark.parametrize("name", FILES)
def test_the_page_keeps_what_was_reported(
    name: str, leader: User, formation: Formation, at: datetime
) -> None:
    client, sent = page_of(leader, at), of_forms(name)
    refused = {json.dumps(report["send"]): {report["refused"]} for report in sent if "refused" in report}

    def send(body: Body) -> Answer:
        form = {"id": str(uuid7()), "unit": formation.squadron_a.number, **body}
        answer = client.post(reverse("console:walk-in"), form)
        return answer.status_code, refused.get(json.dumps(body), set())

    assert mismatches(sent, Volunteer, send) == []
