"""What stays closed behind a code that another person has seen, over REST and on pages, until the password is shown."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.lib.errors import NotAllowed
from backend.realtime.views import View
from backend.volunteers.services.seats import take_seat
from tests.accounts.test_sign_in_codes import ClientOf, client_with, code_for, enter, introduced, number_of
from tests.conftest import PASSWORD, Formation

# --- what stays closed --------------------------------------------------------------------------------------------

CLOSED = {
    ("get", "imports/<uuid:import_id>/differences"),
    ("get", "me/export"),
    ("post", "me/identity"),
    ("post", "me/deletion"),
    ("post", "me/password"),
    ("post", "me/second-factor"),
    ("post", "me/second-factor/confirm"),
    ("post", "me/second-factor/remove"),
    ("post", "me/second-factor/recovery-codes"),
    ("delete", "me/devices/<uuid:device_id>"),
    ("post", "me/trackers"),
    ("put", "me/photo"),
    ("delete", "me/photo"),
    ("get", "volunteers/<str:person>/badge"),
    ("get", "volunteers/<str:person>/badge/card.svg"),
    ("get", "volunteers/<str:person>/badge/card.pdf"),
    ("get", "volunteers/<str:person>/corrections"),
    ("post", "volunteers/<str:person>/retire"),
    ("put", "volunteers/<str:person>/primary-unit"),
    ("delete", "volunteers/<str:person>/units/0726010014"),
}
"""Some of what is closed: what does harm in another person's hand."""
OPEN_ACTS = {
    ("post", "catch-up"),
    ("post", "receipts"),
    ("post", "token/refresh"),
    ("post", "sign-out"),
    ("put", "me/duty"),
    ("put", "me/language"),
    ("put", "me/availability"),
    ("put", "me/waking"),
    ("delete", "volunteers/<str:person>/waking/words/<uuid:word_id>"),
    ("put", "me/consents/<str:purpose>"),
    ("post", "positions"),
    ("post", "tasks/<uuid:task_id>/answer"),
}
"""All acts that such a sign-in may do: every other one is closed to it."""


def doors() -> dict[str, type[View]]:
    (api,) = (part for part in get_resolver().url_patterns if str(part.pattern) == "api/v1/")
    views = {str(door.pattern): door.callback.view_class for door in api.url_patterns}  # type: ignore[union-attr]
    return {address: view for address, view in views.items() if issubclass(view, View)}


def test_acts_that_are_open_are_these() -> None:
    opened = {(method, address) for address, view in doors().items() for method in view.by_introduced}

    assert opened == OPEN_ACTS


def test_what_may_not_be_read_is_this() -> None:
    closed = {(method, address) for address, view in doors().items() for method in view.full_sign_in}

    assert closed == {(method, address) for method, address in CLOSED if method == "get"}


@pytest.mark.parametrize(("method", "address"), sorted(CLOSED))
def test_door_is_closed_to_a_sign_in_that_another_person_saw_until_the_password_is_shown(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime, method: str, address: str
) -> None:
    other = client_of(volunteer)
    lost = Device.objects.get(user=volunteer).pk
    path = "/api/v1/" + address.replace("<uuid:device_id>", str(lost)).replace(
        "<str:person>", number_of(volunteer)
    )
    path = path.replace("<uuid:import_id>", str(uuid7()))
    device = str(uuid7())
    phone = client_with(enter(number_of(volunteer), code_for(volunteer, leader, at), device))

    answer = getattr(phone, method)(path, {}, format="json")

    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/introduced-session")
    assert other.get("/api/v1/me").status_code == 200, "nothing was done"
    body = {"identifier": number_of(volunteer), "password": PASSWORD, "device": {"id": device}}
    full = client_with(APIClient().post("/api/v1/sign-in", body, format="json"))
    opened = getattr(full, method)(path, {}, format="json")
    assert b"introduced-session" not in getattr(opened, "content", b"")
    assert [one["introduced"] for one in full.get("/api/v1/me/devices").json() if one["current"]] == [False]


