"""No door shows a caller above a partner that keeps its people to itself their names, numbers or phones.

Every act over REST and every page is walked by the commander of the county above. A new door is walked by itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.config.urls import urlpatterns
from backend.dispatch import services as dispatch
from backend.dispatch.schemas import CallOutIn, TaskIn
from backend.partners.models import Shares
from backend.partners.schemas import SharingIn
from backend.partners.services import choose_sharing
from backend.volunteers.models import Role, UnitKind, Volunteer
from backend.volunteers.rules import within
from tests.builders import task_body
from tests.contract.acts import V1, Act
from tests.contract.doors import World, routes
from tests.contract.table import ACTS
from tests.contract.test_looks import text_of
from tests.lock_order import block_of_test
from tests.pages import page_of

CONTACT = {"contact_name": "值班室", "contact_phone": "057988887777"}


@pytest.fixture
def above(world: World) -> User:
    """Return the commander of the detachment."""
    held = world.formation.detachment.posts.filter(role=Role.COMMANDER).select_related("volunteer__user")
    return held.get().volunteer.user


@pytest.fixture
def client(above: User, world: World) -> APIClient:
    """Return the phone of the commander."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {world.sign_in(above).tokens.access}")
    return client


def close(world: World) -> None:
    """Make squadron A a partner's unit, whose leader keeps its people from those above."""
    unit, leader = world.formation.squadron_a, world.callers["leader"].user
    unit.kind, unit.partner_kind = UnitKind.PARTNER, "rescue"
    unit.save(update_fields=["kind", "partner_kind"])
    wanted = SharingIn(shares=Shares.CONTACT, **CONTACT)
    choose_sharing(unit=unit, wanted=wanted, by=leader, at=world.at)


def secrets(world: World) -> set[str]:
    """Return the names, numbers and phones of the people of squadron A and below."""
    below = within(world.formation.squadron_a.path, "memberships__unit__path")
    people = Volunteer.objects.filter(below).select_related("user").distinct()
    return {
        text for person in people for text in (person.name, f"{person.number:08d}", person.user.phone) if text
    }


def ask_from_above(world: World, above: User) -> str:
    """Call squadron A out for a task of the detachment; return its id."""
    body = task_body(world.formation.detachment.number, world.at)
    task = dispatch.create_task(wanted=TaskIn.model_validate(body), by=above, at=world.at)
    called = CallOutIn.model_validate({"id": str(uuid7()), "units": [world.formation.squadron_a.number]})
    assert dispatch.call_out(task_id=task.pk, wanted=called, by=above, at=world.at).offered
    return str(task.pk)


def addresses(door: Act, world: World, task: str) -> set[str]:
    """Return where an act is tried: upon the partner, and upon what is above it."""
    path, unit = door.path(world), world.formation.squadron_a.number
    above = (world.formation.brigade.number, world.formation.detachment.number)
    tried = {path.replace(f"units/{unit}", f"units/{number}", 1) for number in (unit, *above)}
    return {one for path in tried for one in (path, path.replace(str(world.task.pk), task))}


def told(door: Act, client: APIClient, world: World, task: str) -> set[str]:
    """Return what an act tells of these people that was not in its request."""
    found, known = set(), secrets(world)
    for path in addresses(door, world, task):
        query = door.query(world, "leader")
        sent = (
            path + query_of(query) + json.dumps(door.body(world, "leader"), default=str, ensure_ascii=False)
        )
        with block_of_test():
            text = text_of(door.send(client, path + query_of(query), world, "leader"))
            transaction.set_rollback(True)
        found |= {secret for secret in known if secret in text and secret not in sent}
    return found


def query_of(query: str | None) -> str:
    return f"?{query}" if query else ""


# Those who sign in prove that they are the person.
WALKED = [door for door in ACTS if not door.address.startswith(V1 + "sign-in")]


@pytest.mark.parametrize("door", WALKED, ids=str)
def test_no_act_tells_who_the_people_of_a_closed_partner_are(
    world: World, client: APIClient, above: User, door: Act
) -> None:
    close(world)

    assert told(door, client, world, ask_from_above(world, above)) == set()


def test_an_open_partner_is_seen_at_many_doors(world: World, client: APIClient, above: User) -> None:
    """Guards the test above against walking past."""
    task = ask_from_above(world, above)
    telling = [str(door) for door in WALKED if told(door, client, world, task)]

    assert len(telling) >= 15, telling


def pages(world: World) -> Iterator[str]:
    """Yield the address of every page, with what belongs to squadron A filled in."""
    unit, person = world.formation.squadron_a.number, world.number("volunteer")
    for pattern, _ in routes(urlpatterns, beside=("admin",)):
        if pattern.startswith(("api/", "sign-out")):
            continue
        number = person if pattern.startswith("people/") else unit
        filled = pattern.replace("<str:number>", number).replace("<str:person>", person)
        yield "/" + re.sub("<uuid:import_id>", str(world.roster_import), filled)
    yield f"/roster/{world.formation.brigade.number}/"
    yield f"/badges/{world.formation.brigade.number}/"
    yield f"/invitations/{world.formation.brigade.number}/"


def shown(browser: Client, world: World) -> dict[str, set[str]]:
    """Return what each page shows of the people of squadron A, beside what its own address names."""
    known = secrets(world)
    found = {}
    for address in pages(world):
        if "<" in address:
            continue
        text = _text(browser.get(address))
        if seen := {secret for secret in known if secret in text and secret not in address}:
            found[address] = seen
    return found


def _text(answer: Any) -> str:
    if getattr(answer, "streaming", False):
        return ""
    return str(answer.content.decode(errors="ignore"))


def test_no_page_shows_who_the_people_of_a_closed_partner_are(world: World, above: User) -> None:
    browser = page_of(above, world.at)
    browser.raise_request_exception = False
    assert shown(browser, world), "the walk meets nobody at all"
    close(world)

    assert shown(browser, world) == {}
