"""The REST doors to people, and who stands before them."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token
from uuid6 import uuid7

from backend.accounts import guests, signin
from backend.accounts.login_attempts import seeming_people
from backend.accounts.models import Device, User
from backend.accounts.services.devices import register_page_device, revoke_device
from backend.accounts.tokens import read_refresh
from backend.audit.models import Entry
from backend.lib.clock import now
from backend.lib.turns import Turns
from backend.realtime.models import Revocation
from backend.volunteers import services
from backend.volunteers.models import NumberAlias, Role
from backend.volunteers.number_scheme import format_unit_number, format_volunteer_number
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def signed_in(identifier: str, password: str = PASSWORD, device: str | None = None) -> Any:
    body = {"identifier": identifier, "password": password, "device": {"id": device or str(uuid7())}}
    return APIClient().post("/api/v1/sign-in", body, format="json")


@pytest.mark.parametrize("written", ["{number}", "{spaced}", "{phone}", "+86 {phone}"])
def test_sign_in_takes_number_or_phone(volunteer: User, written: str) -> None:
    number = volunteer.volunteer.number
    identifier = written.format(number=number, spaced=format_volunteer_number(number), phone=volunteer.phone)

    answer = signed_in(identifier)

    assert answer.status_code == 200
    assert answer.json()["me"]["number"] == f"{number:08d}"
    assert AccessToken(answer.json()["access"])["number"] == f"{number:08d}"


def test_sign_in_refuses_unknown_person_and_wrong_password_alike(volunteer: User) -> None:
    wrong = signed_in(str(volunteer.volunteer.number), "wrong")
    unknown = signed_in("13900000000")

    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401
    assert wrong.headers["Content-Type"] == "application/problem+json"


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let somebody else have the one turn there is to hash a password."""
    turns, taken, done = Turns("test", at_once=1, waiting=0, patience_s=0.01), Event(), Event()
    monkeypatch.setattr(signin, "hashing", turns)

    def hold() -> None:
        with turns.turn():
            taken.set()
            done.wait(60)

    other = Thread(target=hold)
    other.start()
    taken.wait(60)
    yield
    done.set()
    other.join()


