"""The page of one's own data."""

import json
from datetime import datetime

from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from backend.volunteers.models import Consent, Volunteer
from backend.volunteers.number_scheme import format_volunteer_number
from backend.volunteers.services.access_log import note_sightings
from tests.conftest import PASSWORD

PAGE = "/my-data/"


def signed_in(user: User) -> Client:
    client = Client()
    fields = {"identifier": f"{user.volunteer.number:08d}", "password": PASSWORD}
    assert client.post(reverse("console:sign-in"), fields).status_code == 302
    return client


def test_my_data_is_in_everybodys_menu_and_closed_to_strangers(volunteer: User, commander: User) -> None:
    for user in (volunteer, commander):
        assert 'href="/my-data/" aria-current="page"' in signed_in(user).get(PAGE).content.decode()
    assert Client().get(PAGE).headers["Location"] == f"/sign-in/?next={PAGE}"


def test_my_data_shows_who_looked_and_nobody_elses(
    volunteer: User, leader: User, outsider: User, at: datetime
) -> None:
    note_sightings({leader.pk: [volunteer.volunteer.number]}, at=at)

    shown = signed_in(volunteer).get(PAGE).content.decode()
    other = signed_in(outsider).get(PAGE).content.decode()

    written = format_volunteer_number(leader.volunteer.number)
    assert written in shown
    assert "Accident insurance" in shown
    assert written not in other


def test_my_data_takes_a_consent_and_its_withdrawal(volunteer: User) -> None:
    client, path = signed_in(volunteer), "/my-data/consents/photo"

    assert client.post(path, {"agreed": "yes", "version": "1"}).status_code == 302
    assert Consent.objects.filter(purpose="photo", withdrawn_at=None).count() == 1
    assert client.post(path, {"agreed": "no"}).status_code == 302
    assert not Consent.objects.filter(purpose="photo", withdrawn_at=None).exists()
    stale = client.post(path, {"agreed": "yes", "version": "7"})
    assert (stale.status_code, "words have changed" in stale.content.decode()) == (409, True)
    assert client.post("/my-data/consents/anything", {"agreed": "yes"}).status_code == 404


def test_my_data_downloads_everything(volunteer: User) -> None:
    response = signed_in(volunteer).get("/my-data/export")

    assert response.headers["Content-Disposition"].startswith("attachment")
    assert json.loads(response.content)["profile"]["phone"] == volunteer.phone


def test_my_data_is_deleted_with_the_password_alone(volunteer: User) -> None:
    client = signed_in(volunteer)

    wrong = client.post("/my-data/deletion", {"password": "x"})
    assert (wrong.status_code, Volunteer.objects.get(user=volunteer).erased_at) == (403, None)

    right = client.post("/my-data/deletion", {"password": PASSWORD})
    assert (right.status_code, "Your data is deleted" in right.content.decode()) == (200, True)
    assert Volunteer.objects.get(user=volunteer).erased_at is not None
    assert client.get(PAGE).status_code == 302


def test_my_data_speaks_chinese(volunteer: User) -> None:
    client = signed_in(volunteer)
    client.post("/language/", {"language": "zh-hans"})

    shown = client.get(PAGE).content.decode()

    assert "谁看过我的信息" in shown
    assert "手机会向指挥我的人员报告我的位置" in shown