def test_phone_is_masked_on_such_a_device_and_in_its_snapshots(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    volunteer.phone = "13800138000"
    volunteer.save()
    own = client_of(volunteer)
    answer = enter(number_of(volunteer), code_for(volunteer, leader, at))
    phone = client_with(answer)

    caught_up = phone.post("/api/v1/catch-up", {"cursors": {}}, format="json")

    told = [answer.json()["me"]["phone"], phone.get("/api/v1/me").json()["phone"]]
    assert [number[3:7] for number in told] == ["****"] * 2
    assert "13800138000" not in caught_up.content.decode()
    assert "138" in caught_up.content.decode()
    assert own.get("/api/v1/me").json()["phone"] == "13800138000"


@pytest.mark.parametrize("minor", [True, False])
def test_no_person_agrees_to_anything_on_such_a_device_and_withdrawing_is_open(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime, minor: bool
) -> None:
    person = volunteer.volunteer
    person.born_on = (at - timedelta(days=365 * (16 if minor else 30))).date()
    person.save()
    phone = introduced(volunteer, leader, at)
    version = phone.get("/api/v1/me/consents").json()[0]["version"]

    agreed = phone.put("/api/v1/me/consents/location", {"agreed": True, "version": version}, format="json")
    withdrawn = phone.put("/api/v1/me/consents/location", {"agreed": False}, format="json")

    assert (agreed.status_code, agreed.json()["type"]) == (403, "/problems/introduced-session")
    assert withdrawn.status_code == 200


def test_what_a_person_refuses_is_not_taken_back_on_such_a_device(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    night = {"start": "22:00", "end": "06:00"}
    refusing = {"refused_hours": [night], "refused_categories": ["rescue"]}
    assert client_of(volunteer).put("/api/v1/me/waking", refusing, format="json").status_code == 200
    phone = introduced(volunteer, leader, at)

    taken_back = phone.put("/api/v1/me/waking", {"refused_hours": [night]}, format="json")
    more = refusing | {
        "refused_categories": ["rescue", "care"],
        "consents": [{"categories": ["patrol"], **night}],
    }
    added = phone.put("/api/v1/me/waking", more, format="json")

    assert (taken_back.status_code, taken_back.json()["type"]) == (403, "/problems/introduced-session")
    assert added.status_code == 200
    assert client_of(volunteer).get("/api/v1/me/waking").json()["refused_categories"] == ["care", "rescue"]


def test_the_leader_of_one_of_two_units_gives_no_code(
    volunteer: User, leader: User, sibling_leader: User, formation: Formation, at: datetime
) -> None:
    take_seat(volunteer=volunteer.volunteer, unit=formation.squadron_b, is_primary=False, at=at)

    for by in (leader, sibling_leader):
        with pytest.raises(NotAllowed):
            code_for(volunteer, by, at)


# --- the pages ----------------------------------------------------------------------------------------------------


CLOSED_PAGE = "console/full_sign_in.html"


def used(answer: Any) -> list[str]:
    """Return the templates of a page."""
    return [template.name for template in getattr(answer, "templates", ())]


def page_of(user: User) -> Client:
    client = Client()
    client.post("/sign-in/", {"identifier": number_of(user), "password": PASSWORD})
    return client


def test_leader_shows_a_code_on_the_page_and_the_person_signs_in_by_it(
    volunteer: User, leader: User, at: datetime
) -> None:
    boss, address = page_of(leader), f"/people/{number_of(volunteer)}/sign-in-code/"
    assert address in boss.get(f"/people/{number_of(volunteer)}/").content.decode()
    assert boss.get(address).status_code == 200

    shown = boss.post(address, {"act": "make"})
    made = shown.context["made"]
    client = Client()
    entered = client.post("/sign-in/by-code/", {"number": number_of(volunteer), "code": made.code})

    assert "<svg" in shown.content.decode()
    assert (entered.status_code, entered["Location"]) == (302, "/")
    assert client.get("/me/").status_code == 200
    assert Device.objects.get(user=volunteer).introduced
    assert "signed in by a code" in client.get("/devices/").content.decode()


@pytest.mark.parametrize(
    ("address", "method"),
    [
        ("/my-data/export", "get"),
        ("/my-data/deletion", "post"),
        ("/my-data/identity", "post"),
        ("/devices/password/", "post"),
        ("/devices/second-factor/", "get"),
        ("/badge/", "get"),
        ("/badge/card.pdf", "get"),
        ("/badge/photo/", "post"),
        ("/trackers/", "post"),
    ],
)
def test_page_says_what_opens_it_and_a_password_does(
    volunteer: User, leader: User, at: datetime, address: str, method: str
) -> None:
    client = Client()
    client.post(
        "/sign-in/by-code/", {"number": number_of(volunteer), "code": code_for(volunteer, leader, at)}
    )

    refused = getattr(client, method)(address)

    assert (refused.status_code, CLOSED_PAGE in used(refused)) == (403, True)
    assert f"/sign-in/?next={address.replace('/', '%2F')}" in refused.content.decode()
    assert client.get("/sign-in/").status_code == 200, "the form, though a person is signed in"
    client.post("/sign-in/", {"identifier": number_of(volunteer), "password": PASSWORD})
    assert CLOSED_PAGE not in used(getattr(client, method)(address))
    assert list(Device.objects.not_revoked().filter(user=volunteer).values_list("introduced", flat=True)) == [
        False
    ]


def test_page_takes_no_wrong_code_and_shows_the_form_again(
    volunteer: User, leader: User, at: datetime
) -> None:
    code_for(volunteer, leader, at)
    client = Client()

    wrong = client.post("/sign-in/by-code/", {"number": number_of(volunteer), "code": "000-000-000"})
    empty = client.post("/sign-in/by-code/", {"number": "", "code": ""})

    assert (wrong.status_code, empty.status_code) == (422, 422)
    assert "Number or code is wrong" in wrong.content.decode()
    assert client.get("/me/").status_code == 302


def test_page_of_codes_is_for_leaders_over_the_person(
    volunteer: User, leader: User, sibling_leader: User, stranger: User, commander: User
) -> None:
    address = f"/people/{number_of(volunteer)}/sign-in-code/"

    assert [page_of(user).get(address).status_code for user in (sibling_leader, stranger, volunteer)] == [
        404
    ] * 3
    assert [page_of(user).post(address).status_code for user in (sibling_leader, stranger)] == [404] * 2
    refused = page_of(commander).post(f"/people/{number_of(leader)}/sign-in-code/", {"act": "make"})
    assert refused.status_code == 422
    assert "holds a post" in refused.content.decode()


def test_leader_ends_a_lost_phone_on_the_page(volunteer: User, leader: User, client_of: ClientOf) -> None:
    lost = client_of(volunteer)

    done = page_of(leader).post(f"/people/{number_of(volunteer)}/sign-in-code/", {"act": "sign-out"})

    assert done.status_code == 200
    assert lost.get("/api/v1/me").status_code == 401
