"""What people say of being woken: one document, replaced as a whole."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count
from uuid6 import uuid7

from backend.accounts.models import User
from backend.audit.models import Entry
from backend.readiness.models import LeadersWord, Waking, WakingHours
from backend.readiness.queries import waking_of
from backend.readiness.schemas import WakingIn
from backend.readiness.services.statements import say_waking
from backend.volunteers.models import Unit, Volunteer
from backend.volunteers.services.merging import merge_volunteers
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, Race
from tests.readiness.conftest import ALL_DAY, ClientOf, Speak, say

ADDRESS = "/api/v1/me/waking"
RESCUE = {"categories": ["rescue"], "start": "06:00", "end": "22:00"}
NIGHT = {"start": "22:00", "end": "06:00"}


def test_nothing_was_said_at_first(volunteer: User, client_of: ClientOf) -> None:
    assert client_of(volunteer).get(ADDRESS).json() == {
        "zone": "Asia/Shanghai",
        "said_at": None,
        "consents": [],
        "refused_hours": [],
        "refused_categories": [],
        "words": [],
    }


def test_what_is_said_takes_the_place_of_what_was_said_before(
    volunteer: User, formation: Formation, client_of: ClientOf, published: Published
) -> None:
    Unit.objects.filter(pk=formation.squadron_a.pk).update(zone="Europe/Berlin")
    client = client_of(volunteer)
    client.put(ADDRESS, {"consents": [RESCUE], "refused_categories": ["legal", "city"]}, format="json")

    answer = client.put(ADDRESS, {"consents": [RESCUE], "refused_hours": [NIGHT]}, format="json")

    said = answer.json()
    assert (answer.status_code, said) == (200, client.get(ADDRESS).json())
    assert (said["consents"], said["refused_hours"], said["refused_categories"]) == ([RESCUE], [NIGHT], [])
    assert said["zone"] == "Europe/Berlin"
    rows = WakingHours.objects.order_by("refused", "from_minute")
    assert list(rows.values_list("refused", "category", "from_minute", "until_minute")) == [
        (False, "rescue", 360, 1320),
        (True, "", 0, 360),
        (True, "", 1320, 1440),
    ]
    assert [data["waking"] for _, _, data in published(volunteer.volunteer.topic, "waking.changed")][
        1
    ] == said
    details = {"consents": 1, "refused_hours": 1, "refused_categories": 0}
    assert Entry.objects.filter(act="waking.said", by=volunteer).latest("pk").details == details


def test_the_same_again_changes_nothing(volunteer: User, published: Published, at: datetime) -> None:
    say(volunteer.volunteer, at, consents=[RESCUE], refused_categories=["legal", "city"])
    told = len(published)

    say(volunteer.volunteer, at + timedelta(hours=1), consents=[RESCUE], refused_categories=["city", "legal"])

    assert Waking.objects.get().said_at == at
    assert (Entry.objects.filter(act="waking.said").count(), len(published)) == (1, told)


def test_a_request_sent_again_with_its_key_is_one_act(volunteer: User, client_of: ClientOf) -> None:
    client, key = client_of(volunteer), str(uuid7())
    first = client.put(ADDRESS, {"refused_hours": [NIGHT]}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    client.put(ADDRESS, {}, format="json")

    again = client.put(ADDRESS, {"refused_hours": [NIGHT]}, format="json", HTTP_IDEMPOTENCY_KEY=key)

    assert (first.json()["refused_hours"], again.json()["refused_hours"]) == ([NIGHT], [])
    assert Entry.objects.filter(act="waking.said").count() == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {"consents": [RESCUE | {"categories": []}]},
        {"consents": [RESCUE | {"categories": ["rescue", "rescue"]}]},
        {"consents": [RESCUE | {"categories": ["war"]}]},
        {"consents": [RESCUE | {"start": "22:00"}]},
        {"consents": [RESCUE | {"start": "24:00"}]},
        {"consents": [RESCUE | {"end": "25:00"}]},
        {"consents": [{"categories": ["rescue"]}]},
        {"consents": [RESCUE] * 21},
        {"refused_hours": [NIGHT] * 11},
        {"refused_hours": [{"start": "06:00", "end": "06:00"}]},
        {"refused_categories": ["legal", "legal"]},
        {"refused_categories": "all"},
        {"always": True},
    ],
)
def test_what_cannot_be_meant_is_refused(
    volunteer: User, client_of: ClientOf, wanted: dict[str, Any]
) -> None:
    assert client_of(volunteer).put(ADDRESS, wanted, format="json").status_code == 422
    assert (Waking.objects.count(), WakingHours.objects.count()) == (0, 0)


def test_the_most_that_can_be_said_is_kept(volunteer: User, client_of: ClientOf) -> None:
    every = ["rescue", "city", "culture", "care", "community", "environment", "healthcare", "psychology"]
    wanted = {"consents": [{"categories": every, **NIGHT}] * 20, "refused_hours": [NIGHT] * 10}

    assert client_of(volunteer).put(ADDRESS, wanted, format="json").status_code == 200
    assert WakingHours.objects.count() == 20 * 8 * 2 + 10 * 2


def test_only_the_person_and_leaders_who_look_after_them_see_it(
    volunteer: User,
    leader: User,
    sibling_leader: User,
    stranger: User,
    commander: User,
    outsider: User,
    client_of: ClientOf,
    at: datetime,
) -> None:
    say(volunteer.volunteer, at, refused_hours=[NIGHT])
    address = f"/api/v1/volunteers/{volunteer.volunteer.number:08d}/waking"

    answers = {
        user: client_of(user).get(address).status_code
        for user in (volunteer, leader, commander, sibling_leader, stranger, outsider)
    }

    assert list(answers.values()) == [200, 200, 200, 404, 404, 404]
    looks = client_of(volunteer).get("/api/v1/me/looks").json()["items"]
    assert {look["viewer"] for look in looks} >= {f"{leader.volunteer.number:08d}"}


def test_merged_records_keep_what_either_refuses_and_the_consents_of_one(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, speak: Speak, at: datetime
) -> None:
    kept = make_volunteer(formation.squadron_a, on_duty=False, name="王秀兰")
    gone = make_volunteer(formation.squadron_a, on_duty=False, name="王秀兰")
    say(kept, at - timedelta(hours=1), consents=[RESCUE], refused_categories=["legal"])
    say(gone, at - timedelta(hours=1), consents=[{"categories": ["care"], **ALL_DAY}], refused_hours=[NIGHT])
    speak(gone)

    merge_volunteers(kept=kept.number, duplicate=gone.number, by=leader, at=at)

    said = waking_of(kept, at=at)
    assert [one.categories for one in said.consents] == [["rescue"]]
    assert [one.model_dump() for one in said.refused_hours] == [NIGHT]
    assert (said.refused_categories, said.words) == (["legal"], [])
    assert LeadersWord.objects.get().volunteer == kept
    found = WakingHours.objects.values_list("volunteer", "refused").annotate(Count("pk")).order_by("refused")
    assert list(found) == [(kept.pk, False, 1), (kept.pk, True, 3)]


def test_it_is_exported_and_deleted_with_the_person(
    volunteer: User, client_of: ClientOf, speak: Speak, at: datetime
) -> None:
    say(volunteer.volunteer, at - timedelta(hours=1), consents=[RESCUE], refused_hours=[NIGHT])
    speak(volunteer.volunteer)
    client = client_of(volunteer)

    exported = client.get("/api/v1/me/export").json()["waking"]
    deleted = client.post("/api/v1/me/deletion", {"password": PASSWORD}, format="json")

    assert (exported["consents"], exported["refused_hours"]) == ([RESCUE], [NIGHT])
    assert [one["categories"] for one in exported["words"]] == [["patrol"]]
    assert deleted.status_code == 200, deleted.json()
    counts = [model.objects.count() for model in (Waking, LeadersWord, WakingHours)]
    assert counts == [0, 0, 0]


@pytest.mark.postgres
def test_two_devices_at_once_leave_one_whole_document(race: Race, volunteer: User, at: datetime) -> None:
    both = [
        {"consents": [{"categories": ["care", "city"], **ALL_DAY}], "refused_hours": []},
        {"consents": [], "refused_hours": [NIGHT]},
    ]

    race(
        *[
            lambda one=one: say_waking(wanted=WakingIn.model_validate(one), by=volunteer, at=at)
            for one in both
            for _ in range(3)
        ]
    )

    said = waking_of(Volunteer.objects.get(user=volunteer), at=at)
    rows = set(WakingHours.objects.values_list("refused", "category"))
    if said.consents:
        assert (WakingHours.objects.count(), rows) == (2, {(False, "care"), (False, "city")})
    else:
        assert (WakingHours.objects.count(), rows) == (2, {(True, "")})


def test_hours_are_those_of_every_day() -> None:
    night = WakingIn.model_validate({"refused_hours": [NIGHT, ALL_DAY, {"start": "22:00", "end": "00:00"}]})

    assert [one.parts for one in night.refused_hours] == [
        [(1320, 1440), (0, 360)],
        [(0, 1440)],
        [(1320, 1440)],
    ]