def test_sign_in_says_when_to_come_again_while_too_many_hash(busy: None, volunteer: User) -> None:
    number = f"{volunteer.volunteer.number:08d}"

    door = signed_in(number, "a wrong guess")
    page = Client().post("/sign-in/", {"identifier": number, "password": "a wrong guess"})

    assert (door.status_code, door.json()["type"]) == (503, "/problems/busy")
    assert door.json()["retry_after_s"] == int(door["Retry-After"]) > 0
    assert (page.status_code, page["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert int(page["Retry-After"]) > 0
    assert not AccessAttempt.objects.exists()  # nothing was looked at


@pytest.fixture
def _no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing run out of what addresses have used up."""
    for bucket in (guests.guesses, guests.requests):
        monkeypatch.setattr(bucket, "_clock", lambda: 1.0)


@pytest.mark.usefixtures("_no_time_passes")
def test_address_that_floods_is_refused_whoever_it_names(volunteer: User) -> None:
    for _ in range(guests.guesses.at_once):
        guests.guesses.take("127.0.0.1")

    refused = signed_in("13900000000", "a wrong guess")

    assert (refused.status_code, int(refused["Retry-After"])) == (429, 1)
    assert refused["RateLimit-Policy"] == '"sign-ins";q=500;w=25'
    elsewhere = {"identifier": volunteer.phone, "password": PASSWORD, "device": {"id": str(uuid7())}}
    other = APIClient().post("/api/v1/sign-in", elsewhere, format="json", REMOTE_ADDR="192.0.2.7")
    assert other.status_code == 200


@pytest.mark.usefixtures("_no_time_passes")
def test_sign_ins_that_are_right_cost_an_address_nothing(volunteer: User) -> None:
    for _ in range(guests.guesses.at_once - 1):
        guests.guesses.take("127.0.0.1")

    assert [signed_in(str(volunteer.phone)).status_code for _ in range(4)] == [200] * 4
    assert guests.guesses.take("127.0.0.1") == 0


@pytest.mark.usefixtures("_no_time_passes")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/api/v1/token/refresh"),
        ("get", "/api/v1/badges/keys"),
        ("post", "/api/v1/applications"),
        ("post", "/api/v1/trackers/owntracks"),
    ],
)
def test_doors_without_a_token_are_bounded_by_address(
    method: str, path: str, volunteer: User, client_of: ClientOf
) -> None:
    client = client_of(volunteer)
    for _ in range(guests.requests.at_once):
        guests.requests.take("127.0.0.1")

    refused = APIClient().generic(method, path, "{}", content_type="application/json")

    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many")
    assert int(refused["Retry-After"]) == refused.json()["retry_after_s"] == 1
    assert client.get("/api/v1/me").status_code == 200  # a token is its own bound
    assert APIClient().get("/readyz").status_code == 200


def statements(act: Callable[[], Any]) -> list[str]:
    """Return the statements that an act has sent to the database, without what is in them."""
    with CaptureQueriesContext(connection) as queries:
        act()
    return [re.sub(r"'[^']*'|\b\d+\b|\"s\d+_x\d+\"", "?", query["sql"]) for query in queries]


@pytest.mark.parametrize("door", ["/api/v1/sign-in", "/api/v1/sign-in/invitation", "/sign-in/"])
def test_unknown_people_cost_the_database_the_same(door: str, volunteer: User) -> None:
    NumberAlias.objects.create(number=90000012, volunteer=volunteer.volunteer)
    retired = User.objects.create_user("13800000099", PASSWORD, is_active=False)
    number = volunteer.volunteer.number
    known = [f"{number:08d}", format_volunteer_number(number), "90000012", volunteer.phone, retired.phone]
    unknown = ["10000005", "1000 0005", "90000023", "13900000000", "nobody", "-"]

    def guess(name: str) -> Any:
        fields = {"password": "eleven green bicycles"}
        if door == "/sign-in/":
            return Client().post(door, {**fields, "identifier": name})
        code = {"number": name, "code": "AAAA"} if "invitation" in door else {"identifier": name}
        return APIClient().post(door, {**fields, **code, "device": {"id": str(uuid7())}}, format="json")

    sent = {}
    for name in (known[0], *known, *unknown):  # the first of all reads what is read once
        AccessAttempt.objects.all().delete()
        sent[name] = statements(lambda name=name: guess(name))  # type: ignore[misc]

    assert len(sent[known[0]]) > 3
    assert [name for name in sent if sent[name] != sent[known[0]]] == []


def test_sign_in_hashes_a_password_for_unknown_people_too(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    make = MD5PasswordHasher.encode

    def encode(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return make(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)

    assert signed_in("13900000000", "guess").status_code == 401
    assert hashed == ["guess"] * seeming_people("13900000000")


def test_sign_in_refuses_inactive_account(volunteer: User) -> None:
    User.objects.filter(pk=volunteer.pk).update(is_active=False)

    assert signed_in(str(volunteer.phone)).status_code == 401


def test_sign_in_refuses_account_without_number(db: None) -> None:
    User.objects.create_superuser("13900000001", PASSWORD)

    assert signed_in("13900000001").status_code == 401


def test_sign_in_locks_after_ten_wrong_guesses_however_they_are_written(volunteer: User) -> None:
    number = volunteer.volunteer.number
    for turn in range(10):
        signed_in(str(number) if turn % 2 else format_volunteer_number(number), "wrong")

    locked = signed_in(str(number))

    assert locked.status_code == 429
    assert locked.json()["type"] == "/problems/too-many"


def test_sign_in_refuses_device_of_somebody_else(volunteer: User, leader: User) -> None:
    device = str(uuid7())
    signed_in(str(volunteer.phone), device=device)

    answer = signed_in(str(leader.phone), device=device)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/device-taken")


def test_sign_in_again_ends_the_tokens_before(volunteer: User, client_of: ClientOf, at: datetime) -> None:
    client = client_of(volunteer)
    device = Device.objects.get(user=volunteer)

    again = signed_in(str(volunteer.phone), device=str(device.pk))

    assert again.status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    assert Revocation.objects.filter(session=device.session).exists()
    assert Device.objects.count() == 1


def test_me_takes_one_query_to_know_the_caller(
    volunteer: User, client_of: ClientOf, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = client_of(volunteer)

    with django_assert_num_queries(1):
        assert client.delete("/api/v1/me").status_code == 405


def test_token_is_refused_when_expired(volunteer: User, client_of: ClientOf, at: datetime) -> None:
    client = client_of(volunteer)
    token: Any = AccessToken(client.tokens.access)  # type: ignore[arg-type]
    token.set_exp(from_time=at - timedelta(hours=1))

    answer = APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def stamped(raw: str, kind: type[Token], **claims: float) -> str:
    """Return the token as a machine whose clock is off would have stamped it: claims in seconds from now."""
    token: Any = kind(raw)  # type: ignore[arg-type]
    for claim, seconds in claims.items():
        token[claim] = int(now().timestamp() + seconds)
    return str(token)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iat": 1}, 200),
        ({"iat": 50, "nbf": 50}, 200),
        ({"nbf": 50}, 200),
        ({"iat": 70}, 401),
        ({"nbf": 70}, 401),
        ({"exp": 0}, 401),  # none outlives its time
        ({"exp": -1}, 401),
        ({"exp": -59}, 401),
        ({"exp": 20}, 200),
    ],
)
def test_clock_of_the_machine_that_stamps_tokens_may_be_a_minute_ahead(
    volunteer: User, client_of: ClientOf, claims: dict[str, int], status: int
) -> None:
    tokens = client_of(volunteer).tokens
    access = stamped(tokens.access, AccessToken, **claims)
    refresh = stamped(tokens.refresh, RefreshToken, **claims)

    answer = APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})

    assert answer.status_code == status
    assert refreshed(refresh).status_code == status


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_token_is_refused_when_it_is_none(db: None, token: str) -> None:
    assert APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_refresh_token_opens_no_door(volunteer: User, client_of: ClientOf) -> None:
    refresh = client_of(volunteer).tokens.refresh

    assert APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {refresh}"}).status_code == 401


def test_token_is_refused_when_account_was_deactivated(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)
    User.objects.filter(pk=volunteer.pk).update(is_active=False)

    assert client.get("/api/v1/me").status_code == 401


def test_nobody_is_answered_401(db: None) -> None:
    answer = APIClient().get("/api/v1/me")

    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-signed-in"


def refreshed(token: str) -> Any:
    return APIClient().post("/api/v1/token/refresh", {"refresh": token}, format="json")


def use_pair(access: str) -> None:
    assert APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {access}"}).status_code == 200


def test_refresh_gives_a_new_pair(volunteer: User, client_of: ClientOf) -> None:
    first = client_of(volunteer).tokens

    answer = refreshed(first.refresh)

    assert answer.status_code == 200
    assert answer.json()["refresh"] != first.refresh
    bearer = {"Authorization": f"Bearer {answer.json()['access']}"}
    assert APIClient().get("/api/v1/me", headers=bearer).status_code == 200


def test_refresh_answers_the_same_again_when_the_answer_was_lost(
    volunteer: User, client_of: ClientOf
) -> None:
    first = client_of(volunteer).tokens
    lost = refreshed(first.refresh).json()["refresh"]

    again = refreshed(first.refresh)

    assert again.status_code == 200
    assert refreshed(again.json()["refresh"]).status_code == 200
    assert refreshed(lost).status_code == 200  # the same token as `again`, within its minute


def test_refresh_is_answered_days_later_when_the_new_pair_never_arrived(
    volunteer: User, client_of: ClientOf
) -> None:
    client = client_of(volunteer)
    lost = refreshed(client.tokens.refresh).json()
    Device.objects.update(rotated_at=now() - timedelta(days=2))

    again = refreshed(client.tokens.refresh)

    assert again.status_code == 200
    assert read_refresh(again.json()["refresh"]).token_id == read_refresh(lost["refresh"]).token_id
    use_pair(again.json()["access"])
    assert refreshed(client.tokens.refresh).status_code == 401


def test_older_access_token_does_not_prove_that_the_new_pair_arrived(
    volunteer: User, client_of: ClientOf
) -> None:
    client = client_of(volunteer)
    Device.objects.update(rotated_at=now() + timedelta(seconds=2), pair_arrived=False)

    assert client.get("/api/v1/me").status_code == 200

    assert not Device.objects.get().pair_arrived


def test_refresh_revokes_the_device_when_a_token_is_used_late(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)
    use_pair(refreshed(client.tokens.refresh).json()["access"])
    Device.objects.update(rotated_at=now() - timedelta(seconds=61))

    stolen = refreshed(client.tokens.refresh)

    device = Device.objects.get()
    assert stolen.status_code == 401
    assert device.revoked_at is not None
    assert Revocation.objects.filter(session=device.session).count() == 1
    assert client.get("/api/v1/me").status_code == 401
    assert Entry.objects.filter(act="device.revoked", by=None).count() == 1


def test_refresh_revokes_the_device_when_a_token_is_two_old(volunteer: User, client_of: ClientOf) -> None:
    first = client_of(volunteer).tokens.refresh
    second = refreshed(first).json()["refresh"]
    third = refreshed(second).json()["refresh"]

    assert refreshed(first).status_code == 401
    assert refreshed(third).status_code == 401


def test_refresh_token_of_an_earlier_sign_in_revokes_nothing(volunteer: User, client_of: ClientOf) -> None:
    old = client_of(volunteer).tokens.refresh
    signed_in(str(volunteer.phone), device=str(Device.objects.get().pk))

    assert refreshed(old).status_code == 401
    assert Device.objects.get().revoked_at is None


def test_sign_out_ends_tokens_sockets_and_duty(
    volunteer: User, client_of: ClientOf, published: Published
) -> None:
    client = client_of(volunteer)

    assert client.post("/api/v1/sign-out").status_code == 204

    device = Device.objects.get()
    assert device.revoked_at is not None
    assert Revocation.objects.filter(session=device.session).exists()
    assert client.get("/api/v1/me").status_code == 401
    assert refreshed(client.tokens.refresh).status_code == 401
    number = f"{volunteer.volunteer.number:08d}"
    duty = {"on": False, "until": None, "tracked": False}
    off = {"volunteer": number, "duty": duty, "reason": "signed_out"}
    assert published == [(f"person.{number}", "duty.changed", off)]


def test_devices_lists_one_s_own(volunteer: User, leader: User, client_of: ClientOf) -> None:
    client, _ = client_of(volunteer), client_of(leader)
    lost = client_of(volunteer)

    listed = client.get("/api/v1/me/devices").json()

    assert [item["current"] for item in sorted(listed, key=lambda item: not item["current"])] == [True, False]
    other = next(item["id"] for item in listed if not item["current"])
    assert client.delete(f"/api/v1/me/devices/{other}").status_code == 204
    assert lost.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/me").status_code == 200
    assert len(client.get("/api/v1/me/devices").json()) == 1


def test_device_of_somebody_else_does_not_exist(volunteer: User, stranger: User, client_of: ClientOf) -> None:
    client_of(volunteer)
    device = Device.objects.get()

    assert client_of(stranger).delete(f"/api/v1/me/devices/{device.pk}").status_code == 404


def test_me_tells_units_posts_and_what_one_may_dispatch(
    leader: User, formation: Formation, client_of: ClientOf
) -> None:
    me = client_of(leader).get("/api/v1/me").json()

    assert [unit["number"] for unit in me["units"]] == [formation.squadron_a.number]
    assert me["units"][0]["parent"] == formation.brigade.number
    assert [(post["role"], post["seat"]) for post in me["posts"]] == [("leader", 1)]
    assert [unit["number"] for unit in me["may_dispatch"]] == [formation.squadron_a.number]


def test_me_names_only_the_topmost_units(
    leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    services.appoint(volunteer=leader.volunteer, unit=formation.brigade, role=Role.DISPATCHER, by=None, at=at)

    me = client_of(leader).get("/api/v1/me").json()

    assert [unit["number"] for unit in me["may_dispatch"]] == [formation.brigade.number]


def test_language_is_remembered(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)

    assert (
        client.put("/api/v1/me/language", {"language": "zh-hans"}, format="json").json()["language"]
        == "zh-hans"
    )
    assert client.put("/api/v1/me/language", {"language": "fr"}, format="json").status_code == 422


def test_duty_goes_off_and_on(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)

    assert client.put("/api/v1/me/duty", {"on": False}, format="json").json() == {
        "on": False,
        "until": None,
        "tracked": False,
    }
    assert client.put("/api/v1/me/duty", {"on": True}, format="json").json()["on"] is True
    refused = client.put("/api/v1/me/duty", {"on": True, "until": "2020-01-01T00:00:00Z"}, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/until")


@pytest.mark.parametrize("of", ["squadron_a", "brigade", "detachment", "corps", "headquarters"])
def test_unit_is_seen_by_its_members_up_the_line(
    volunteer: User, stranger: User, formation: Formation, client_of: ClientOf, of: str
) -> None:
    unit = getattr(formation, of)

    answer = client_of(volunteer).get(f"/api/v1/units/{format_unit_number(unit.number)}")

    assert answer.status_code == 200
    assert answer.json()["members"] == 1
    assert answer.json()["on_duty"] == 1
    assert client_of(stranger).get(f"/api/v1/units/{unit.number}").status_code == 404


def test_unit_of_a_sibling_does_not_exist(
    volunteer: User, sibling_leader: User, formation: Formation, client_of: ClientOf
) -> None:
    assert client_of(volunteer).get(f"/api/v1/units/{formation.squadron_b.number}").status_code == 404
    assert client_of(sibling_leader).get(f"/api/v1/units/{formation.squadron_a.number}").status_code == 404


@pytest.mark.parametrize("number", ["0726040126", "nonsense", "9999999990"])
def test_unit_that_is_none_does_not_exist(commander: User, client_of: ClientOf, number: str) -> None:
    assert client_of(commander).get(f"/api/v1/units/{number}").status_code == 404


def test_children_are_for_those_who_dispatch(
    commander: User, leader: User, volunteer: User, outsider: User, formation: Formation, client_of: ClientOf
) -> None:
    address = f"/api/v1/units/{formation.detachment.number}/children"

    rows = client_of(commander).get(address).json()

    assert [(row["unit"]["name"], row["members"], row["on_duty"], row["children"]) for row in rows] == [
        ("浦阳街道", 2, 1, 2),
        ("黄宅镇", 1, 1, 1),
    ]
    assert client_of(leader).get(address).status_code == 404
    assert client_of(volunteer).get(address).status_code == 404


def test_page_session_opens_rest_until_its_device_is_revoked(volunteer: User, at: datetime) -> None:
    page = Client(enforce_csrf_checks=True)
    page.force_login(volunteer)
    session = page.session
    device = register_page_device(user=volunteer, name="Firefox", at=at)
    session["device"] = str(device.pk)
    session.save()

    assert page.get("/api/v1/me").status_code == 200
    assert page.post("/api/v1/sign-out", content_type="application/json").status_code == 403  # no CSRF header
    revoke_device(device_id=device.pk, by=volunteer, at=at)
    assert page.get("/api/v1/me").status_code == 401


def test_page_session_without_device_is_refused(volunteer: User) -> None:
    page = Client()
    page.force_login(volunteer)

    answer = page.get("/api/v1/me")

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_stranger_sees_oneself_only(
    stranger: User, make_volunteer: MakeVolunteer, client_of: ClientOf
) -> None:
    me = client_of(stranger).get("/api/v1/me").json()

    assert (me["units"], me["posts"], me["may_dispatch"], me["duty"]["on"]) == ([], [], [], False)
