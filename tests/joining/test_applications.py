"""People apply from outside; the leader of the unit decides once."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient
from uuid6 import uuid7

from backend.accounts.models import User
from backend.accounts.services.phones import PhoneTaken
from backend.audit.models import Entry
from backend.joining.models import Application
from backend.joining.schemas import ApplicationIn
from backend.joining.services import applications
from backend.joining.services.applications import AlreadyDecided
from backend.lib.errors import NotFound, TooMany
from backend.volunteers import queries
from backend.volunteers.models import UnitCount, Volunteer
from backend.volunteers.queries.seats import seat_text
from backend.volunteers.services.memberships import leave_unit
from tests.conftest import PASSWORD, Formation, Published, Race

PHONE = "139 0000 0001"


def wanted(formation: Formation, **changes: Any) -> ApplicationIn:
    """Return an application to squadron A."""
    fields = {"id": str(uuid7()), "unit": formation.squadron_a.number, "name": "赵阿姨", "phone": PHONE}
    return ApplicationIn.model_validate(fields | {"born_on": "1980-01-01", "password": PASSWORD} | changes)


def applied(formation: Formation, at: datetime, **changes: Any) -> Application:
    """Apply, and return what was kept."""
    body = wanted(formation, **changes)
    applications.apply(wanted=body, address="192.0.2.1", at=at)
    return Application.objects.get(pk=body.id)


def test_approving_makes_a_volunteer_who_can_sign_in(
    formation: Formation, leader: User, published: Published, at: datetime
) -> None:
    application = applied(formation, at)

    approved = applications.approve_application(application_id=application.pk, by=leader, at=at)

    volunteer = Volunteer.objects.get(user__phone_key=application.phone_key)
    assert approved.volunteer == volunteer
    assert (volunteer.name, volunteer.born_on) == ("赵阿姨", date(1980, 1, 1))
    assert volunteer.user.check_password(PASSWORD)
    assert volunteer.user.phone == "13900000001"
    (membership,) = queries.me_of(volunteer.user, at=at).memberships
    assert (membership.unit, membership.is_primary) == (formation.squadron_a.number, True)
    assert membership.seat == seat_text(formation.squadron_a, 2)
    line = Entry.objects.get(act="application.approved")
    assert (line.by, line.post) == (leader, f"leader@{formation.squadron_a.number}")
    told = published(formation.squadron_a.topic, "application.changed")
    assert [data["status"] for _, _, data in told] == ["pending", "approved"]
    assert "赵阿姨" not in str(told)


def test_the_phone_is_sealed_and_the_password_hashed(formation: Formation, at: datetime) -> None:
    application = applied(formation, at)

    row = Application.objects.filter(pk=application.pk).values().get()
    assert "13900000001" not in str(row)
    assert PASSWORD not in str(row)
    assert application.phone == "13900000001"


def test_approving_again_makes_nobody_else(formation: Formation, leader: User, at: datetime) -> None:
    application = applied(formation, at)

    first = applications.approve_application(application_id=application.pk, by=leader, at=at)
    again = applications.approve_application(application_id=application.pk, by=leader, at=at)

    assert first.volunteer == again.volunteer
    with pytest.raises(AlreadyDecided):
        applications.reject_application(application_id=application.pk, reason="late", by=leader, at=at)


def test_rejecting_is_final_and_forgets_the_password(
    formation: Formation, leader: User, at: datetime
) -> None:
    application = applied(formation, at)

    applications.reject_application(application_id=application.pk, reason="too far", by=leader, at=at)

    application.refresh_from_db()
    assert (application.status, application.reason, application.password) == ("rejected", "too far", "")
    with pytest.raises(AlreadyDecided):
        applications.approve_application(application_id=application.pk, by=leader, at=at)
    assert Volunteer.objects.count() == 1


def test_only_the_right_phone_takes_an_application_back(formation: Formation, at: datetime) -> None:
    application = applied(formation, at)

    applications.withdraw_application(application_id=application.pk, phone="13900000009", at=at)
    application.refresh_from_db()
    assert application.status == "pending"
    applications.withdraw_application(application_id=application.pk, phone=PHONE, at=at)
    application.refresh_from_db()
    assert application.status == "withdrawn"


@pytest.mark.parametrize("who", ["sibling_leader", "outsider", "stranger", "volunteer"])
def test_nobody_else_decides(
    formation: Formation, request: pytest.FixtureRequest, who: str, at: datetime
) -> None:
    other = request.getfixturevalue(who)
    application = applied(formation, at)

    for act in (
        lambda: applications.approve_application(application_id=application.pk, by=other, at=at),
        lambda: applications.reject_application(application_id=application.pk, reason="no", by=other, at=at),
    ):
        with pytest.raises(NotFound):
            act()
    application.refresh_from_db()
    assert application.status == "pending"


def test_the_door_answers_the_same_whoever_is_known(
    formation: Formation, volunteer: User, at: datetime
) -> None:
    """A phone that is a member's, one that applied before, a retry and a new one look alike."""
    client = APIClient()
    known = wanted(formation, phone=volunteer.phone)
    bodies = [known, wanted(formation), wanted(formation), known, wanted(formation, phone="13900000002")]

    answers = [
        client.post("/api/v1/applications", body.model_dump(mode="json"), format="json") for body in bodies
    ]

    assert [answer.status_code for answer in answers] == [202] * 5
    assert [answer.json() for answer in answers] == [
        {"id": str(body.id), "status": "pending"} for body in bodies
    ]
    assert Application.objects.count() == 3


