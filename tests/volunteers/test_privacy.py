"""Consents, guardians, credentials, looks, retention: what their doors and services do beyond the law's own rules."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from uuid6 import uuid7

from backend.accounts.models import Challenge, Invitation, User
from backend.audit.models import Entry
from backend.joining.models import Application
from backend.privacy.models import RetentionRun
from backend.privacy.services.retention import keep_to_limits
from backend.realtime.clock import tick
from backend.tracking.due import trim_places
from backend.tracking.models import LatestPosition
from backend.volunteers.consents import WORDINGS
from backend.volunteers.models import (
    AccessEntry,
    Consent,
    DutyPeriod,
    Guardian,
    LookedAt,
    Purpose,
    Volunteer,
)
from backend.volunteers.queries.masking import masked
from backend.volunteers.services.access_log import note_access, note_sightings
from backend.volunteers.services.consents import (
    GuardianMissing,
    WordingChanged,
    give_consent,
    withdraw_consent,
)
from backend.volunteers.services.guardians import withdraw_guardian
from tests.builders import ApplicationFactory, GuardianFactory
from tests.conftest import PASSWORD, Formation, MakeVolunteer, Published, Race, SignedInClient

ClientOf = Callable[[User], SignedInClient]


def test_consents_are_shown_in_ones_language(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)
    client.put("/api/v1/me/language", {"language": "zh-hans"}, format="json")

    shown = {consent["purpose"]: consent for consent in client.get("/api/v1/me/consents").json()}

    assert set(shown) == {"location", "photo", "contact"}
    assert "位置" in shown["location"]["text"]
    assert [bool(shown[purpose]["given_at"]) for purpose in ("location", "photo")] == [True, False]


def test_consent_names_the_version_that_was_read(volunteer: User, client_of: ClientOf) -> None:
    phone, door = client_of(volunteer), "/api/v1/me/consents/photo"

    other = phone.put(door, {"agreed": True, "version": 2}, format="json")
    missing = phone.put(door, {"agreed": True}, format="json")

    assert (other.status_code, other.json()["type"]) == (409, "/problems/wording-changed")
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/version")


def test_there_is_no_consent_to_an_unknown_purpose(volunteer: User, client_of: ClientOf) -> None:
    answer = client_of(volunteer).put("/api/v1/me/consents/anything", {"agreed": False}, format="json")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("chosen", "phone", "spoken"),
    [
        ("", "zh-Hans", "zh-hans"),
        ("", "zh-CN,zh;q=0.9", "zh-hans"),
        ("", "en-GB", "en"),
        ("", "", "en"),
        ("", "fr", "en"),
        ("zh-hans", "en", "zh-hans"),
        ("en", "zh-CN", "en"),
    ],
)
def test_consent_is_asked_in_the_language_of_the_person_or_of_the_phone(
    chosen: str, phone: str, spoken: str, volunteer: User, client_of: ClientOf
) -> None:
    User.objects.filter(pk=volunteer.pk).update(language=chosen)
    headers = {"Accept-Language": phone} if phone else {}

    for answer in (
        client_of(volunteer).get("/api/v1/me/consents", headers=headers),
        client_of(volunteer).put(
            "/api/v1/me/consents/photo", {"agreed": True, "version": 1}, format="json", headers=headers
        ),
    ):
        text = WORDINGS[Purpose.PHOTO].texts[spoken]
        assert answer.headers["Content-Language"] == spoken
        assert text in [consent["text"] for consent in answer.json()]


def test_consent_given_twice_is_one_and_every_change_is_on_record(volunteer: User, at: datetime) -> None:
    for _ in range(2):
        give_consent(purpose=Purpose.PHOTO, version=1, by=volunteer, at=at)
    for _ in range(2):
        withdraw_consent(purpose=Purpose.PHOTO, by=volunteer, at=at + timedelta(hours=1))

    held = Consent.objects.get(purpose=Purpose.PHOTO)
    assert (held.given_at, held.withdrawn_at) == (at, at + timedelta(hours=1))
    acts = Entry.objects.filter(act__startswith="consent.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["consent.given", "consent.withdrawn"]


def test_withdrawal_tells_the_phones_that_are_on_duty(
    volunteer: User, published: Published, at: datetime
) -> None:
    withdraw_consent(purpose=Purpose.LOCATION, by=volunteer, at=at)

    ((topic, type, data),) = published()
    assert (topic, type) == (volunteer.volunteer.topic, "duty.changed")
    assert (data["duty"]["on"], data["duty"]["tracked"]) == (True, False)


def test_a_minor_agrees_with_a_guardian_and_no_longer_when_the_guardian_does_not(
    formation: Formation, make_volunteer: MakeVolunteer, leader: User, at: datetime
) -> None:
    minor = make_volunteer(formation.squadron_a, adult=False, consents=False, papers=False)
    with pytest.raises(GuardianMissing):
        give_consent(purpose=Purpose.LOCATION, version=1, by=minor.user, at=at)
    guardian = GuardianFactory.create(volunteer=minor, consent_at=at)
    give_consent(purpose=Purpose.LOCATION, version=1, by=minor.user, at=at)

    withdraw_guardian(volunteer=minor, guardian_id=guardian.pk, by=leader, at=at)

    minor.refresh_from_db()
    assert minor.location_consent_at is None
    assert Consent.objects.get(volunteer=minor).withdrawn_at == at


def test_an_older_version_is_replaced(volunteer: User, at: datetime) -> None:
    with pytest.raises(WordingChanged):
        give_consent(purpose=Purpose.LOCATION, version=0, by=volunteer, at=at)
    Consent.objects.filter(volunteer__user=volunteer).update(version=0)

    give_consent(purpose=Purpose.LOCATION, version=1, by=volunteer, at=at)

    held = Consent.objects.order_by("pk").values_list("version", "withdrawn_at")
    assert list(held) == [(0, at), (1, None)]
    assert Volunteer.objects.get(user=volunteer).location_consent_at == at


@pytest.mark.postgres
def test_two_devices_that_agree_at_once_make_one_consent(
    race: Race, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    user = make_volunteer(None, consents=False).user

    def agree() -> None:
        give_consent(purpose=Purpose.LOCATION, version=1, by=user, at=at)

    assert race(*[agree for _ in range(4)]) == [None] * 4
    assert Consent.objects.count() == 1


@pytest.mark.postgres
def test_looks_that_are_noted_at_once_are_one(
    race: Race, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    viewer, *others = [make_volunteer(formation.squadron_a) for _ in range(40)]
    numbers = [other.number for other in others]

    def note(seen: list[int]) -> None:
        note_sightings({viewer.user_id: seen}, at=at)

    acts = [lambda seen=seen: note(seen) for seen in (numbers, numbers[::-1], numbers, numbers[::-1])]

    assert race(*acts) == [None] * 4
    assert AccessEntry.objects.count() == len(others)


def test_looks_are_one_an_hour_and_none_at_oneself(volunteer: User, leader: User, at: datetime) -> None:
    hour = at.replace(minute=0)
    people = [volunteer.volunteer.pk, leader.volunteer.pk]
    for minutes in (1, 30, 61):
        note_access(
            viewer_user_id=leader.pk,
            volunteer_ids=people,
            what=LookedAt.PROFILE,
            at=hour + timedelta(minutes=minutes),
        )

    found = AccessEntry.objects.order_by("pk").values_list("subject__user", "at")
    assert list(found) == [(volunteer.pk, hour + timedelta(minutes=n)) for n in (1, 61)]


def test_looks_of_every_sort_are_told(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    for what in LookedAt:
        note_access(viewer_user_id=leader.pk, volunteer_ids=[volunteer.volunteer.pk], what=what, at=at)

    answer = client_of(volunteer).get("/api/v1/me/looks")

    assert {look["what"] for look in answer.json()["items"]} == set(LookedAt.values)


def test_looks_come_in_pages(volunteer: User, leader: User, client_of: ClientOf, at: datetime) -> None:
    for hours in range(60):
        note_sightings({leader.pk: [volunteer.volunteer.number]}, at=at - timedelta(hours=60 - hours))
    client = client_of(volunteer)

    first = client.get("/api/v1/me/looks").json()
    second = client.get(f"/api/v1/me/looks?after={first['next']}").json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (50, 10, None)
    moments = [item["at"] for item in first["items"] + second["items"]]
    assert moments == sorted(moments, reverse=True)
    assert client.get("/api/v1/me/looks?after=x").status_code == 422


def test_a_leader_who_reads_records_is_noted(volunteer: User, leader: User, client_of: ClientOf) -> None:
    path = f"/api/v1/volunteers/{volunteer.volunteer.number:08d}"
    client_of(leader).get(f"{path}/credentials")
    client_of(volunteer).get(f"{path}/guardians")

    assert list(AccessEntry.objects.values_list("viewer", "subject__user", "what")) == [
        (leader.pk, volunteer.pk, "records")
    ]


def test_records_are_the_same_when_sent_again_and_refused_when_other(
    volunteer: User, leader: User, client_of: ClientOf, at: datetime
) -> None:
    path, client = f"/api/v1/volunteers/{volunteer.volunteer.number:08d}", client_of(leader)
    insurance = {"id": str(uuid7()), "kind": "insurance", "reference": "P-1", "valid_from": at.isoformat()}
    guardian = {"id": str(uuid7()), "name": "父", "phone": "13800001234", "consent_at": at.isoformat()}

    for door, body, other in (
        ("credentials", insurance, {"reference": "P-2"}),
        ("guardians", guardian, {"phone": "13800001235"}),
    ):
        answers = [client.post(f"{path}/{door}", sent, format="json") for sent in (body, body, body | other)]
        assert [answer.status_code for answer in answers] == [201, 201, 409]
        assert answers[0].json() == answers[1].json()
    assert client.get(f"{path}/guardians").json()[0]["phone"] == "138****1234"
    assert "13800001234" not in Guardian.objects.get().phone_sealed


def test_nobody_keeps_their_own_records(leader: User, client_of: ClientOf, at: datetime) -> None:
    body = {"id": str(uuid7()), "kind": "training", "valid_from": at.isoformat()}
    path = f"/api/v1/volunteers/{leader.volunteer.number:08d}/credentials"

    assert client_of(leader).post(path, body, format="json").status_code == 404


def test_deletion_needs_the_password_and_counts_wrong_ones(volunteer: User, client_of: ClientOf) -> None:
    client = client_of(volunteer)

    wrong = [client.post("/api/v1/me/deletion", {"password": "x"}, format="json") for _ in range(11)]

    assert {answer.status_code for answer in wrong[:9]} == {403}
    assert wrong[-1].status_code == 429
    assert Volunteer.objects.get(user=volunteer).erased_at is None


def test_deletion_tells_what_is_kept(volunteer: User, client_of: ClientOf) -> None:
    answer = client_of(volunteer).post("/api/v1/me/deletion", {"password": PASSWORD}, format="json")

    assert answer.status_code == 200
    assert any("service records" in line for line in answer.json()["kept"])


def test_retention_deletes_what_is_past_its_limit_and_reports_it(
    volunteer: User, leader: User, at: datetime
) -> None:
    person = volunteer.volunteer
    for days in (181, 179):
        note_sightings({leader.pk: [person.number]}, at=at - timedelta(days=days))
    give_consent(purpose=Purpose.PHOTO, version=1, by=volunteer, at=at - timedelta(days=2000))
    withdraw_consent(purpose=Purpose.PHOTO, by=volunteer, at=at - timedelta(days=1999))

    assert keep_to_limits(at=at) == 2
    assert keep_to_limits(at=at) == 0

    assert AccessEntry.objects.count() == 1
    report = dict(RetentionRun.objects.values_list("kind", "deleted"))
    assert (report["looks"], report["withdrawn consents"], report["wrong passwords"]) == (1, 1, 0)
    out = StringIO()
    call_command("retention_report", stdout=out)
    assert "looks: 1 deleted, kept 180 days" in out.getvalue()


def test_who_applied_in_vain_and_invitations_that_are_over_are_forgotten(
    volunteer: User, formation: Formation, at: datetime
) -> None:
    for days in (181, 179):
        ApplicationFactory.create(unit=formation.squadron_a, at=at - timedelta(days=days))
    for days in (91, 89):
        ended = at - timedelta(days=days)
        Invitation.objects.create(
            user=volunteer, code_key="x", made_at=ended, expires_at=ended, used_at=ended
        )

    assert keep_to_limits(at=at) == 2

    assert Application.objects.get().at == at - timedelta(days=179)
    assert Invitation.objects.get().expires_at == at - timedelta(days=89)


def test_the_last_place_of_whoever_is_off_the_map_is_deleted_after_an_hour(db: None, at: datetime) -> None:
    for person, scope, hours in ((1, "", 2), (2, "", 0), (3, "0001", 2)):
        LatestPosition.objects.create(
            person=person, scope=scope, at=at, received_at=at - timedelta(hours=hours), lon=119.9, lat=29.4
        )

    assert trim_places(at=at) == 1
    assert set(LatestPosition.objects.values_list("person", flat=True)) == {2, 3}
    assert RetentionRun.objects.get().kind == "last places"


def test_everything_that_the_clock_deletes_of_people_stands_on_the_report(
    volunteer: User, formation: Formation, at: datetime
) -> None:
    old = at - timedelta(days=100)
    person = volunteer.volunteer
    DutyPeriod.objects.create(volunteer=person, since=old, until=old)
    Challenge.objects.create(pk=uuid7(), user=volunteer, made_at=old, expires_at=old)
    ApplicationFactory.create(unit=formation.squadron_a, at=old, decided_at=old, status="rejected")

    tick(at=at)

    report = dict(RetentionRun.objects.filter(deleted__gt=0).values_list("kind", "deleted"))
    assert report == {
        "times of duties": 1,
        "decided applications": 1,
        "sign-ins without a second factor": 1,
    }
    assert RetentionRun.objects.filter(kind="imports that nobody started", deleted=0).exists()


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812341234", "138****1234"),
        ("+8613812341234", "+86****1234"),
        ("87654321", "****"),
        ("110", "****"),
        ("", ""),
    ],
)
def test_masked_phones_cannot_be_called(phone: str, shown: str) -> None:
    assert masked(phone) == shown
