"""People who come to help: a temporary number, and one for life when they stay."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.services.phones import PhoneTaken
from backend.audit.models import Entry
from backend.lib.errors import NotAllowed, NotFound
from backend.numbers.models import WalkIn
from backend.numbers.services.walk_ins import WalkInIdTaken, register_walk_in
from backend.realtime.models import KeyedAct, Receipt, Revocation
from backend.tracking.models import LatestPosition
from backend.volunteers import services
from backend.volunteers.models import (
    NumberAlias,
    NumberCounter,
    Role,
    Series,
    Volunteer,
    series_of,
)
from backend.volunteers.services.life_numbers import give_life_number
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


@pytest.fixture
def walk_in(leader: User, formation: Formation, at: datetime) -> Volunteer:
    """Register somebody who came to help squadron A; their password is `PASSWORD`."""
    person = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    person.user.set_password(PASSWORD)
    person.user.save()
    return person


def test_a_walk_in_gets_a_temporary_number_and_belongs_to_the_unit(
    walk_in: Volunteer, leader: User, formation: Formation
) -> None:
    assert str(walk_in.number)[0] == "9"
    assert series_of(walk_in.number) == Series.TEMPORARY
    assert walk_in.memberships.get(is_primary=True).unit == formation.squadron_a
    assert Entry.objects.get(act="volunteer.created").by == leader


def test_temporary_numbers_use_up_none_for_life(leader: User, formation: Formation, at: datetime) -> None:
    before = NumberCounter.objects.get(pk=Series.LIFE.value).used

    register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)

    assert NumberCounter.objects.get(pk=Series.LIFE.value).used == before


def test_a_retry_registers_nobody_twice(leader: User, formation: Formation, at: datetime) -> None:
    walk_in_id = uuid7()

    def register(name: str) -> Volunteer:
        return register_walk_in(walk_in_id=walk_in_id, unit=formation.squadron_a, name=name, by=leader, at=at)

    assert register("帮手") == register("帮手") == register("帮　手")
    with pytest.raises(WalkInIdTaken):
        register("别人")
    assert Volunteer.objects.filter(name="帮手").count() == 1


def test_a_phone_that_somebody_has_is_refused_and_no_number_is_lost(
    leader: User, volunteer: User, formation: Formation, at: datetime
) -> None:
    register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=leader, at=at)
    before = NumberCounter.objects.get(pk=Series.TEMPORARY.value).used

    with pytest.raises(PhoneTaken):
        register_walk_in(
            walk_in_id=uuid7(),
            unit=formation.squadron_a,
            name="帮手",
            phone=volunteer.phone,
            by=leader,
            at=at,
        )
    assert NumberCounter.objects.get(pk=Series.TEMPORARY.value).used == before


def test_whoever_may_dispatch_registers_walk_ins_and_nobody_else(
    sibling_leader: User,
    volunteer: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    def register(by: User) -> Volunteer:
        return register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="帮手", by=by, at=at)

    assert register(dispatcher.user).name == "帮手"
    for user in (sibling_leader, volunteer):
        with pytest.raises(NotFound):
            register(user)
    assert WalkIn.objects.count() == 1


def test_a_walk_in_gets_a_number_for_life_and_keeps_the_old_as_an_alias(
    walk_in: Volunteer, leader: User, at: datetime
) -> None:
    before = walk_in.number

    after = give_life_number(number=before, by=leader, at=at)

    assert after.pk == walk_in.pk
    assert series_of(after.number) == Series.LIFE
    assert NumberAlias.objects.get().number == before
    entry = Entry.objects.get(act="number.changed")
    assert entry.details == {"before": str(before), "after": str(after.number)}
    assert give_life_number(number=before, by=leader, at=at).number == after.number
    assert give_life_number(number=after.number, by=leader, at=at).number == after.number


def test_only_who_manages_the_person_gives_a_number_for_life(
    walk_in: Volunteer,
    volunteer: User,
    sibling_leader: User,
    stranger: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    at: datetime,
) -> None:
    dispatcher = make_volunteer(formation.squadron_a)
    services.appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    for user in (volunteer, sibling_leader, stranger):
        with pytest.raises(NotFound):
            give_life_number(number=walk_in.number, by=user, at=at)
    for user in (dispatcher.user, walk_in.user):
        with pytest.raises(NotAllowed):
            give_life_number(number=walk_in.number, by=user, at=at)
    walk_in.refresh_from_db()
    assert series_of(walk_in.number) == Series.TEMPORARY


def test_phones_are_told_and_have_to_come_back(
    walk_in: Volunteer, leader: User, client_of: ClientOf, published: Published, at: datetime
) -> None:
    before = walk_in.number
    client = client_of(walk_in.user)

    after = give_life_number(number=before, by=leader, at=at)

    changed = {"before": str(before), "number": str(after.number)}
    assert published(type="number.changed") == [(f"person.{before}", "number.changed", changed)]
    assert Revocation.objects.get().session == Device.objects.get(user=walk_in.user).session
    assert client.get("/api/v1/me").json()["number"] == str(after.number)
    tokens = APIClient().post("/api/v1/token/refresh", {"refresh": client.tokens.refresh}, format="json")
    assert tokens.status_code == 200


@pytest.mark.parametrize("number", ["old", "new"])
def test_the_old_number_signs_in_and_so_does_the_new(
    number: str, walk_in: Volunteer, leader: User, at: datetime
) -> None:
    before = walk_in.number
    after = give_life_number(number=before, by=leader, at=at)
    body = {
        "identifier": str(before if number == "old" else after.number),
        "password": PASSWORD,
        "device": {"id": str(uuid7())},
    }

    answer = APIClient().post("/api/v1/sign-in", body, format="json")

    assert (answer.status_code, answer.json()["me"]["number"]) == (200, str(after.number))


def test_receipts_and_keys_come_along_and_the_old_position_leaves_the_map(
    walk_in: Volunteer, leader: User, formation: Formation, at: datetime
) -> None:
    before = walk_in.number
    topics = [walk_in.topic, formation.squadron_a.topic, formation.headquarters.topic]
    for topic in topics:
        Receipt.objects.create(topic=topic, person=before, delivered=3, seen=2, at=at)
    key = UUID(str(uuid7()))
    KeyedAct.objects.create(person=before, key=key, act="duty.set", digest=key, until=at)
    LatestPosition.objects.create(
        person=before, scope=formation.squadron_a.path, at=at, received_at=at, lon=119.9, lat=29.4
    )

    after = give_life_number(number=before, by=leader, at=at)

    moved: Any = Receipt.objects.order_by("pk").values_list("topic", "person", "delivered", "seen")
    assert list(moved) == [(topic, after.number, 3, 2) for topic in topics]
    assert KeyedAct.objects.get().person == after.number
    assert LatestPosition.objects.get().scope == ""


def test_the_doors_register_and_give_a_number(
    leader: User, formation: Formation, client_of: ClientOf
) -> None:
    client = client_of(leader)
    body = {"id": str(uuid7()), "name": "帮手", "phone": "13811112222", "born_on": "1990-05-01"}
    address = f"/api/v1/units/{formation.squadron_a.number}/walk-ins"

    made = client.post(address, body, format="json")
    again = client.post(address, body, format="json")
    person = client.post(f"/api/v1/volunteers/{made.json()['written']}/life-number")

    assert (made.status_code, again.json()) == (201, made.json())
    assert made.json()["is_temporary"] is True
    assert (person.status_code, person.json()["is_temporary"]) == (200, False)
    assert person.json()["name"] == "帮手"


def test_a_phone_is_the_same_with_the_country_s_digits(
    leader: User, formation: Formation, client_of: ClientOf
) -> None:
    """Otherwise nobody signs in with it, and the next roster brings the person in a second time."""
    client, address = client_of(leader), f"/api/v1/units/{formation.squadron_a.number}/walk-ins"

    for phone, status in (("+8613811112222", 201), ("13811112222", 409), ("008613811112222", 409)):
        body = {"id": str(uuid7()), "name": "帮手", "phone": phone}
        assert client.post(address, body, format="json").status_code == status

    assert User.objects.get(volunteer__name="帮手").phone == "13811112222"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "  "), ("name", "x" * 81), ("phone", "call me"), ("born_on", "1850-01-01")],
)
def test_what_is_wrong_is_named(
    field: str, value: str, leader: User, formation: Formation, client_of: ClientOf
) -> None:
    body = {"id": str(uuid7()), "name": "帮手", field: value}
    address = f"/api/v1/units/{formation.squadron_a.number}/walk-ins"

    answer = client_of(leader).post(address, body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


@pytest.mark.postgres
def test_two_retries_at_once_register_one_person(
    race: Race, leader: User, formation: Formation, at: datetime
) -> None:
    walk_in_id = uuid7()

    def register() -> Volunteer:
        return register_walk_in(
            walk_in_id=walk_in_id, unit=formation.squadron_a, name="帮手", by=leader, at=at
        )

    assert len({person.pk for person in race(*[register] * 6)}) == 1


@pytest.mark.postgres
def test_a_number_for_life_is_given_once(race: Race, walk_in: Volunteer, leader: User, at: datetime) -> None:
    results = race(*[lambda: give_life_number(number=walk_in.number, by=leader, at=at)] * 6)

    assert len({person.number for person in results}) == 1
    assert NumberAlias.objects.count() == 1
