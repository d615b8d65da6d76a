"""Every act over REST, under a key: done once, told as things stand now, refused for anything else.

An act that is missing here, because it says nothing of its repetition, fails the first test.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient
from rest_framework.utils import json
from uuid6 import uuid7

from backend.config.urls import urlpatterns
from backend.realtime.models import KeyedAct
from backend.realtime.views import ACTS, View
from backend.rosters.models import RosterImport
from backend.tracking.models import Tracker
from backend.volunteers.models import Post, Volunteer
from tests.contract.acts import TRACKERS, V1
from tests.contract.acts import Act as Row
from tests.contract.doors import SIGNED_IN, World, everything, rest_clients, routes
from tests.contract.table import ACTS as TABLE

ENDS_THE_SIGN_IN = {f"POST {V1}sign-out", f"POST {V1}me/deletion"}
"""Acts after which the token is dead: a repetition is told so."""
CHANGES_AGAIN = {
    f"POST {V1}token/refresh": "it tells a fresh access token",
    f"POST {V1}positions": "the moment of the latest report moves on",
    f"POST {V1}receipts": "so does that of the receipt",
    f"POST {V1}sign-in/second-factor": "it tells a fresh secret of the trusted device",
}
"""Acts whose repetition writes a moment; each with its reason."""
GOOD = "0199a5e2-7c40-7b3a-9d51-4e1f6a2b8c90"
MALFORMED = (
    "",
    "hello",
    "1",
    "0199a5e2-7c40-4b3a-9d51-4e1f6a2b8c90",
    "0" * 4_000,
    "\u00e9",
    f"{GOOD}, {GOOD}",
)
KNOW_SECRETS = {f"POST {V1}{address}" for address in ("sign-in", "sign-in/invitation", "me/password")}
"""Doors that take a password, of which a key knows nothing; tests/accounts/test_once.py sends them other bodies."""
ACTED = [
    row
    for row in TABLE
    if row.method.lower() in ACTS and not row.form and row.address not in TRACKERS and row.answers
    if min(row.answers.values()) < 300
]


def caller_of(row: Row) -> str:
    """Return somebody whom the table lets in."""
    expected = row.expected()
    return row.rightful if expected[row.rightful] < 300 else next(n for n in SIGNED_IN if expected[n] < 300)


def send(client: APIClient, row: Row, path: str, body: Any, key: Any) -> Any:
    text = "" if body is None else json.dumps(body)
    headers = {"Idempotency-Key": str(key)}
    kind = "image/png" if row.address.endswith("/emblem") else "application/json"
    return client.generic(row.method, path, text, content_type=kind, headers=headers)


def other(body: Any) -> Any:
    """Return a body that says something else."""
    if isinstance(body, dict) and "on" in body:
        return {"on": not body["on"]}
    if isinstance(body, dict) and "answer" in body:
        return {"answer": "decline"}
    return {**body, "more": True}


# --- all of them --------------------------------------------------------------------------------------------------


def test_every_act_says_what_its_repetition_is_answered() -> None:
    silent = []
    for address, pattern in routes(urlpatterns):
        view: Any = pattern.callback.view_class  # type: ignore[attr-defined]
        for method in ACTS:
            if not hasattr(view, method) or address in TRACKERS:
                continue
            says = issubclass(view, View) and (
                hasattr(view, f"{method}_again") or method in {*view.repeatable, *view.own_keys}
            )
            if not says:
                silent.append((method, address))
            else:
                assert len(view.name_of(method)) <= KeyedAct._meta.get_field("act").max_length  # type: ignore[operator]
    assert silent == []


def test_acts_have_names_of_their_own() -> None:
    views = {pattern.callback.view_class for _, pattern in routes(urlpatterns)}  # type: ignore[attr-defined]
    names = [
        view.name_of(method)
        for view in views
        if issubclass(view, View)
        for method in ACTS
        if hasattr(view, method)
    ]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("row", ACTED, ids=str)
def test_a_key_does_an_act_once_and_no_other(world: World, row: Row) -> None:
    """Those who may not go first, and leave no key; whoever loses the right is told what everybody is."""
    clients, caller, expected = rest_clients(world, row.rightful), caller_of(row), row.expected()
    for name in [name for name in expected if expected[name] >= 400]:
        refused = send(clients[name], row, row.path(world), row.body(world, name), uuid7())
        assert refused.status_code == expected[name]
    assert not KeyedAct.objects.exists()
    path, body, key = row.path(world), row.body(world, caller), uuid7()

    first = send(clients[caller], row, path, body, key)
    left = everything()
    again = send(clients[caller], row, path, body, key)

    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (expected[caller], None)
    if str(row) in ENDS_THE_SIGN_IN:
        assert again.status_code == 401
        return
    assert (again.status_code < 300, again.headers.get("Idempotency-Replayed")) == (True, "true")
    assert (again.content == b"") == (first.content == b"")
    if str(row) not in CHANGES_AGAIN:
        assert everything() == left
    if str(row) in KNOW_SECRETS:
        return
    otherwise = send(clients[caller], row, path, other(body) if body else {"more": 1}, key)
    assert (otherwise.status_code, otherwise.json()["type"]) == (409, "/problems/key-used-otherwise")
    if caller == "leader" and row.dead == 401 and expected["member"] in {403, 404}:
        Post.objects.filter(volunteer=world.callers[caller].user.volunteer).delete()
        late = send(clients[caller], row, path, body, key)
        of_own = row.address.startswith((V1 + "me/", V1 + "sign-in"))
        assert late.status_code == (again.status_code if of_own else expected["member"])


# --- keys ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", MALFORMED)
def test_a_malformed_key_is_a_problem_and_nothing_is_done(world: World, key: str) -> None:
    client = rest_clients(world, "leader")["leader"]
    before = everything()

    answer = client.post(
        "/api/v1/me/trackers", {"name": "x"}, format="json", headers={"Idempotency-Key": key}
    )

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")
    assert everything() == before


@pytest.mark.parametrize("key", ["hello", GOOD])
def test_reading_ignores_a_key(world: World, key: str) -> None:
    client = rest_clients(world, "leader")["leader"]

    answers = [client.get("/api/v1/me", headers={"Idempotency-Key": key}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "Idempotency-Replayed" not in answers[1]
    assert not KeyedAct.objects.exists()


def test_whoever_is_not_signed_in_is_told_so_whatever_the_key(world: World) -> None:
    client = rest_clients(world, "leader")["revoked"]

    assert client.put("/api/v1/me/duty", headers={"Idempotency-Key": "hello"}).status_code == 401


def test_one_key_of_two_people_is_two_keys(world: World) -> None:
    clients, key = rest_clients(world, "leader"), uuid7()
    headers = {"Idempotency-Key": str(key)}

    for name in ("leader", "member"):
        answer = clients[name].post("/api/v1/me/trackers", {"name": name}, format="json", headers=headers)
        assert (answer.status_code, answer.json()["name"]) == (201, name)


def test_one_key_at_two_doors_is_refused_at_the_second(world: World) -> None:
    client, key = rest_clients(world, "leader")["leader"], uuid7()
    headers = {"Idempotency-Key": str(key)}
    client.put("/api/v1/me/language", {"language": "en"}, format="json", headers=headers)

    answer = client.put("/api/v1/me/duty", {"on": True}, format="json", headers=headers)

    assert answer.json()["type"] == "/problems/key-used-otherwise"
    assert not Volunteer.objects.get(user=world.callers["leader"].user).duty_since


def test_the_same_meaning_is_the_same_however_it_is_written(world: World) -> None:
    client, key = rest_clients(world, "leader")["leader"], uuid7()
    path = f"/api/v1/volunteers/{world.bystander}/suspend"
    texts = ['{"reason": "as they wish", "until": null}', '{ "until":null,\n"reason":"as they wish"}']

    answers = [
        client.generic(
            "POST", path, text, content_type="application/json", headers={"Idempotency-Key": str(key)}
        )
        for text in texts
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1]["Idempotency-Replayed"] == "true"


def test_what_breaks_between_act_and_key_undoes_both(world: World) -> None:
    """As if the process had died there: the database refuses the last statement before the commit."""
    client, key = rest_clients(world, "leader")["leader"], uuid7()
    body = {"id": str(uuid7()), "name": "来帮忙的"}
    path, headers = (
        f"/api/v1/units/{world.formation.squadron_a.number}/walk-ins",
        {"Idempotency-Key": str(key)},
    )
    before = everything()
    break_notes(broken=True)

    failed = client.post(path, body, format="json", headers=headers)
    break_notes(broken=False)

    assert (failed.status_code, failed.json()["type"]) == (500, "/problems/internal")
    assert everything() == before
    done = client.post(path, body, format="json", headers=headers)
    assert (done.status_code, "Idempotency-Replayed" in done) == (201, False)


def break_notes(*, broken: bool) -> None:
    """Have the database refuse to note what an act has made, or let it again."""
    postgres = connection.vendor == "postgresql"
    make = (
        "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'no'; END $$ LANGUAGE plpgsql;"
        " CREATE TRIGGER refuse BEFORE UPDATE ON realtime_keyedact EXECUTE FUNCTION refuse()"
        if postgres
        else "CREATE TRIGGER refuse BEFORE UPDATE ON realtime_keyedact BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    drop = (
        "DROP TRIGGER refuse ON realtime_keyedact; DROP FUNCTION refuse()"
        if postgres
        else "DROP TRIGGER refuse"
    )
    with connection.cursor() as cursor:
        cursor.execute(make if broken else drop)


# --- uploads ------------------------------------------------------------------------------------------------------


def test_an_upload_is_known_by_its_file(world: World) -> None:
    client, key, id = rest_clients(world, "leader")["leader"], uuid7(), str(uuid7())
    path = f"/api/v1/units/{world.formation.squadron_a.number}/imports"
    before = RosterImport.objects.count()

    def upload(phone: str, **form: str) -> Any:
        file = SimpleUploadedFile("roster.csv", f"姓名,手机\n王大妈,{phone}\n".encode())
        body: Mapping[str, Any] = {"id": id, "name": "Autumn", "file": file, **form}
        return client.post(path, body, format="multipart", headers={"Idempotency-Key": str(key)})

    first, again = upload("13800138000"), upload("13800138000")
    others = [upload("13800138001"), upload("13800138000", name="Winter")]

    assert (first.status_code, again.status_code, again["Idempotency-Replayed"]) == (201, 200, "true")
    assert again.json()["id"] == first.json()["id"] == id
    assert [one.json()["type"] for one in others] == ["/problems/key-used-otherwise"] * 2
    assert RosterImport.objects.count() == before + 1


# --- secrets ------------------------------------------------------------------------------------------------------


def test_a_secret_is_told_again_to_the_device_that_asked_alone(world: World) -> None:
    client, key = rest_clients(world, "leader")["leader"], uuid7()
    elsewhere = APIClient()
    other_device = world.sign_in(world.callers["leader"].user)
    elsewhere.credentials(HTTP_AUTHORIZATION=f"Bearer {other_device.tokens.access}")

    def make(by: APIClient) -> Any:
        headers = {"Idempotency-Key": str(key)}
        return by.post("/api/v1/me/trackers", {"name": "jeep"}, format="json", headers=headers)

    first, again, stolen = make(client), make(client), make(elsewhere)

    assert first.status_code == 201
    assert (again.status_code, again.json()) == (200, first.json())
    assert stolen.json()["type"] == "/problems/key-used-otherwise"
    assert first.json()["secret"] not in str(KeyedAct.objects.values())
    assert Tracker.objects.filter(name="jeep").count() == 1
    client.delete(f"/api/v1/me/trackers/{first.json()['id']}")
    assert make(client).status_code == 404


def test_an_invitation_is_told_again_until_it_is_void(world: World) -> None:
    client, key = rest_clients(world, "leader")["leader"], uuid7()
    path = f"/api/v1/volunteers/{world.number('volunteer')}/invitation"

    def invite(headers: dict[str, str]) -> Any:
        return client.post(path, headers=headers)

    first, again = (invite({"Idempotency-Key": str(key)}) for _ in range(2))
    newer = invite({})
    late = invite({"Idempotency-Key": str(key)})

    assert again.json() == first.json() != newer.json()
    assert (late.status_code, late.json()["type"]) == (409, "/problems/invitation-void")
