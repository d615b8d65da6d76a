"""A retry over REST overturns nothing that was decided since, and is told what was."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F
from PIL import Image
from rest_framework.test import APIClient
from rest_framework.utils import json
from uuid6 import uuid7

from backend.accounts.models import Device, User
from backend.accounts.schemas.sign_in import DeviceIn
from backend.accounts.services.devices import sign_in
from backend.numbers.services.walk_ins import register_walk_in
from backend.privacy.services.own_data import erase_person
from backend.realtime import due, keys
from backend.realtime.frames import CommandFrame
from backend.realtime.models import KeyedAct
from backend.realtime.registry import Principal
from backend.realtime.services import run_command
from backend.tracking.models import Tracker
from backend.volunteers import services
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.services.life_numbers import give_life_number
from backend.volunteers.services.merging import merge_volunteers
from tests.conftest import Formation, MakeVolunteer, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def act(client: APIClient, method: str, path: str, body: Any = None, *, key: UUID | None = None) -> Any:
    """Send an act as an app does; bytes are sent as they are."""
    headers = {"Idempotency-Key": str(key)} if key else {}
    is_picture = isinstance(body, bytes)
    data = body if is_picture or body is None else json.dumps(body)
    content_type = "image/png" if is_picture else "application/json"
    return client.generic(method, f"/api/v1/{path}", data or "", content_type=content_type, headers=headers)


@dataclass(frozen=True)
class Story:
    """An act, what undoes it, and a path whose answer shows how things stand; `{x}` are filled in."""

    done: tuple[str, str, Any]
    undone: tuple[str, str, Any]
    shown: str


INSURANCE = {"kind": "insurance", "valid_from": "2026-01-01T00:00:00Z"}
STORIES = {
    "duty": Story(
        ("PUT", "me/duty", {"on": True}), ("PUT", "me/duty", {"on": False}), "me"
    ),
    "consent": Story(
        ("PUT", "me/consents/location", {"agreed": True, "version": 1}),
        ("PUT", "me/consents/location", {"agreed": False}),
        "me/consents",
    ),
    "language": Story(
        ("PUT", "me/language", {"language": "en"}), ("PUT", "me/language", {"language": "zh-hans"}), "me"
    ),
    "availability": Story(
        ("PUT", "me/availability", {"weekly": [{"weekday": 1, "start": "08:00", "end": "10:00"}], "periods": []}),
        ("PUT", "me/availability", {"weekly": [], "periods": []}),
        "me/availability",
    ),
    "suspension": Story(
        ("POST", "volunteers/{person}/suspend", {"reason": "as they wish"}),
        ("POST", "volunteers/{person}/reinstate", None),
        "volunteers/{person}/badge",
    ),
    "reinstatement": Story(
        ("POST", "volunteers/{person}/reinstate", None),
        ("POST", "volunteers/{person}/suspend", {"reason": "as they wish"}),
        "volunteers/{person}/badge",
    ),
    "brand name": Story(
        ("PATCH", "units/{unit}", {"brand_name": "武林大妈"}),
        ("PATCH", "units/{unit}", {"brand_name": "西湖大妈"}),
        "units/{unit}",
    ),
    "move": Story(
        ("POST", "units/{unit}/move", {"parent": "{other_brigade}"}),
        ("POST", "units/{unit}/move", {"parent": "{brigade}"}),
        "units/{unit}",
    ),
    "emblem": Story(
        ("PUT", "units/{unit}/emblem", b"picture"), ("DELETE", "units/{unit}/emblem", None), "units/{unit}/emblem"
    ),
    "no emblem": Story(
        ("DELETE", "units/{unit}/emblem", None), ("PUT", "units/{unit}/emblem", b"picture"), "units/{unit}/emblem"
    ),
    "badge": Story(
        ("POST", "volunteers/{person}/badge", {"id": "{id}"}),
        ("POST", "volunteers/{person}/badge/revoke", {"reason": "lost"}),
        "volunteers/{person}/badge",
    ),
    "insurance": Story(
        ("POST", "volunteers/{person}/credentials", {"id": "{id}", **INSURANCE}),
        ("DELETE", "volunteers/{person}/credentials/{id}", None),
        "volunteers/{person}/credentials",
    ),
}  # fmt: skip


def picture() -> bytes:
    written = BytesIO()
    Image.new("RGB", (8, 8)).save(written, "PNG")
    return written.getvalue()


def filled(part: Any, words: dict[str, str]) -> Any:
    if part == b"picture":
        return picture()
    return json.loads(_filled(json.dumps(part), words)) if isinstance(part, dict) else part


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    return text


@pytest.mark.parametrize("name", STORIES)
def test_a_retry_overturns_nothing_that_was_decided_since(
    name: str, commander: User, formation: Formation, make_volunteer: MakeVolunteer, client_of: ClientOf
) -> None:
    """The answer to the act is lost, another device undoes it, the first device asks again."""
    phone, computer, key = client_of(commander), client_of(commander), uuid7()
    words = {
        "person": f"{make_volunteer(formation.squadron_b).number:08d}",
        "unit": formation.squadron_a.number,
        "brigade": formation.brigade.number,
        "other_brigade": formation.other_brigade.number,
        "id": str(uuid7()),
    }
    act(computer, "POST", f"volunteers/{words['person']}/badge", {"id": str(uuid7())})
    story = STORIES[name]
    method, path, body = story.done[0], _filled(story.done[1], words), filled(story.done[2], words)
    undo = (story.undone[0], _filled(story.undone[1], words), filled(story.undone[2], words))
    first = act(phone, method, path, body, key=key)
    assert (first.status_code < 300, act(computer, *undo).status_code < 300) == (True, True), first.content
    stands = act(computer, "GET", _filled(story.shown, words))

    again = act(phone, method, path, body, key=key)

    assert (again.status_code < 300, again["Idempotency-Replayed"]) == (True, "true")
    shown = act(computer, "GET", _filled(story.shown, words))
    assert (shown.status_code, shown.content) == (stands.status_code, stands.content)


def test_what_a_repetition_is_told_is_how_things_stand(
    commander: User, formation: Formation, make_volunteer: MakeVolunteer, client_of: ClientOf
) -> None:
    client, person = client_of(commander), f"{make_volunteer(formation.squadron_b).number:08d}"
    key, credential = uuid7(), str(uuid7())
    body = {"id": credential, **INSURANCE}
    path = f"volunteers/{person}/credentials"
    act(client, "POST", path, body, key=key)
    act(client, "DELETE", f"{path}/{credential}")

    assert act(client, "POST", path, body, key=key).json()["revoked_at"] is not None


def test_a_unit_that_was_made_is_made_once_and_its_successor_answers_for_it(
    commander: User, formation: Formation, client_of: ClientOf
) -> None:
    client, key, before = client_of(commander), uuid7(), Unit.objects.count()
    body = {"parent": formation.brigade.number, "name": "新村"}
    made = act(client, "POST", "units", body, key=key)

    assert act(client, "POST", "units", body, key=key).json() == made.json()
    successor = {"successor": formation.squadron_a.number}
    merging = uuid7()
    path = f"units/{made.json()['number']}/merge"
    merged = act(client, "POST", path, successor, key=merging)
    assert act(client, "POST", path, successor, key=merging).json() == merged.json()

    again = act(client, "POST", "units", body, key=key)
    assert (again.status_code, again.json()["number"]) == (200, formation.squadron_a.number)
    assert Unit.objects.count() == before + 1


def test_a_split_is_done_once(
    commander: User, formation: Formation, make_volunteer: MakeVolunteer, client_of: ClientOf
) -> None:
    """Without a key it would move those who have come back since."""
    client, key = client_of(commander), uuid7()
    person = make_volunteer(formation.squadron_a)
    body = {"name": "新村", "members": [f"{person.number:08d}"]}
    path = f"units/{formation.squadron_a.number}/split"
    new = act(client, "POST", path, body, key=key).json()
    back = {
        "id": str(uuid7()),
        "volunteer": f"{person.number:08d}",
        "from_unit": new["number"],
        "to_unit": formation.squadron_a.number,
    }
    assert act(client, "POST", "transfers", back).json()["status"] == "done"

    again = act(client, "POST", path, body, key=key)

    assert (again.status_code, again.json()) == (200, new)
    assert person.memberships.get().unit == formation.squadron_a


def test_a_transfer_that_was_withdrawn_stays_so_for_whoever_proposed_it(
    volunteer: User, formation: Formation, client_of: ClientOf
) -> None:
    client, keys_used, id = client_of(volunteer), [uuid7(), uuid7()], str(uuid7())
    number = f"{volunteer.volunteer.number:08d}"
    ends = {"from_unit": formation.squadron_a.number, "to_unit": formation.squadron_c.number}
    body = {"id": id, "volunteer": number, **ends}
    acts = [("POST", "transfers", body), ("POST", f"transfers/{id}/withdraw", None)]
    for key, (method, path, sent) in zip(keys_used, acts, strict=True):
        assert act(client, method, path, sent, key=key).status_code < 300

    for key, (method, path, sent) in zip(keys_used, acts, strict=True):
        again = act(client, method, path, sent, key=key)
        assert (again.status_code, again.json()["status"]) == (200, "withdrawn")


def test_a_device_that_signed_in_again_is_not_signed_out_by_a_retry(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    client, key, lost = client_of(volunteer), uuid7(), DeviceIn(id=uuid7())
    sign_in(user=volunteer, device=lost, at=at)
    act(client, "DELETE", f"me/devices/{lost.id}", key=key)
    sign_in(user=volunteer, device=lost, at=at)

    assert act(client, "DELETE", f"me/devices/{lost.id}", key=key).status_code == 204
    assert Device.objects.get(pk=lost.id).revoked_at is None


# --- both doors ---------------------------------------------------------------------------------------------------


def by_socket(user: User, type: str, body: Any, key: UUID, at: datetime) -> Any:
    principal = Principal(user.volunteer.number, user.pk, uuid7(), None)
    return run_command(principal, CommandFrame(type=type, id=1, key=key, body=body), at=at)


@pytest.mark.parametrize("socket_first", [True, False])
def test_a_command_and_its_door_are_one_act(
    volunteer: User, client_of: ClientOf, at: datetime, socket_first: bool
) -> None:
    client, key = client_of(volunteer), uuid7()
    until = at + timedelta(hours=2)
    doors = [
        lambda: by_socket(volunteer, "duty.set", {"on": True, "until": until.isoformat()}, key, at),
        lambda: act(client, "PUT", "me/duty", {"until": f"{until:%Y-%m-%dT%H:%M:%SZ}", "on": True}, key=key),
    ]
    doors = doors if socket_first else doors[::-1]
    doors[0]()
    services.set_duty(on=False, by=volunteer, at=at)

    again = doors[1]()

    told = again.json() if socket_first else again.result
    assert told["on"] is False
    assert (again["Idempotency-Replayed"] if socket_first else str(again.replayed).lower()) == "true"
    assert Volunteer.objects.get(user=volunteer).duty_since is None


# --- whose keys they are ------------------------------------------------------------------------------------------


def test_keys_come_along_to_a_number_for_life(
    leader: User, formation: Formation, client_of: ClientOf, at: datetime
) -> None:
    walk_in = register_walk_in(walk_in_id=uuid7(), unit=formation.squadron_a, name="来人", by=leader, at=at)
    key = uuid7()
    act(client_of(walk_in.user), "POST", "me/trackers", {"name": "phone"}, key=key)

    give_life_number(number=walk_in.number, by=leader, at=at)
    refused = act(
        client_of(User.objects.get(pk=walk_in.user_id)), "POST", "me/trackers", {"name": "x"}, key=key
    )

    assert refused.json()["type"] == "/problems/key-used-otherwise"


def test_keys_of_a_record_that_was_merged_are_those_of_the_one_that_is_kept(
    commander: User, formation: Formation, make_volunteer: MakeVolunteer, client_of: ClientOf, at: datetime
) -> None:
    kept, duplicate = (make_volunteer(formation.squadron_a) for _ in range(2))
    both, own = uuid7(), uuid7()
    for person, key in ((kept, both), (duplicate, both), (duplicate, own)):
        act(client_of(person.user), "PUT", "me/language", {"language": "en"}, key=key)

    merge_volunteers(kept=kept.number, duplicate=duplicate.number, by=commander, at=at)

    assert set(KeyedAct.objects.values_list("person", "key")) == {(kept.number, both), (kept.number, own)}


def test_keys_go_with_the_person(volunteer: User, client_of: ClientOf, at: datetime) -> None:
    client = client_of(volunteer)
    for name in ("phone", "jeep"):
        assert act(client, "POST", "me/trackers", {"name": name}, key=uuid7()).status_code == 201

    erase_person(by=volunteer, at=at)

    assert not KeyedAct.objects.exists()


# --- how long -----------------------------------------------------------------------------------------------------


def test_keys_are_forgotten_after_a_week_and_those_of_secrets_after_minutes(
    volunteer: User, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(volunteer)
    act(client, "PUT", "me/language", {"language": "en"}, key=uuid7())
    act(client, "POST", "me/trackers", {"name": "phone"}, key=uuid7())

    assert due.trim_keys(at=at + timedelta(minutes=11)) == 1
    assert [row.act for row in KeyedAct.objects.all()] == ["me.LanguageView.put"]
    assert due.trim_keys(at=at + timedelta(days=7, minutes=1)) == 1


def test_a_key_that_the_clock_has_not_come_to_yet_is_forgotten_all_the_same(
    volunteer: User, client_of: ClientOf
) -> None:
    client, key = client_of(volunteer), uuid7()
    act(client, "POST", "me/trackers", {"name": "phone"}, key=key)
    KeyedAct.objects.update(until=F("until") - keys.BRIEFLY)

    later = act(client, "POST", "me/trackers", {"name": "jeep"}, key=key)

    assert (later.status_code, later.json()["name"]) == (201, "jeep")


def test_of_too_many_keys_the_oldest_are_forgotten(
    volunteer: User, outsider: User, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    monkeypatch.setattr(keys, "MOST", 5)
    monkeypatch.setattr(keys, "MOST_BEFORE_SIGN_IN", 6)
    made = [uuid7() for _ in range(8)]
    for person in (volunteer.volunteer.number, keys.NOBODY):
        for key in made:
            keys.claim(keys.Asked(person, key, "test", digest=key), at=at)
    keys.claim(keys.Asked(outsider.volunteer.number, made[0], "test", digest=made[0]), at=at)

    due.trim_revocations(at=at)

    left = {
        person: list(KeyedAct.objects.filter(person=person).order_by("id").values_list("key", flat=True))
        for person in (volunteer.volunteer.number, keys.NOBODY, outsider.volunteer.number)
    }
    assert list(left.values()) == [made[3:], made[2:], made[:1]]


# --- at once ------------------------------------------------------------------------------------------------------

POSTGRES = pytest.mark.postgres
PARALLEL = 6


@POSTGRES
@pytest.mark.django_db(transaction=True)
def test_of_requests_at_once_one_does_it_and_the_others_are_told(
    volunteer: User, client_of: ClientOf, race: Race
) -> None:
    client, key = client_of(volunteer), uuid7()

    answers = race(*[lambda: act(client, "POST", "me/trackers", {"name": "jeep"}, key=key)] * PARALLEL)

    assert sorted(answer.status_code for answer in answers) == [200] * (PARALLEL - 1) + [201]
    assert len({answer.json()["secret"] for answer in answers}) == 1
    assert Tracker.objects.count() == 1


@POSTGRES
@pytest.mark.django_db(transaction=True)
def test_deletions_at_once_are_one_deletion(volunteer: User, client_of: ClientOf, race: Race) -> None:
    """Without a key the second finds nothing to delete."""
    client, lost, key = client_of(volunteer), client_of(volunteer), uuid7()
    device = str(Device.objects.order_by("pk").last().pk)  # type: ignore[union-attr]
    assert lost.get("/api/v1/me").status_code == 200

    answers = race(*[lambda: act(client, "DELETE", f"me/devices/{device}", key=key)] * PARALLEL)

    assert [answer.status_code for answer in answers] == [204] * PARALLEL
    assert sum("Idempotency-Replayed" in answer for answer in answers) == PARALLEL - 1


@POSTGRES
@pytest.mark.django_db(transaction=True)
def test_both_doors_at_once_do_not_stop_each_other(
    volunteer: User, client_of: ClientOf, race: Race, at: datetime
) -> None:
    """Keys are taken before all other locks, so nobody waits for the other way round."""
    client, pairs = client_of(volunteer), [uuid7() for _ in range(3)]

    def commands() -> list[Any]:
        return [by_socket(volunteer, "duty.set", {"on": True}, key, at) for key in pairs]

    def requests() -> list[Any]:
        return [act(client, "PUT", "me/duty", {"on": True}, key=key) for key in pairs[::-1]]

    outcomes = race(commands, requests, commands, requests)

    assert not any(isinstance(outcome, Exception) for outcome in outcomes)
    assert all(answer.status_code == 200 for outcome in outcomes[1::2] for answer in outcome)
    assert KeyedAct.objects.count() == 3
