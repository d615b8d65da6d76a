"""The operators' site: closed to everybody else, and nothing to be changed or learnt of people in it."""

from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client

from backend.accounts.models import Device, User
from backend.audit.acts import ActName
from backend.audit.models import Entry
from backend.audit.services import record
from backend.volunteers.rules import needs_second_factor
from tests.conftest import Formation, MakeVolunteer
from tests.pages import page_of

PAGES = [f"/operators/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]


class Tried(ActName):
    """What these tests record."""

    TEST_DONE = "test.done", "A test was done."


@pytest.fixture
def operator(formation: Formation, make_volunteer: MakeVolunteer) -> User:
    person = make_volunteer(formation.squadron_a, name="管理员")
    call_command("operator", f"{person.number:08d}", stdout=StringIO())
    return User.objects.get(pk=person.user_id)


@pytest.mark.parametrize("page", ["/operators/", *PAGES])
def test_only_operators_enter(
    page: str, operator: User, commander: User, stranger: User, at: datetime
) -> None:
    answer = Client().get(page)
    assert (answer.status_code, answer["Location"]) == (302, f"/operators/login/?next={page}")
    assert page_of(commander, at).get(page).status_code == 404
    assert page_of(stranger, at).get(page).status_code == 404
    assert page_of(operator, at).get(page).status_code == 200


def test_sign_in_out_and_password_are_the_products_own(operator: User, at: datetime) -> None:
    assert Client().get("/operators/login/?next=/operators/")["Location"] == "/sign-in/?next=/operators/"
    client = page_of(operator, at)
    assert client.get("/operators/password_change/")["Location"] == "/devices/"

    assert client.post("/operators/logout/").status_code == 302

    assert not Device.objects.filter(user=operator, revoked_at=None).exists()
    assert client.get("/operators/").status_code == 302


def test_devices_are_listed_without_their_ids(operator: User, volunteer: User, at: datetime) -> None:
    page_of(volunteer, at)

    listed = page_of(operator, at).get("/operators/accounts/device/").content.decode()

    assert str(volunteer.volunteer.number) in listed
    ids = list(Device.objects.values_list("pk", flat=True))
    assert len(ids) == 2
    assert not any(str(id) in listed or id.hex in listed for id in ids)


def test_a_device_that_was_signed_out_opens_nothing(operator: User, at: datetime) -> None:
    client = page_of(operator, at)
    Device.objects.filter(user=operator).update(revoked_at=at)

    assert client.get("/operators/").status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_added_changed_or_deleted(page: str, operator: User, at: datetime) -> None:
    record(Tried.TEST_DONE, subject="test.1", by=operator, at=at)
    client = page_of(operator, at)

    assert client.get(f"{page}add/").status_code == 403
    model = next(
        m for m in admin.site._registry if page.endswith(f"/{m._meta.app_label}/{m._meta.model_name}/")
    )
    for row in model._default_manager.all()[:1]:
        assert client.get(f"{page}{row.pk}/change/").status_code == 200
        assert client.post(f"{page}{row.pk}/change/", {"number": "1"}).status_code == 403
        assert client.post(f"{page}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_people_are_is_not_told(operator: User, volunteer: User, at: datetime) -> None:
    person, client = volunteer.volunteer, page_of(operator, at)

    pages = [client.get(page).content.decode() for page in PAGES]
    pages.append(client.get(f"/operators/volunteers/volunteer/{person.pk}/change/").content.decode())
    pages.append(
        client.get("/operators/volunteers/volunteer/", {"q": f"{person.number:08d}"}).content.decode()
    )

    assert str(person.number) in pages[-1]
    for text in pages:
        assert person.name not in text
        assert volunteer.phone not in text


def test_operators_need_a_second_factor_like_leaders(operator: User, volunteer: User, at: datetime) -> None:
    assert needs_second_factor(operator, at)
    assert not needs_second_factor(volunteer, at)


def test_command_names_and_dismisses_and_leaves_a_record(operator: User) -> None:
    number, told = f"{operator.volunteer.number:08d}", StringIO()

    for options in ({}, {"dismiss": True}, {"dismiss": True}):
        call_command("operator", number, stdout=told, **options)

    assert told.getvalue().splitlines() == [
        f"{number} is an operator already.",
        f"{number} is no operator now.",
        f"{number} is no operator already.",
    ]
    assert not User.objects.get(pk=operator.pk).is_staff
    acts = Entry.objects.filter(act__startswith="operator.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["operator.named", "operator.dismissed"]
    with pytest.raises(CommandError):
        call_command("operator", "10000005")


def test_being_an_operator_opens_nothing_of_any_unit(
    operator: User, outsider: User, formation: Formation, client_of: Any
) -> None:
    assert (
        client_of(operator).get(f"/api/v1/units/{formation.other_brigade.number}/roster").status_code == 404
    )
