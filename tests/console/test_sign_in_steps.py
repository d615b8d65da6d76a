"""Signing in on pages with a second factor or an invitation, and the pages of devices, badges and slips."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pyotp
import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from uuid6 import uuid7

from backend.accounts.models import Device, Invitation, SecondFactor, TrustedDevice, User
from backend.accounts.services import second_factors
from backend.badges.models import Badge, Photo
from backend.badges.queries import text_of
from backend.badges.services import issue_badge
from backend.joining.services.invitations import invite
from backend.volunteers import services
from backend.volunteers.models import AccessEntry, Role, Standing, Volunteer
from tests.conftest import PASSWORD, Formation, MakeVolunteer, SignedInClient

CHOSEN = "eleven green bicycles"


def enter(user: User, client: Client | None = None, next: str = "") -> tuple[Client, Any]:
    client = client or Client()
    fields = {"identifier": f"{user.volunteer.number:08d}", "password": PASSWORD, "next": next}
    return client, client.post("/sign-in/", fields)


def set_up(user: User, at: datetime) -> None:
    before = at - timedelta(minutes=5)
    secret = second_factors.begin_second_factor(by=user, at=before).secret
    second_factors.confirm_second_factor(
        code=pyotp.TOTP(secret).at(before), device_id=uuid7(), by=user, at=before
    )


def code_of(user: User) -> str:
    return pyotp.TOTP(SecondFactor.objects.get(user=user).secret).now()


def photo_file(content: bytes | None = None) -> SimpleUploadedFile:
    written = BytesIO()
    Image.new("RGB", (30, 40), "green").save(written, "PNG")
    return SimpleUploadedFile("me.png", written.getvalue() if content is None else content)


# --- the second step ----------------------------------------------------------------------------------------------


def test_password_leads_to_the_code_and_the_code_to_the_page_wanted(leader: User, at: datetime) -> None:
    set_up(leader, at)
    client, answer = enter(leader, next="/leader/")

    assert answer.headers["Location"] == "/sign-in/code/"
    assert client.get("/leader/").status_code == 302  # not signed in yet
    assert client.post("/sign-in/code/", {"act": "enter", "code": "000"}).status_code == 422
    assert client.post("/sign-in/code/", {"code": code_of(leader)}).headers["Location"] == "/leader/"
    assert client.get("/leader/").status_code == 200
    assert client.get("/sign-in/code/").headers["Location"] == "/sign-in/"


def test_browser_of_ones_own_is_asked_once(leader: User, at: datetime) -> None:
    set_up(leader, at)
    client, _ = enter(leader)
    client.post("/sign-in/code/", {"code": code_of(leader), "trust": "1"})
    client.post("/sign-out/")

    _, again = enter(leader, client)
    assert again.headers["Location"] == "/"
    _, elsewhere = enter(leader)
    assert elsewhere.headers["Location"] == "/sign-in/code/"
    device = TrustedDevice.objects.get().device
    signed = signing.dumps(str(device.pk), salt="trusted browser")
    for forged in ("forged:by:hand", str(device.pk), signed, "", "x" * 5_000):
        client.cookies["trusted"] = forged
        assert enter(leader, client)[1].headers["Location"] == "/sign-in/code/"


def test_code_is_sent_from_the_page(
    leader: User, client_of: Callable[[User], SignedInClient], published: Any, at: datetime
) -> None:
    set_up(leader, at)
    client_of(leader)
    client, _ = enter(leader)

    assert b'value="send"' in client.get("/sign-in/code/").content
    assert client.post("/sign-in/code/", {"act": "send"}).status_code == 200

    ((_, _, told),) = published(type="sign_in.code")
    assert client.post("/sign-in/code/", {"code": told["code"]}).status_code == 302


def test_post_that_asks_for_it_sets_an_authenticator_up_on_the_page(leader: User, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    client, _ = enter(leader)

    page = client.post("/sign-in/code/", {"act": "set-up"}).content.decode()

    assert "<svg" in page
    assert client.post("/sign-in/code/", {"code": code_of(leader)}).headers["Location"] == "/"


@pytest.mark.django_db
def test_second_step_without_a_first_leads_back() -> None:
    assert Client().get("/sign-in/code/").headers["Location"] == "/sign-in/"


# --- invitations --------------------------------------------------------------------------------------------------


def test_invitation_signs_in_on_the_page(volunteer: User, at: datetime) -> None:
    (made,) = invite(volunteers=[volunteer.volunteer], by=None, at=at)
    client, fields = Client(), {"number": made.number, "code": made.code, "password": CHOSEN}

    short = client.post("/sign-in/invitation/", {**fields, "password": "short"})
    wrong = client.post("/sign-in/invitation/", {**fields, "code": "AAAA"})
    answer = client.post("/sign-in/invitation/", fields)

    assert (short.status_code, wrong.status_code, answer.status_code) == (422, 422, 302)
    assert client.get("/me/").status_code == 200
    assert client.get("/sign-in/").status_code == 302


def test_leader_prints_slips_for_those_without_a_password(
    leader: User, volunteer: User, formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    new = make_volunteer(formation.squadron_a, name="新队员")
    new.user.set_password(None)
    new.user.save()
    client, _ = enter(leader)
    address = f"/invitations/{formation.squadron_a.number}/"

    page = client.get(address).content.decode()
    slips = client.post(address, {"person": [f"{new.number:08d}", f"{volunteer.volunteer.number:08d}"]})

    assert "新队员" in page
    assert volunteer.volunteer.name not in page
    assert slips.content.startswith(b"%PDF-")
    assert [one.user for one in Invitation.objects.all()] == [new.user]
    assert list(AccessEntry.objects.values_list("viewer", "subject", "what")) == [
        (leader.pk, new.pk, "profile")
    ]
    assert client.post(address).status_code == 422


def test_slips_are_offered_only_for_whom_one_may_invite(
    leader: User, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    deputy, member = (make_volunteer(formation.squadron_a, name=name) for name in ("副队长甲", "新队员乙"))
    services.appoint(volunteer=deputy, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)
    User.objects.filter(volunteer__in=[deputy, member]).update(password="")
    client, _ = enter(leader)
    address = f"/invitations/{formation.squadron_a.number}/"

    page = client.get(address).content.decode()
    slips = client.post(address, {"person": [f"{deputy.number:08d}", f"{member.number:08d}"]})

    assert "新队员乙" in page
    assert "副队长甲" not in page
    assert slips.content.startswith(b"%PDF-")
    assert [one.user for one in Invitation.objects.all()] == [member.user]


# --- devices ------------------------------------------------------------------------------------------------------


def test_device_is_signed_out_from_the_page(
    volunteer: User, client_of: Callable[[User], SignedInClient]
) -> None:
    phone = client_of(volunteer)
    device = Device.objects.get(user=volunteer, platform="android").pk
    client, _ = enter(volunteer)

    assert f"/devices/{device}/sign-out/" in client.get("/devices/").content.decode()
    assert client.post(f"/devices/{device}/sign-out/").status_code == 302

    assert phone.get("/api/v1/me").status_code == 401
    assert client.get("/devices/").status_code == 200


def test_password_is_changed_on_the_page_which_stays_signed_in(volunteer: User) -> None:
    client, _ = enter(volunteer)
    elsewhere, _ = enter(volunteer)

    wrong = client.post("/devices/password/", {"current": "a guess", "new": CHOSEN})
    short = client.post("/devices/password/", {"current": PASSWORD, "new": "short"})
    done = client.post("/devices/password/", {"current": PASSWORD, "new": CHOSEN})

    assert (wrong.status_code, short.status_code, done.status_code) == (422, 422, 200)
    assert client.get("/devices/").status_code == 200
    assert elsewhere.get("/devices/").status_code == 302


def test_page_that_changes_the_password_over_rest_stays_signed_in(volunteer: User) -> None:
    client, _ = enter(volunteer)
    body = {"current": PASSWORD, "new": CHOSEN}

    changed = client.post("/api/v1/me/password", body, content_type="application/json")

    assert changed.status_code == 204
    assert client.get("/api/v1/me").status_code == 200


def test_second_factor_is_set_up_and_removed_on_the_page(volunteer: User) -> None:
    client, _ = enter(volunteer)

    assert b"<svg" in client.get("/devices/second-factor/").content
    assert client.post("/devices/second-factor/", {"act": "confirm", "code": "1"}).status_code == 422
    done = client.post("/devices/second-factor/", {"act": "confirm", "code": code_of(volunteer)})
    recovery = re.findall(r"<li><code>([^<]+)", done.content.decode())
    assert len(recovery) == 10
    renewed = client.post("/devices/second-factor/", {"act": "renew", "code": recovery[0]})
    code = re.findall(r"<li><code>([^<]+)", renewed.content.decode())[0]
    assert client.post("/devices/second-factor/", {"act": "remove", "code": code}).status_code == 302
    assert not SecondFactor.objects.exists()


def test_code_that_was_confirmed_already_is_told_on_the_page(volunteer: User) -> None:
    client, _ = enter(volunteer)
    client.get("/devices/second-factor/")
    form = {"act": "confirm", "code": code_of(volunteer)}
    first = client.post("/devices/second-factor/", form)

    again = client.post("/devices/second-factor/", form)
    other = client.post("/devices/second-factor/", form | {"code": "123456"})

    listed = [re.findall(r"<li><code>([^<]+)", page.content.decode()) for page in (first, again)]
    assert (len(listed[0]), listed[1]) == (10, listed[0])
    assert other.status_code == 422
    assert "is set up already" in other.content.decode()


# --- badges -------------------------------------------------------------------------------------------------------


def test_badge_page_shows_the_card_and_keeps_a_picture(volunteer: User, leader: User, at: datetime) -> None:
    client, _ = enter(volunteer)
    assert "badge/card.svg" not in client.get("/badge/").content.decode()
    issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at)

    assert client.post("/badge/photo/", {"photo": photo_file()}).status_code == 302
    page = client.get("/badge/").content.decode()

    assert "badge/card.svg" in page
    assert client.get(f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/photo").status_code == 200
    assert client.get("/badge/card.pdf").content.startswith(b"%PDF-")
    assert client.post("/badge/photo/", {"photo": photo_file(b"none")}).status_code == 422
    assert client.post("/badge/photo/").status_code == 422
    assert client.post("/badge/photo/", {"act": "delete"}).status_code == 302
    assert not Photo.objects.exists()


def test_minor_without_a_guardian_is_told_why_no_picture_is_kept(
    formation: Formation, make_volunteer: MakeVolunteer
) -> None:
    minor = make_volunteer(formation.squadron_a, adult=False, papers=False)
    client, _ = enter(minor.user)

    answer = client.post("/badge/photo/", {"photo": photo_file()})

    assert answer.status_code == 422
    assert "guardian" in answer.content.decode()
    assert not Photo.objects.exists()


def test_leader_issues_prints_and_revokes_on_the_page(
    leader: User, volunteer: User, outsider: User, formation: Formation
) -> None:
    client, _ = enter(leader)
    unit, number = formation.squadron_a.number, f"{volunteer.volunteer.number:08d}"

    client.post(f"/badges/{unit}/", {"person": [number, f"{outsider.volunteer.number:08d}", "x"]})
    sheet = client.get(f"/badges/{unit}/sheet.pdf")

    assert [badge.volunteer for badge in Badge.objects.all()] == [volunteer.volunteer]
    assert sheet.content.startswith(b"%PDF-")
    looks = AccessEntry.objects.filter(viewer=leader, subject=volunteer.volunteer).order_by("what")
    assert list(looks.values_list("what", flat=True)) == ["badge", "profile"]
    assert client.post(f"/badges/{unit}/{number}/revoke/", {"reason": "lost"}).status_code == 302
    assert Badge.objects.get().reason == "lost"


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.RETIRED])
def test_sheet_has_no_card_of_somebody_out_of_service(
    leader: User, volunteer: User, formation: Formation, at: datetime, standing: Standing
) -> None:
    issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at)
    Volunteer.objects.filter(user=volunteer).update(standing=standing)
    client, _ = enter(leader)

    assert client.get(f"/badges/{formation.squadron_a.number}/sheet.pdf").status_code == 404


@pytest.mark.parametrize("address", ["/badges/{unit}/", "/badges/{unit}/sheet.pdf", "/invitations/{unit}/"])
def test_pages_of_a_unit_take_as_many_queries_for_three_people_as_for_one(
    leader: User,
    formation: Formation,
    make_volunteer: MakeVolunteer,
    at: datetime,
    django_assert_max_num_queries: Any,
    address: str,
) -> None:
    client, _ = enter(leader)

    def join(count: int) -> None:
        for _ in range(count):
            person = make_volunteer(formation.squadron_a)
            issue_badge(id=uuid7(), volunteer=person, by=leader, at=at)
            User.objects.filter(pk=person.user_id).update(password="")

    def queries() -> int:
        with django_assert_max_num_queries(100) as counted:
            assert client.get(address.format(unit=formation.squadron_a.number)).status_code == 200
        return len(counted)

    join(1)
    queries()  # what is looked up once for each process
    with_one = queries()
    join(2)

    assert queries() == with_one


@pytest.mark.parametrize("address", ["/badges/{unit}/", "/badges/{unit}/sheet.pdf", "/invitations/{unit}/"])
def test_pages_of_a_unit_are_hidden_from_those_who_do_not_manage_it(
    volunteer: User, sibling_leader: User, formation: Formation, address: str
) -> None:
    for user in (volunteer, sibling_leader):
        client, _ = enter(user)
        assert client.get(address.format(unit=formation.squadron_a.number)).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_anybody_checks_a_badge_and_learns_no_name(
    volunteer: User, leader: User, at: datetime, language: str
) -> None:
    badge = issue_badge(id=uuid7(), volunteer=volunteer.volunteer, by=leader, at=at)
    anybody = Client(headers={"Accept-Language": language})

    answer = anybody.get(f"/b/{text_of(badge)}")
    page = answer.content.decode()

    number = f"{volunteer.volunteer.number:08d}"
    assert f"{number[:4]} {number[4:]}" in page
    assert "有效" in page
    assert "Valid" in page
    assert volunteer.volunteer.name not in page
    assert answer.headers["Cache-Control"] == "private, max-age=30"
    Volunteer.objects.filter(user=volunteer).update(standing=Standing.SUSPENDED)
    assert "Suspended" in anybody.get(f"/b/{text_of(badge)}").content.decode()
    assert "Forged" in anybody.get(f"/b/{text_of(badge)[:-4]}AAAA").content.decode()
    assert "Unknown" in anybody.get("/b/nonsense").content.decode()
