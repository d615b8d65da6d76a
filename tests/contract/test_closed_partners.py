"""No door shows a caller above a partner that keeps its people to itself their names, numbers or phones.

Every act over REST and every page is walked by the commander of the county above. A new door is walked by itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from backend.accounts.models import User
from backend.config.urls import urlpatterns
from backend.partners.models import Shares
from backend.partners.schemas import SharingIn
from backend.partners.services import choose_sharing
from backend.volunteers.models import Role, UnitKind, Volunteer
from backend.volunteers.rules import within
from tests.contract.acts import Act
from tests.contract.doors import World, routes
from tests.contract.table import ACTS
from tests.contract.test_looks import text_of
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


def told(door: Act, client: APIClient, world: World) -> set[str]:
    """Return what one act tells of these people that was not in its request."""
    path, body = door.path(world), door.body(world, "leader")
    sent = path + json.dumps(body, default=str, ensure_ascii=False)
    known = secrets(world)
    text = text_of(door.send(client, path + _query(door, world), world, "leader"))
    return {secret for secret in known if secret in text and secret not in sent}


def _query(door: Act, world: World) -> str:
    query = door.query(world, "leader")
    return f"?{query}" if query else ""


@pytest.mark.parametrize("door", ACTS, ids=str)
def test_no_act_tells_who_the_people_of_a_closed_partner_are(
    world: World, client: APIClient, door: Act
) -> None:
    close(world)

    assert told(door, client, world) == set()


def test_an_open_partner_is_seen_at_many_doors(world: World, client: APIClient) -> None:
    """Guards the test above against walking past."""
    telling = [door for door in ACTS if door.method == "GET" and told(door, client, world)]

    assert len(telling) >= 8, [str(door) for door in telling]


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
