"""The page on which leaders correct a name or a phone, and on which that is taken back."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from uuid6 import uuid7

from backend.accounts.models import User
from backend.corrections.models import Correction
from backend.volunteers.models import AccessEntry, LookedAt, Role, Volunteer
from backend.volunteers.services.people import appoint
from tests.conftest import Formation, MakeVolunteer
from tests.console.test_my_data import signed_in

NEW = "13900001111"


@pytest.fixture
def person(formation: Formation, make_volunteer: MakeVolunteer) -> Volunteer:
    return make_volunteer(formation.squadron_a, name="王秀蓝")


def page(person: Volunteer) -> str:
    return f"/people/{person.number:08d}/corrections/"


def sent(act: str, **fields: str) -> dict[str, str]:
    return {"act": act, "id": str(uuid7()), **fields}


def correct_phone(person: Volunteer, leader: User) -> Correction:
    assert signed_in(leader).post(page(person), sent("phone", phone=NEW)).status_code == 302
    return Correction.objects.get()


def test_a_leader_corrects_a_name_and_a_phone(person: Volunteer, leader: User) -> None:
    client = signed_in(leader)
    assert page(person) in client.get(f"/people/{person.number:08d}/").content.decode()

    name = sent("name", name="王秀兰")
    assert client.post(page(person), name).status_code == 302
    assert client.post(page(person), name).status_code == 302  # a second press of the same button
    assert client.post(page(person), sent("phone", phone="139 0000 1111")).status_code == 302

    person.refresh_from_db()
    assert (person.name, User.objects.get(pk=person.user_id).phone) == ("王秀兰", NEW)
    assert Correction.objects.count() == 2
    shown = client.get(page(person)).content.decode()
    assert re.search(r"<del>王秀蓝</del>.*<ins>王秀兰</ins>", shown)
    assert NEW in shown


@pytest.mark.parametrize(
    ("act", "fields", "status"),
    [
        ("phone", {"phone": "1390000"}, 422),
        ("phone", {"phone": ""}, 422),
        ("name", {"name": "=1+1"}, 422),
        ("name", {"name": "王秀蓝"}, 409),
        ("name", {}, 422),
    ],
)
def test_what_is_wrong_is_said_at_the_form_and_what_was_typed_stays(
    person: Volunteer, leader: User, act: str, fields: dict[str, str], status: int
) -> None:
    answered = signed_in(leader).post(page(person), sent(act, **fields))
    assert answered.status_code == status
    text = answered.content.decode()
    assert 'role="alert"' in text
    assert all(value in text for value in fields.values())
    assert not Correction.objects.exists()


def test_a_phone_of_another_person_is_refused_unless_they_share_it(
    person: Volunteer, formation: Formation, make_volunteer: MakeVolunteer, leader: User
) -> None:
    other = make_volunteer(formation.squadron_a)
    client, phone = signed_in(leader), other.user.phone
    assert client.post(page(person), sent("phone", phone=phone)).status_code == 409
    assert not Correction.objects.exists()

    shared = client.post(page(person), sent("phone", phone=phone, shared_phone="on"))
    assert shared.status_code == 302
    assert [User.objects.get(pk=one.user_id).phone for one in (person, other)] == [phone, phone]


def test_a_phone_that_another_person_answers_is_taken_out_and_put_back(
    person: Volunteer, leader: User
) -> None:
    before, client = person.user.phone, signed_in(leader)

    assert client.post(page(person), sent("wrong-phone")).status_code == 302

    made = Correction.objects.get()
    assert (made.before, made.after, User.objects.get(pk=person.user_id).phone) == (before, "", "")
    shown = client.get(page(person)).content.decode()
    assert 'value="wrong-phone"' not in shown  # there is none to be wrong
    assert client.post(page(person), {"act": "undo", "correction": str(made.pk)}).status_code == 302
    assert User.objects.get(pk=person.user_id).phone == before


def test_a_second_leader_confirms_and_the_first_is_not_offered_it(
    person: Volunteer, leader: User, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    second = make_volunteer(formation.squadron_a)
    appoint(volunteer=second, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=datetime.now(UTC))
    made = correct_phone(person, leader)
    button = 'name="act" value="confirm"'
    assert button not in signed_in(leader).get(page(person)).content.decode()
    client = signed_in(second.user)
    assert button in client.get(page(person)).content.decode()

    assert client.post(page(person), {"act": "confirm", "correction": str(made.pk)}).status_code == 302

    made.refresh_from_db()
    assert made.confirmed_by == second.user
    assert button not in client.get(page(person)).content.decode()
    refused = signed_in(leader).post(page(person), {"act": "confirm", "correction": str(made.pk)})
    assert refused.status_code == 403


def test_the_person_takes_a_correction_back_and_corrects_nothing(person: Volunteer, leader: User) -> None:
    before = person.user.phone
    made = correct_phone(person, leader)
    client = signed_in(person.user)
    assert page(person) in client.get("/my-data/").content.decode()
    shown = client.get(page(person)).content.decode()
    assert 'value="undo"' in shown
    assert 'value="phone"' not in shown

    assert client.post(page(person), sent("phone", phone="13900002222")).status_code == 404
    assert client.post(page(person), {"act": "undo", "correction": str(made.pk)}).status_code == 302

    assert User.objects.get(pk=person.user_id).phone == before
    assert client.post(page(person), {"act": "undo", "correction": "x"}).status_code == 422
    assert client.post(page(person), {"act": "anything"}).status_code == 404


def test_the_page_is_closed_to_others_and_each_look_is_noted(
    person: Volunteer, leader: User, sibling_leader: User, outsider: User, volunteer: User
) -> None:
    correct_phone(person, leader)
    for stranger in (sibling_leader, outsider, volunteer):
        assert signed_in(stranger).get(page(person)).status_code == 404
        assert signed_in(stranger).post(page(person), sent("phone", phone="13900003333")).status_code == 404
    assert Client().get(page(person)).headers["Location"].startswith("/sign-in/")
    looks = AccessEntry.objects.filter(subject=person, viewer=leader, what=LookedAt.PHONE)
    looks.delete()
    signed_in(leader).get(page(person))
    assert looks.count() == 1


def test_a_leader_below_a_post_of_the_person_corrects_the_name_alone(
    person: Volunteer, formation: Formation, leader: User, at: datetime
) -> None:
    appoint(volunteer=person, unit=formation.detachment, role=Role.DISPATCHER, by=None, at=at)
    client = signed_in(leader)
    shown = client.get(page(person)).content.decode()
    assert [f'value="{act}"' in shown for act in ("name", "phone")] == [True, False]
    assert client.post(page(person), sent("phone", phone=NEW)).status_code == 404
    assert not Correction.objects.exists()