def test_whoever_had_left_every_unit_comes_back_under_their_number(
    formation: Formation, leader: User, volunteer: User, at: datetime
) -> None:
    person = volunteer.volunteer
    leave_unit(number=f"{person.number:08d}", unit=formation.squadron_a, by=volunteer, at=at)
    application = applied(formation, at, phone=volunteer.phone, name=person.name)

    for _ in range(2):
        approved = applications.approve_application(application_id=application.pk, by=leader, at=at)
        assert approved.volunteer == person

    (membership,) = queries.me_of(volunteer, at=at).memberships
    assert (membership.unit, membership.is_primary) == (formation.squadron_a.number, True)
    assert User.objects.get(pk=volunteer.pk).check_password(PASSWORD)
    assert Entry.objects.get(act="volunteer.returned").post == f"leader@{formation.squadron_a.number}"
    assert UnitCount.objects.get(pk=formation.squadron_a.pk).members == 2


@pytest.mark.parametrize("written", ["王  大妈", "王　大妈", "王大妈\u200b"])
def test_who_comes_back_may_write_the_name_with_other_spaces(
    formation: Formation, leader: User, volunteer: User, at: datetime, written: str
) -> None:
    person = volunteer.volunteer
    Volunteer.objects.filter(pk=person.pk).update(name="王大妈")
    leave_unit(number=f"{person.number:08d}", unit=formation.squadron_a, by=volunteer, at=at)
    application = applied(formation, at, phone=volunteer.phone, name=written)

    approved = applications.approve_application(application_id=application.pk, by=leader, at=at)

    assert approved.volunteer == person


@pytest.mark.parametrize(
    "password",
    ["12345678", "short", "password123", "12345678901234", "13900000001 mine", "赵阿姨赵阿姨赵阿姨赵阿姨"],
)
def test_a_password_that_an_account_would_not_take_is_refused(
    formation: Formation, client: Client, password: str
) -> None:
    body = wanted(formation).model_dump(mode="json") | {"password": password}

    answer = client.post("/api/v1/applications", body, content_type="application/json")

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/password")
    assert not Application.objects.exists()


@pytest.mark.parametrize("other", [{"name": "别人"}, {"standing": "suspended"}])
def test_somebody_else_with_the_phone_or_whoever_is_suspended_does_not_come_back(
    formation: Formation, leader: User, volunteer: User, at: datetime, other: dict[str, str]
) -> None:
    person = volunteer.volunteer
    leave_unit(number=f"{person.number:08d}", unit=formation.squadron_a, by=volunteer, at=at)
    application = applied(formation, at, phone=volunteer.phone, name=person.name)
    Volunteer.objects.filter(pk=person.pk).update(**other)

    with pytest.raises(PhoneTaken):
        applications.approve_application(application_id=application.pk, by=leader, at=at)


