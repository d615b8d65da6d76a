"""How long sign-ins live without use: a year for people without a post, as ever for the others."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import Device, SignedOutBy, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import refresh_tokens, sign_in
from backend.dispatch import services as dispatch
from backend.dispatch.schemas import CallOutIn, TaskIn
from backend.joining.services.sign_in_codes import give_sign_in_code
from backend.lib.clock import now
from backend.lib.errors import NotSignedIn, TokenExpired
from backend.volunteers import services
from backend.volunteers.models import Role
from backend.volunteers.services.posts import end_post
from tests.builders import task_body
from tests.conftest import PASSWORD, Formation, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def phone_of(user: User, *, idle: int) -> tuple[UUID, str]:
    """Sign a phone in so many days ago, and leave it alone since; return its id and its refresh token."""
    device = DeviceIn(id=uuid7())
    tokens = sign_in(user=user, device=device, at=now() - timedelta(days=idle)).tokens
    return device.id, tokens.refresh


def renew(refresh: str) -> Any:
    return APIClient().post("/api/v1/token/refresh", {"refresh": refresh}, format="json")


def make_deputy(user: User, formation: Formation, at: datetime) -> Any:
    person = user.volunteer
    return services.appoint(volunteer=person, unit=formation.squadron_a, role=Role.DEPUTY, by=None, at=at)


# --- phones -------------------------------------------------------------------------------------------------------


def test_phone_that_was_idle_for_300_days_answers_an_order_without_signing_in(
    volunteer: User, leader: User, formation: Formation, at: datetime
) -> None:
    _, refresh = phone_of(volunteer, idle=300)

    renewed = renew(refresh)

    assert renewed.status_code == 200
    phone = APIClient()
    phone.credentials(HTTP_AUTHORIZATION=f"Bearer {renewed.json()['access']}")
    assert phone.put("/api/v1/me/duty", {"on": True}, format="json").status_code == 200
    task = dispatch.create_task(
        wanted=TaskIn.model_validate(task_body(formation.squadron_a.number, at)), by=leader, at=at
    )
    sent = CallOutIn.model_validate({"id": str(uuid7()), "units": [formation.squadron_a.number]})
    dispatch.call_out(task_id=task.pk, wanted=sent, by=leader, at=at)
    answer = phone.post(f"/api/v1/tasks/{task.pk}/answer", {"answer": "accept"}, format="json")
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")


def test_phone_that_was_idle_for_400_days_signs_in_by_a_code(
    volunteer: User, leader: User, at: datetime
) -> None:
    device, refresh = phone_of(volunteer, idle=400)

    refused = renew(refresh)

    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/not-signed-in")
    assert "because" not in refused.json(), "nothing was stolen"
    code = give_sign_in_code(volunteer=volunteer.volunteer, by=leader, at=at).code
    body = {"identifier": f"{volunteer.volunteer.number:08d}", "code": code, "device": {"id": str(device)}}
    entered = APIClient().post("/api/v1/sign-in/code", body, format="json")
    assert entered.status_code == 200
    assert renew(entered.json()["refresh"]).status_code == 200


@pytest.mark.parametrize(("days", "status"), [(29, 200), (31, 401)])
def test_phone_of_a_person_with_a_post_lives_as_before(leader: User, days: int, status: int) -> None:
    assert renew(phone_of(leader, idle=days)[1]).status_code == status


def test_life_without_use_begins_anew_with_each_renewal(volunteer: User, at: datetime) -> None:
    began, renewed = at - timedelta(days=360), at - timedelta(days=100)
    first = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=began).tokens.refresh
    second = refresh_tokens(refresh=first, at=renewed).refresh

    with pytest.raises(TokenExpired):
        refresh_tokens(refresh=second, at=renewed + timedelta(days=365))
    assert refresh_tokens(refresh=second, at=renewed + timedelta(days=364)).access


def test_life_is_a_setting(volunteer: User, at: datetime, settings: Any) -> None:
    settings.MUSTER = replace(settings.MUSTER, idle_without_post=timedelta(days=100))
    refresh = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=at).tokens.refresh

    with pytest.raises(TokenExpired):
        refresh_tokens(refresh=refresh, at=at + timedelta(days=100))
    assert refresh_tokens(refresh=refresh, at=at + timedelta(days=99)).access


def test_rotated_token_shown_again_ends_a_long_sign_in_too(volunteer: User, at: datetime) -> None:
    began = at - timedelta(days=300)
    first = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=began).tokens.refresh
    second = refresh_tokens(refresh=first, at=at - timedelta(days=100)).refresh
    third = refresh_tokens(refresh=second, at=at).refresh

    for spent in (first, third):
        with pytest.raises(NotSignedIn) as refused:
            refresh_tokens(refresh=spent, at=at + timedelta(days=1))
        assert refused.value.because == SignedOutBy.OLD_TOKEN


def test_device_of_the_release_before_keeps_working_and_lives_long_from_its_next_renewal(
    volunteer: User, at: datetime
) -> None:
    began = at - timedelta(days=29)
    refresh = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=began).tokens.refresh
    Device.objects.update(lasts_long=False)  # as the release leaves it

    with pytest.raises(TokenExpired):
        refresh_tokens(refresh=refresh, at=at + timedelta(days=1))
    renewed = refresh_tokens(refresh=refresh, at=at).refresh

    assert Device.objects.get().lasts_long
    assert refresh_tokens(refresh=renewed, at=at + timedelta(days=300)).access


# --- a post -------------------------------------------------------------------------------------------------------


def test_post_ends_what_lived_only_without_one(
    volunteer: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    idle, _ = phone_of(volunteer, idle=100)
    late, refresh = phone_of(volunteer, idle=90)
    renew(refresh)
    own = client_of(volunteer)

    make_deputy(volunteer, formation, now())

    ended = Device.objects.revoked().filter(user=volunteer)
    assert set(ended.values_list("pk", "revoked_because")) == {(idle, "post"), (late, "post")}
    assert own.get("/api/v1/me").status_code == 200


def test_after_a_post_is_received_the_other_sign_ins_live_as_those_of_its_holders(
    volunteer: User, formation: Formation, at: datetime
) -> None:
    began = at - timedelta(days=29)
    refresh = sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=began).tokens.refresh
    post = make_deputy(volunteer, formation, began)

    with pytest.raises(TokenExpired):
        refresh_tokens(refresh=refresh, at=at + timedelta(days=1))
    renewed = refresh_tokens(refresh=refresh, at=at).refresh
    assert not Device.objects.get().lasts_long
    end_post(post_id=post.pk, by=volunteer, at=at + timedelta(days=1))
    with pytest.raises(TokenExpired):
        refresh_tokens(refresh=renewed, at=at + timedelta(days=30))
    assert refresh_tokens(refresh=renewed, at=at + timedelta(days=29)).access
    assert Device.objects.get().lasts_long, "without a post it lives long again"


@pytest.mark.postgres
def test_renewal_at_the_moment_of_a_post_leaves_no_long_sign_in(
    race: Race, volunteer: User, formation: Formation, at: datetime
) -> None:
    _, refresh = phone_of(volunteer, idle=0)

    race(
        lambda: refresh_tokens(refresh=refresh, at=now()),
        lambda: make_deputy(volunteer, formation, now()),
        lambda: sign_in(user=volunteer, device=DeviceIn(id=uuid7()), at=now()),
    )

    assert Device.objects.filter(user=volunteer).count() == 2
    assert not Device.objects.not_revoked().filter(user=volunteer, lasts_long=True).exists()


# --- pages --------------------------------------------------------------------------------------------------------


def page_of(user: User) -> Client:
    client = Client()
    client.post("/sign-in/", {"identifier": f"{user.volunteer.number:08d}", "password": PASSWORD})
    return client


def leave_alone(user: User, days: int) -> None:
    for device in Device.objects.filter(user=user):
        device.last_seen_at -= timedelta(days=days)
        device.created_at -= timedelta(days=days)
        device.save()


def cookie_days(answer: Any) -> float:
    return int(answer.cookies["sessionid"]["max-age"]) / 86_400


def test_page_of_a_person_without_a_post_lives_a_year_and_anew_with_each_use(volunteer: User) -> None:
    client = page_of(volunteer)
    leave_alone(volunteer, 300)

    used = client.get("/me/")

    assert (used.status_code, cookie_days(used)) == (200, 365)
    assert now() - Device.objects.get(user=volunteer).last_seen_at < timedelta(minutes=1)
    leave_alone(volunteer, 300)
    asked = client.get("/api/v1/me")
    assert (asked.status_code, cookie_days(asked)) == (200, 365)
    assert "sessionid" not in client.get("/api/v1/me").cookies, "once a day is enough"


def test_page_of_the_release_before_lives_long_from_its_next_use(volunteer: User) -> None:
    client = page_of(volunteer)
    Device.objects.update(lasts_long=False)
    leave_alone(volunteer, 10)

    used = client.get("/me/")

    assert (used.status_code, cookie_days(used)) == (200, 365)
    assert Device.objects.get(user=volunteer).lasts_long


def test_page_that_was_idle_for_400_days_signs_in_again(volunteer: User) -> None:
    client = page_of(volunteer)
    leave_alone(volunteer, 400)

    assert client.get("/me/")["Location"].startswith("/sign-in/")
    assert client.get("/api/v1/me").status_code == 401


def test_page_of_a_person_with_a_post_is_not_prolonged(leader: User) -> None:
    client = Client()
    entered = client.post("/sign-in/", {"identifier": f"{leader.volunteer.number:08d}", "password": PASSWORD})
    assert cookie_days(entered) == 14
    leave_alone(leader, 10)

    used = client.get("/leader/")

    assert (used.status_code, "sessionid" in used.cookies) == (200, False)
    assert now() - Device.objects.get(user=leader).last_seen_at > timedelta(days=9)
    leave_alone(leader, 5)
    assert client.get("/leader/").status_code == 302


def test_post_shortens_a_page_and_ends_one_that_is_older_than_its_holders_may_be(
    volunteer: User, formation: Formation, at: datetime
) -> None:
    old = page_of(volunteer)
    leave_alone(volunteer, 20)
    assert old.get("/me/").status_code == 200
    young = page_of(volunteer)

    make_deputy(volunteer, formation, now())

    assert old.get("/me/").status_code == 302
    assert young.get("/me/").status_code == 200
    leave_alone(volunteer, 14)
    assert young.get("/me/").status_code == 302
