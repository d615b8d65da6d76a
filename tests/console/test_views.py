"""The pages: who gets to which, in which language, and what they include."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backend.accounts.models import User
from backend.console import assets, checks
from tests.conftest import PASSWORD

PAGES = ["console:console", "console:leader", "console:me"]


def signed_in(user: User) -> Client:
    client = Client()
    fields = {"identifier": f"{user.volunteer.number:08d}", "password": PASSWORD}
    assert client.post(reverse("console:sign-in"), fields).status_code == 302
    return client


def test_home_leads_each_to_the_page_of_their_post(commander: User, leader: User, volunteer: User) -> None:
    first = [signed_in(user).get("/").headers["Location"] for user in (commander, leader, volunteer)]
    assert first == ["/console/", "/leader/", "/me/"]


@pytest.mark.parametrize("page", [*PAGES, "console:home"])
@pytest.mark.django_db
def test_page_sends_a_stranger_to_sign_in_and_back(page: str) -> None:
    response = Client().get(reverse(page))
    assert response.status_code == 302
    assert response.headers["Location"] == f"/sign-in/?next={reverse(page)}"


@pytest.mark.parametrize("page", ["console:console", "console:leader"])
def test_page_of_leaders_sends_a_volunteer_home(page: str, volunteer: User) -> None:
    response = signed_in(volunteer).get(reverse(page))
    assert (response.status_code, response.headers["Location"]) == (302, "/")


def test_sign_in_takes_the_phone_too(leader: User) -> None:
    fields = {"identifier": leader.phone, "password": PASSWORD}
    assert Client().post("/sign-in/", fields).headers["Location"] == "/"


def test_sign_in_makes_a_device_for_the_session(volunteer: User) -> None:
    client = signed_in(volunteer)
    assert volunteer.devices.filter(pk=client.session["device"], revoked_at=None).exists()


def test_sign_in_never_tells_which_of_the_two_is_wrong(volunteer: User) -> None:
    wrong = [
        {"identifier": f"{volunteer.volunteer.number:08d}", "password": "wrong"},
        {"identifier": "10000005", "password": PASSWORD},
    ]
    answers = [Client().post("/sign-in/", fields) for fields in wrong]
    assert [answer.status_code for answer in answers] == [422, 422]
    texts = [re.findall(r'role="alert">([^<]+)', answer.content.decode()) for answer in answers]
    assert texts[0] == texts[1] == ["Number, phone or password is wrong. Check them and try again."]


@pytest.mark.parametrize(
    "wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"]
)
def test_sign_in_goes_on_to_our_own_pages_only(wanted: str, volunteer: User) -> None:
    fields = {"identifier": f"{volunteer.volunteer.number:08d}", "password": PASSWORD, "next": wanted}
    assert Client().post("/sign-in/", fields).headers["Location"] == "/"


def test_sign_out_ends_session_and_device(volunteer: User) -> None:
    client = signed_in(volunteer)
    device = client.session["device"]
    response = client.post("/sign-out/")
    assert response.headers["Clear-Site-Data"] == '"storage"'
    assert client.get("/me/").status_code == 302
    assert volunteer.devices.get(pk=device).revoked_at is not None


def test_pages_need_the_token_against_forged_requests(volunteer: User) -> None:
    client = Client(enforce_csrf_checks=True)
    fields = {"identifier": f"{volunteer.volunteer.number:08d}", "password": PASSWORD}
    assert client.post("/sign-in/", fields).status_code == 403
    assert client.post("/sign-out/").status_code == 403


def test_language_is_remembered_in_the_browser_and_with_the_person(volunteer: User) -> None:
    client = signed_in(volunteer)
    response = client.post("/language/", {"language": "zh-hans", "next": "/me/"})
    assert response.headers["Location"] == "/me/"
    assert '<html lang="zh-Hans">' in client.get("/me/").content.decode()
    elsewhere = signed_in(volunteer)
    assert '<html lang="zh-Hans">' in elsewhere.get("/me/").content.decode()


@pytest.mark.django_db
def test_unknown_language_changes_nothing() -> None:
    client = Client()
    client.post("/language/", {"language": "xx"})
    assert '<html lang="en">' in client.get("/sign-in/").content.decode()


def test_page_includes_style_script_and_what_it_imports(volunteer: User) -> None:
    page = signed_in(volunteer).get("/me/").content.decode()
    assert '<link rel="stylesheet" href="/static/console/assets/base-1.css">' in page
    assert '<link rel="modulepreload" href="/static/console/assets/shared-1.js">' in page
    assert '<script type="module" src="/static/console/assets/me-1.js"></script>' in page


def test_every_page_tells_a_browser_that_is_too_old_by_a_script_that_is_no_module() -> None:
    page = Client().get("/sign-in/").content.decode()
    assert '<script defer src="/static/console/assets/floor-1.js"></script>' in page


def test_page_tells_its_script_whose_it_is(volunteer: User) -> None:
    page = signed_in(volunteer).get("/me/").content.decode()
    boot = json.loads(re.findall(r'<script id="boot" type="application/json">(.+?)</script>', page)[0])
    assert boot["number"] == f"{volunteer.volunteer.number:08d}"


def test_worker_is_served_below_me_with_the_shell() -> None:
    response = Client().get("/me/worker.js")
    first, _, rest = response.content.decode().partition("\n")
    shell = json.loads(first.removeprefix("self.shell = ").removesuffix(";"))
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert shell["page"] == "/me/"
    assert {f"/static/console/assets/{name}-1.js" for name in ("floor", "me")} <= {*shell["assets"]}
    assert rest == "work();"


@pytest.mark.parametrize(("language", "name"), [("en", "Muster"), ("zh-hans", "召集令")])
def test_web_manifest_speaks_the_language_asked_for(language: str, name: str) -> None:
    manifest = Client().get(f"/me/manifest.webmanifest?lang={language}").json()
    assert (manifest["name"], manifest["scope"], manifest["start_url"]) == (name, "/me/", "/me/")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}


def test_pages_say_that_they_are_not_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(assets, "MANIFEST", tmp_path / "missing.json")
    assert [warning.id for warning in checks.pages_are_built()] == ["console.W001"]