def test_a_members_phone_is_told_to_the_leader_alone(
    formation: Formation, leader: User, volunteer: User, at: datetime
) -> None:
    application = applied(formation, at, phone=volunteer.phone)

    with pytest.raises(PhoneTaken):
        applications.approve_application(application_id=application.pk, by=leader, at=at)
    application.refresh_from_db()
    assert application.status == "pending"


def test_a_phone_waits_in_three_units_at_most(formation: Formation, at: datetime) -> None:
    units = (formation.squadron_a, formation.squadron_b, formation.squadron_c, formation.brigade)

    for unit in units:
        applications.apply(wanted=wanted(formation, unit=unit.number), address="", at=at)

    assert Application.objects.count() == applications.MOST_OF_PHONE


@pytest.mark.parametrize(("bound", "addresses"), [("MOST_OF_ADDRESS", "same"), ("MOST_OF_UNIT", "other")])
def test_too_many_applications_are_refused(
    formation: Formation, monkeypatch: pytest.MonkeyPatch, bound: str, addresses: str, at: datetime
) -> None:
    monkeypatch.setattr(applications, bound, 2)
    for n in range(2):
        body = wanted(formation, phone=f"1390000000{n}")
        applications.apply(wanted=body, address=addresses if addresses == "same" else str(n), at=at)

    with pytest.raises(TooMany):
        applications.apply(wanted=wanted(formation, phone="13900000007"), address="same", at=at)


def test_pages_of_applications_follow_each_other(
    formation: Formation,
    leader: User,
    client_of: Callable[[User], APIClient],
    monkeypatch: pytest.MonkeyPatch,
    at: datetime,
) -> None:
    monkeypatch.setattr("backend.joining.queries.PAGE", 2)
    made = [
        applied(formation, at + timedelta(seconds=n), phone=f"1390000000{n}", name=f"甲{n}") for n in range(3)
    ]
    path = f"/api/v1/units/{formation.squadron_a.number}/applications"

    first = client_of(leader).get(path).json()
    second = client_of(leader).get(f"{path}?after={first['next']}").json()

    assert [item["id"] for page in (first, second) for item in page["items"]] == [str(one.pk) for one in made]
    assert second["next"] is None
    assert first["items"][0]["phone"] == "13900000000"
    assert client_of(leader).get(f"{path}?status=approved").json()["items"] == []


def test_decided_applications_are_forgotten_after_a_season(
    formation: Formation, leader: User, at: datetime
) -> None:
    old = applied(formation, at, phone="13900000003")
    applications.reject_application(application_id=old.pk, reason="no", by=leader, at=at)
    applied(formation, at, phone="13900000004")

    assert applications.forget_applications(at=at + applications.KEPT) == 0
    assert applications.forget_applications(at=at + applications.KEPT + timedelta(seconds=1)) == 1
    assert Application.objects.get().status == "pending"


def test_two_approvals_at_once_make_one_volunteer(
    formation: Formation, leader: User, commander: User, race: Race, at: datetime
) -> None:
    application = applied(formation, at)

    results = race(
        *(
            lambda by=by: applications.approve_application(application_id=application.pk, by=by, at=at)
            for by in (leader, commander) * 3
        )
    )

    assert {result.volunteer.number for result in results} == {Volunteer.objects.latest("pk").number}
    assert Entry.objects.filter(act="application.approved").count() == 1


def test_two_approvals_of_one_phone_at_once_leave_one_volunteer(
    formation: Formation, commander: User, race: Race, at: datetime
) -> None:
    """The second is told, as it would be a moment later: not an error that nobody foresaw."""
    units = (formation.squadron_a, formation.squadron_b, formation.squadron_c)
    waiting = [applied(formation, at, unit=unit.number) for unit in units]

    results = race(
        *(
            lambda pk=one.pk: applications.approve_application(application_id=pk, by=commander, at=at)
            for one in waiting
        )
    )

    assert sorted(type(result).__name__ for result in results) == ["Application", "PhoneTaken", "PhoneTaken"]
    assert Volunteer.objects.filter(name="赵阿姨").count() == 1


def test_the_same_application_at_once_is_kept_once(formation: Formation, race: Race, at: datetime) -> None:
    results = race(
        *(lambda: applications.apply(wanted=wanted(formation), address="", at=at) for _ in range(5))
    )

    assert results == [None] * 5
    assert Application.objects.count() == 1
