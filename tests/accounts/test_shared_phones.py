"""Who is put on a phone that others have, and what each keeps when one of them is corrected, merged or erased."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import MOST_OF_PHONE, User, phone_keys
from backend.accounts.queries import people_of_phone
from backend.accounts.services.phones import PhoneFull, PhoneTaken
from backend.audit.models import Entry
from backend.corrections import services as corrections
from backend.corrections.models import Correction
from backend.corrections.schemas import CorrectionIn
from backend.joining.models import Application, ApplicationStatus
from backend.joining.queries import applications_of
from backend.joining.schemas import ApplicationIn
from backend.joining.services import applications
from backend.lib.errors import NotAllowed, NotFound
from backend.numbers.services.walk_ins import register_walk_in
from backend.privacy.services.own_data import erase_person
from backend.volunteers.models import Role, Volunteer
from backend.volunteers.services.merging import merge_volunteers
from backend.volunteers.services.people import create_volunteer
from backend.volunteers.services.units import merge_units
from tests.accounts.families import FAMILY, give_password, number_of, share, sign_in
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Race, SignedInClient, posted

ClientOf = Callable[[User], SignedInClient]
NEW = "13900001111"


@pytest.fixture
def family(formation: Formation, make_volunteer: MakeVolunteer) -> list[User]:
    """Make three people of squadron A on one phone."""
    users = [make_volunteer(formation.squadron_a, name=name).user for name in ("奶奶", "儿子", "孙女")]
    share(*users)
    return users


def on(phone: str) -> list[int]:
    return list(people_of_phone(phone).order_by("pk").values_list("pk", flat=True))


def correct(user: User, by: User, at: datetime, phone: str, *, shared: bool = False) -> Correction:
    wanted = CorrectionIn(id=uuid7(), phone=phone, shared_phone=shared)
    return corrections.correct(volunteer=user.volunteer, wanted=wanted, by=by, at=at).row


def applied(formation: Formation, at: datetime, name: str, phone: str = FAMILY) -> None:
    wanted = ApplicationIn(id=uuid7(), unit=formation.squadron_a.number, name=name, phone=phone)
    applications.apply(wanted=wanted, address="192.0.2.1", at=at)


# --- being put on it ----------------------------------------------------------------------------------------------


def test_a_leader_says_that_a_phone_is_shared_and_otherwise_it_is_taken(
    family: list[User], leader: User, formation: Formation, client_of: ClientOf
) -> None:
    client, address = client_of(leader), f"/api/v1/units/{formation.squadron_a.number}/walk-ins"
    body = {"id": str(uuid7()), "name": "邻居", "phone": FAMILY}

    refused = client.post(address, body, format="json")
    taken = client.post(address, body | {"shared_phone": True}, format="json")

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/phone-taken")
    assert "shared_phone" in refused.json()["detail"]
    assert taken.status_code == 201
    assert len(on(FAMILY)) == 4
    entry = Entry.objects.get(act="phone.shared", details__people=4)
    assert FAMILY not in str(entry.details)


def test_a_dispatcher_registers_people_and_shares_no_phone(
    family: list[User], formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    dispatcher = posted(make_volunteer(formation.squadron_a), Role.DISPATCHER, at)
    stranger = make_volunteer(None).user

    def register(by: User, **more: Any) -> Volunteer:
        unit = formation.squadron_a
        return register_walk_in(walk_in_id=uuid7(), unit=unit, name="帮手", by=by, at=at, **more)

    assert register(dispatcher, phone=NEW).number
    with pytest.raises(NotAllowed):
        register(dispatcher, phone=FAMILY, shared_phone=True)
    with pytest.raises(NotFound):
        register(stranger, phone=FAMILY, shared_phone=True)


def test_an_applicant_is_another_person_of_the_phone_when_the_leader_says_so(
    family: list[User], leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    applied(formation, at, "孙子")
    address = f"/api/v1/applications/{Application.objects.get().pk}/approve"
    client = client_of(leader)

    refused = client.post(address)
    approved = client.post(address, {"shared_phone": True}, format="json")
    again = client.post(address)

    assert [answer.status_code for answer in (refused, approved, again)] == [409, 200, 200]
    assert approved.json()["volunteer"] == again.json()["volunteer"]
    assert len(on(FAMILY)) == 4


def test_pages_take_the_word_that_a_phone_is_shared(
    family: list[User], leader: User, formation: Formation, client: Client, at: datetime
) -> None:
    applied(formation, at, "孙子")
    waiting = Application.objects.get().pk
    client.post("/sign-in/", {"identifier": number_of(leader), "password": PASSWORD})
    walk_in = {"id": str(uuid7()), "name": "邻居", "phone": FAMILY, "unit": formation.squadron_a.number}
    pages = [("/numbers/walk-ins/", walk_in), (f"/applications/{waiting}/", {"decision": "approve"})]

    refused = [client.post(address, sent) for address, sent in pages]
    taken = [client.post(address, sent | {"shared_phone": "on"}) for address, sent in pages]

    assert [answer.status_code for answer in refused] == [422, 409]
    assert all("shared_phone" in answer.content.decode() for answer in refused)
    assert [answer.status_code for answer in taken] == [302, 302]
    assert len(on(FAMILY)) == 5


def test_eight_people_share_a_phone_at_most(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, at: datetime
) -> None:
    share(*[make_volunteer(formation.squadron_a).user for _ in range(MOST_OF_PHONE)])

    with pytest.raises(PhoneFull):
        share(leader)

    assert len(on(FAMILY)) == MOST_OF_PHONE
    assert set(people_of_phone(FAMILY).values_list("phone_key", flat=True)) == set(phone_keys(FAMILY))


def test_the_former_version_finds_the_first_person_of_a_phone(family: list[User]) -> None:
    assert User.objects.get_by_natural_key(FAMILY) == family[0]
    assert User.objects.filter(phone_key=phone_keys(FAMILY)[0]).count() == 1


def test_a_phone_is_taken_as_long_as_one_person_has_it(
    family: list[User], leader: User, formation: Formation, at: datetime
) -> None:
    erase_person(by=family[0], at=at)

    with pytest.raises(PhoneTaken):
        create_volunteer(name="新人", phone=FAMILY, by=None, at=at)
    assert on(FAMILY) == [user.pk for user in family[1:]]
    share(leader)
    assert User.objects.get_by_natural_key(FAMILY) == leader, "the place that became free"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_people_who_take_a_phone_at_once_share_it_only_by_a_word(
    formation: Formation, race: Race, at: datetime
) -> None:
    def create(shared: bool) -> Volunteer:
        return create_volunteer(name="新人", phone=NEW, shared_phone=shared, by=None, at=at)

    without = race(*[lambda: create(False) for _ in range(4)])
    shared = race(*[lambda: create(True) for _ in range(MOST_OF_PHONE + 1)])

    assert sorted(type(one).__name__ for one in without) == ["PhoneTaken"] * 3 + ["Volunteer"]
    assert sorted(type(one).__name__ for one in shared) == ["PhoneFull"] * 2 + ["Volunteer"] * 7
    assert len(on(NEW)) == MOST_OF_PHONE


# --- correcting ---------------------------------------------------------------------------------------------------


def test_a_corrected_phone_touches_its_person_alone_and_comes_back_to_the_family(
    family: list[User], leader: User, at: datetime
) -> None:
    made = correct(family[0], leader, at, NEW)
    assert (on(FAMILY), on(NEW)) == ([user.pk for user in family[1:]], [family[0].pk])

    corrections.undo(correction_id=made.pk, by=family[0], at=at)

    assert (on(FAMILY), on(NEW)) == ([user.pk for user in family], [])


def test_a_person_comes_back_to_no_phone_that_another_person_has_since(
    family: list[User], leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    made = correct(family[0], leader, at, NEW)
    share(make_volunteer(formation.squadron_a).user)

    with pytest.raises(PhoneTaken):
        corrections.undo(correction_id=made.pk, by=leader, at=at)
    assert family[0].pk in on(NEW)


def test_a_correction_to_a_phone_that_is_shared_needs_the_word(
    family: list[User], leader: User, sibling_leader: User, volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    with pytest.raises(PhoneTaken):
        correct(volunteer, leader, at, FAMILY)
    with pytest.raises(NotFound):
        correct(volunteer, sibling_leader, at, FAMILY, shared=True)
    body = {"id": str(uuid7()), "phone": FAMILY, "shared_phone": True}
    address = f"/api/v1/volunteers/{number_of(volunteer)}/corrections"

    answers = [client_of(leader).post(address, body, format="json").status_code for _ in range(2)]

    assert answers == [201, 200]
    assert len(on(FAMILY)) == 4


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_leaves_while_another_signs_in_and_a_third_joins(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, race: Race, at: datetime
) -> None:
    for turn in range(3):
        phone = f"1390013900{turn}"
        first, second, third = (make_volunteer(formation.squadron_a).user for _ in range(3))
        give_password(second, f"the second's secret {turn}")
        share(first, second, phone=phone)

        outcomes = race(
            partial(correct, first, leader, at, f"1390013911{turn}"),
            partial(sign_in, phone, f"the second's secret {turn}"),
            partial(correct, third, leader, at, phone, shared=True),
        )

        assert isinstance(outcomes[0], Correction)
        assert isinstance(outcomes[2], Correction)
        assert outcomes[1].json()["me"]["number"] == number_of(second)
        assert on(phone) == [second.pk, third.pk]


# --- merging, erasing ---------------------------------------------------------------------------------------------


def test_two_records_of_one_phone_are_merged_and_the_others_keep_it(
    family: list[User], leader: User, commander: User, at: datetime
) -> None:
    grandmother, son, granddaughter = family

    merge_volunteers(kept=son.volunteer.number, duplicate=grandmother.volunteer.number, by=commander, at=at)

    assert on(FAMILY) == [son.pk, granddaughter.pk]


def test_a_merged_record_gives_its_place_on_the_phone_to_one_without(
    family: list[User], commander: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    kept = make_volunteer(formation.squadron_a).user
    kept.phone = ""
    kept.save()

    merge_volunteers(kept=kept.volunteer.number, duplicate=family[1].volunteer.number, by=commander, at=at)

    assert on(FAMILY) == sorted([family[0].pk, family[2].pk, kept.pk])
    assert User.objects.get(pk=kept.pk).phone == FAMILY


def test_erasing_one_person_of_a_phone_touches_nothing_of_the_others(
    family: list[User], leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    grandmother, son, granddaughter = family
    clients = [client_of(user) for user in (son, granddaughter)]
    for name in ("奶奶", "孙子"):
        applied(formation, at, name)
    rows = User.objects.filter(pk__in=[son.pk, granddaughter.pk]).order_by("pk")
    before = list(rows.values())
    assert [one.name for one in applications_of(grandmother.volunteer)] == ["奶奶"]

    erase_person(by=grandmother, at=at)

    assert list(rows.values()) == before
    assert [client.get("/api/v1/me").status_code for client in clients] == [200, 200]
    assert [one.name for one in Application.objects.waiting()] == ["孙子"]
    assert User.objects.get(pk=grandmother.pk).phone_key is None


# --- joining, finding ---------------------------------------------------------------------------------------------


def test_a_family_applies_with_one_phone_each_name_once(formation: Formation, at: datetime) -> None:
    for name in ("母亲", "女儿", "母 亲", "女儿"):
        applied(formation, at, name)
    mother, daughter = Application.objects.order_by("pk")

    applications.withdraw_application(application_id=daughter.pk, phone=FAMILY, at=at)

    assert (mother.name, daughter.name) == ("母亲", "女儿")
    assert [one.name for one in Application.objects.waiting()] == ["母亲"]


def test_applications_of_a_family_go_on_to_the_successor_each_once(
    formation: Formation, commander: User, at: datetime
) -> None:
    for name in ("母亲", "女儿"):
        applied(formation, at, name)
    wanted = ApplicationIn(id=uuid7(), unit=formation.squadron_b.number, name="女儿", phone=FAMILY)
    applications.apply(wanted=wanted, address="", at=at)

    merge_units(unit=formation.squadron_a, successor=formation.squadron_b, by=commander, at=at)

    waiting = Application.objects.waiting().filter(unit=formation.squadron_b)
    assert sorted(one.name for one in waiting) == ["女儿", "母亲"]


def test_a_former_volunteer_of_a_shared_phone_comes_back_by_name(
    family: list[User], leader: User, formation: Formation, at: datetime
) -> None:
    for user in family:
        user.volunteer.memberships.all().delete()
    applied(formation, at, "儿子")

    made = applications.approve_application(application_id=Application.objects.get().pk, by=leader, at=at)

    assert (made.status, made.volunteer) == (ApplicationStatus.APPROVED, family[1].volunteer)


def test_the_end_of_a_phone_finds_all_of_it_whom_the_caller_may_see(
    family: list[User], leader: User, formation: Formation, make_volunteer: MakeVolunteer, client_of: ClientOf
) -> None:
    elsewhere = make_volunteer(formation.squadron_b).user
    share(elsewhere)

    page = client_of(leader).get(f"/api/v1/units/{formation.squadron_a.number}/roster?search={FAMILY[-4:]}")

    assert sorted(row["number"] for row in page.json()["items"]) == sorted(map(number_of, family))


def test_a_phone_of_several_units_is_noted_for_those_whom_the_caller_may_not_see(
    family: list[User],
    leader: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
    django_capture_on_commit_callbacks: Any,
) -> None:
    elsewhere = make_volunteer(formation.squadron_b).user
    share(elsewhere)

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(PhoneTaken):
        register_walk_in(
            walk_in_id=uuid7(), unit=formation.squadron_a, name="某人", phone=FAMILY, by=leader, at=at
        )

    assert elsewhere.volunteer.looks.filter(viewer=leader, what="found").exists()
    assert not any(user.volunteer.looks.exists() for user in family)


def test_a_stranger_learns_nothing_of_a_phone(family: list[User]) -> None:
    address = f"/api/v1/volunteers/{number_of(family[0])}/corrections"
    body = {"id": str(uuid7()), "phone": NEW, "shared_phone": True}

    assert APIClient().post(address, body, format="json").status_code == 401
    assert on(NEW) == []
