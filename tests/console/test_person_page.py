"""The page of a person: what each sees of it, and what leaders note and decide there."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils.html import escape
from uuid6 import uuid7

from backend.accounts.models import User
from backend.volunteers.models import AccessEntry, Credential, Guardian, Role, Standing, Volunteer
from backend.volunteers.services.people import appoint
from tests.conftest import Formation, MakeVolunteer
from tests.pages import page_of

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def address(volunteer: User) -> str:
    return f"/people/{volunteer.volunteer.number:08d}/"


@pytest.fixture
def dispatcher(formation: Formation, make_volunteer: MakeVolunteer, at: datetime) -> User:
    person = make_volunteer(formation.squadron_a)
    appoint(volunteer=person, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)
    return person.user


def test_a_leader_sees_everything_and_that_is_noted(
    leader: User, volunteer: User, formation: Formation, address: str, at: datetime
) -> None:
    text = page_of(leader, at).get(address).content.decode()

    assert f"<h1>{volunteer.volunteer.name}</h1>" in text
    assert f'href="tel:{volunteer.phone}"' in text
    assert formation.squadron_a.display_name in text
    assert 'value="suspend"' in text
    assert 'name="valid_from"' in text
    looks = AccessEntry.objects.filter(subject=volunteer.volunteer, viewer=leader).values_list(
        "what", flat=True
    )
    assert set(looks) == {"profile", "phone", "records"}


def test_a_dispatcher_sees_no_records_and_a_masked_phone(
    dispatcher: User, volunteer: User, address: str, at: datetime
) -> None:
    text = page_of(dispatcher, at).get(address).content.decode()

    assert f"<h1>{volunteer.volunteer.name}</h1>" in text
    assert volunteer.phone not in text
    assert "<form" not in text.split("<main", 1)[1]


def test_strangers_and_comrades_find_nothing(
    outsider: User,
    stranger: User,
    make_volunteer: MakeVolunteer,
    formation: Formation,
    address: str,
    at: datetime,
) -> None:
    comrade = make_volunteer(formation.squadron_a).user

    for nobody in (outsider, stranger, comrade):
        client = page_of(nobody, at)
        assert client.get(address).status_code == 404
        for act in (
            "standing/",
            "credentials/",
            "guardians/",
            f"credentials/{uuid7()}/",
            f"guardians/{uuid7()}/",
        ):
            assert client.post(f"{address}{act}").status_code == 404


def test_a_dispatcher_decides_nothing(dispatcher: User, volunteer: User, address: str, at: datetime) -> None:
    client = page_of(dispatcher, at)

    assert client.post(f"{address}standing/", {"act": "suspend", "reason": "an inquiry"}).status_code == 404
    note = {"id": str(uuid7()), "kind": "training", "valid_from": "2026-01-01"}
    assert client.post(f"{address}credentials/", note).status_code == 404

    assert Volunteer.objects.get(user=volunteer).standing == Standing.ACTIVE
    assert not Credential.objects.filter(pk=note["id"]).exists()


def test_a_leader_notes_an_insurance_by_days_and_revokes_it(
    leader: User, volunteer: User, address: str, at: datetime
) -> None:
    client = page_of(leader, at)
    note = {
        "id": uuid7(),
        "kind": "insurance",
        "reference": "P-1",
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
    }

    for _ in range(2):  # a second press of the button is the same record
        assert client.post(f"{address}credentials/", note)["Location"] == address

    (held,) = Credential.objects.filter(volunteer__user=volunteer, reference="P-1")
    assert held.valid_from.astimezone(ZONE).isoformat() == "2026-01-01T00:00:00+08:00"
    assert held.valid_until is not None
    assert held.valid_until.astimezone(ZONE).isoformat() == "2026-12-31T23:59:59+08:00"
    text = client.get(address).content.decode()
    assert "P-1" in text
    assert re.search(r"2026-12-31\s*<", text)

    client.post(f"{address}credentials/{held.pk}/")

    assert Credential.objects.get(pk=held.pk).revoked_at is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_from": "31.12.2026"},
        {"valid_from": ""},
        {"valid_until": "2025-01-01"},
        {"kind": "licence"},
        {"id": "7"},
        {"reference": "x" * 81},
        {"valid_from": "9999-12-31", "valid_until": "9999-12-31"},
    ],
    ids=str,
)
def test_what_does_not_fit_is_said_and_nothing_is_noted(
    wrong: dict[str, Any], leader: User, address: str, at: datetime
) -> None:
    note = {"id": uuid7(), "kind": "insurance", "reference": "P-1", "valid_from": "2026-01-01"}
    before = Credential.objects.count()

    answer = page_of(leader, at).post(f"{address}credentials/", note | wrong)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Credential.objects.count() == before


def test_a_leader_notes_a_guardian_whose_phone_is_masked(
    leader: User, make_volunteer: MakeVolunteer, formation: Formation, at: datetime
) -> None:
    minor = make_volunteer(formation.squadron_a, adult=False)
    address, client = f"/people/{minor.number:08d}/", page_of(leader, at)
    before = Guardian.objects.filter(volunteer=minor).count()
    agreed = (at - timedelta(days=2)).date().isoformat()

    given = {"id": uuid7(), "name": "陈芳", "phone": "13811112222", "consent_on": agreed}
    client.post(f"{address}guardians/", given)

    assert Guardian.objects.filter(volunteer=minor).count() == before + 1
    text = client.get(address).content.decode()
    assert "138****2222" in text
    held = Guardian.objects.get(volunteer=minor, name="陈芳")
    client.post(f"{address}guardians/{held.pk}/")
    assert Guardian.objects.get(pk=held.pk).withdrawn_at is not None


def test_a_leader_suspends_until_the_end_of_a_day_takes_back_and_retires(
    leader: User, volunteer: User, address: str, at: datetime
) -> None:
    client, person = page_of(leader, at), volunteer.volunteer
    last = (at.astimezone(ZONE) + timedelta(days=3)).date()

    client.post(
        f"{address}standing/", {"act": "suspend", "reason": "an <inquiry>", "until": last.isoformat()}
    )

    person.refresh_from_db()
    assert person.standing == Standing.SUSPENDED
    assert person.standing_until is not None
    assert person.standing_until.astimezone(ZONE).date() == last
    assert escape("an <inquiry>") in client.get(address).content.decode()

    client.post(f"{address}standing/", {"act": "reinstate"})
    person.refresh_from_db()
    assert person.standing == Standing.ACTIVE

    assert client.post(f"{address}standing/", {"act": "retire", "reason": ""}).status_code == 422
    client.post(f"{address}standing/", {"act": "retire", "reason": "moved away"})
    person.refresh_from_db()
    assert person.standing == Standing.RETIRED
    late = client.post(f"{address}standing/", {"act": "suspend", "reason": "too late"})
    assert late.status_code == 409


def test_the_roster_leads_to_the_person(leader: User, address: str, at: datetime) -> None:
    assert f'<a href="{address}">' in page_of(leader, at).get("/roster/").content.decode()
