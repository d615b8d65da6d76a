"""Whom a call-out asks, by the severity of its task and by what people have said."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid6 import uuid7

from backend.accounts.models import User
from backend.dispatch import services
from backend.dispatch.models import Assignment, CallOut, Severity
from backend.dispatch.schemas import CallOutIn
from backend.dispatch.services.refusals import CallOutIdTaken, LifeAtStakeNotYours, NobodyToAsk
from backend.readiness.queries import unit_readiness
from backend.tracking.models import Fix, LatestPosition
from backend.volunteers.models import Category, Membership, Role, Unit, Volunteer
from backend.volunteers.schemas.availability import AvailabilityIn
from backend.volunteers.services import appoint
from backend.volunteers.services.availability import plan_availability
from tests.conftest import Formation, MakeVolunteer
from tests.dispatch.conftest import Ask, MakeTask, Reply
from tests.readiness.conftest import ALL_DAY, ClientOf, Speak, hours, say

GRAVE = ["life_at_stake", "urgent"]


def asked(call_out: CallOut) -> set[Volunteer]:
    rows = Assignment.objects.filter(through__call_out=call_out).select_related("volunteer")
    return {row.volunteer for row in rows}


def plan(person: Volunteer, at: datetime, moment: datetime, *, available: bool = True) -> None:
    """Let a person plan the hour around a moment."""
    period = {
        "from_at": moment - timedelta(minutes=30),
        "until_at": moment + timedelta(minutes=30),
        "available": available,
    }
    plan_availability(wanted=AvailabilityIn.model_validate({"periods": [period]}), by=person.user, at=at)


@pytest.fixture
def at_home(formation: Formation, make_volunteer: MakeVolunteer) -> list[Volunteer]:
    """Four members of squadron A at home."""
    return [make_volunteer(formation.squadron_a, on_duty=False) for _ in range(4)]


@pytest.fixture
def sixty(
    formation: Formation, make_volunteer: MakeVolunteer, speak: Speak, noon: datetime, at: datetime
) -> dict[str, set[Volunteer]]:
    """Sixty members at home, by what holds for them: no device is signed in, and one has no password either."""
    people = [make_volunteer(formation.squadron_a, on_duty=False) for _ in range(60)]
    woken, planned, unsaid = people[:40], people[40:50], people[50:59]
    for person in woken:
        say(person, at, consents=[{"categories": ["patrol"], **hours(at, 1, 1)}])
    for person in planned:
        plan(person, at, noon)
    without_account = people[59]
    without_account.user.set_unusable_password()
    without_account.user.save()
    speak(without_account)
    return {
        "woken": {*woken, without_account},
        "planned": set(planned),
        "unsaid": set(unsaid),
        "without_account": {without_account},
    }


@pytest.mark.parametrize("severity", GRAVE)
def test_an_urgent_call_out_asks_all_sixty_at_home_who_may_be_woken(
    make_task: MakeTask, ask: Ask, sixty: dict[str, set[Volunteer]], severity: str
) -> None:
    sent = ask(make_task(severity=severity))

    assert asked(sent) == sixty["woken"] | sixty["planned"]
    assert sixty["without_account"] <= asked(sent)
    assert sent.offered == 51


def test_a_normal_call_out_asks_only_those_at_home_who_planned_that_time(
    make_task: MakeTask, ask: Ask, sixty: dict[str, set[Volunteer]]
) -> None:
    assert asked(ask(make_task())) == sixty["planned"]


def test_a_notice_asks_those_on_duty_alone(
    make_task: MakeTask, ask: Ask, sixty: dict[str, set[Volunteer]], volunteer: User
) -> None:
    assert asked(ask(make_task(severity="notice"))) == {volunteer.volunteer}


@pytest.mark.parametrize("severity", Severity.values)
def test_those_on_duty_are_asked_at_every_severity(
    make_task: MakeTask, ask: Ask, volunteer: User, severity: str, at: datetime
) -> None:
    say(volunteer.volunteer, at, refused_hours=[ALL_DAY])

    assert asked(ask(make_task(severity=severity))) == {volunteer.volunteer}


def test_a_call_out_narrows_to_those_on_duty_and_nothing_widens_it(
    make_task: MakeTask,
    formation: Formation,
    volunteer: User,
    commander: User,
    at_home: list[Volunteer],
    at: datetime,
) -> None:
    say(at_home[0], at, consents=[{"categories": ["patrol"], **ALL_DAY}])
    task = make_task(severity="urgent")
    wanted = CallOutIn(id=uuid7(), units=[formation.detachment.number], ask="on_duty")

    sent = services.call_out(task_id=task.pk, wanted=wanted, by=commander, at=at)
    again = services.call_out(task_id=task.pk, wanted=wanted, by=commander, at=at + timedelta(minutes=1))

    assert (asked(sent), again.pk) == ({volunteer.volunteer}, sent.pk)
    wider = CallOutIn(id=wanted.id, units=wanted.units)
    with pytest.raises(CallOutIdTaken):
        services.call_out(task_id=task.pk, wanted=wider, by=commander, at=at)
    assert asked(sent) == {volunteer.volunteer}


def test_a_narrowed_call_out_says_over_rest_whom_it_asked(
    make_task: MakeTask, formation: Formation, volunteer: User, commander: User, client_of: ClientOf
) -> None:
    address = f"/api/v1/tasks/{make_task(severity='urgent').pk}/call-outs"
    body = {"id": str(uuid7()), "units": [formation.detachment.number], "ask": "on_duty"}
    client = client_of(commander)

    wider = client.post(address, body | {"ask": "all"}, format="json")
    made = client.post(address, body, format="json")

    assert (wider.status_code, made.status_code) == (422, 201)
    assert (made.json()["ask"], made.json()["offered"]) == ("on_duty", 1)


@pytest.mark.parametrize("severity", GRAVE)
def test_hours_refused_hold_even_where_life_is_at_stake(
    make_task: MakeTask, ask: Ask, at_home: list[Volunteer], speak: Speak, at: datetime, severity: str
) -> None:
    consents = [{"categories": ["patrol"], **ALL_DAY}]
    say(at_home[0], at - timedelta(hours=2), consents=consents, refused_hours=[hours(at, 1, 1)])
    say(at_home[1], at - timedelta(hours=2), consents=consents, refused_hours=[hours(at, 3, -1)])
    say(at_home[2], at - timedelta(hours=2), refused_hours=[hours(at, 1, 1)])
    speak(at_home[2])

    assert asked(ask(make_task(severity=severity))) == {at_home[1]}


def test_the_night_refused_holds_past_midnight_by_the_clocks_of_the_unit(
    make_task: MakeTask,
    ask: Ask,
    formation: Formation,
    at_home: list[Volunteer],
    commander: User,
    noon: datetime,
) -> None:
    three = noon.replace(hour=3)
    night = {"start": "22:00", "end": "06:00"}
    consents = [{"categories": ["patrol"], **ALL_DAY}]
    for person in at_home:
        say(person, three - timedelta(days=1), consents=consents, refused_hours=[night])
    Unit.objects.filter(pk=formation.squadron_b.pk).update(zone="America/New_York")
    Membership.objects.filter(volunteer=at_home[3]).update(unit=formation.squadron_b)
    task = make_task(
        severity="life_at_stake", starts_at=three + timedelta(hours=3), answer_by=three + timedelta(hours=1)
    )
    wanted = CallOutIn(id=uuid7(), units=[formation.detachment.number])

    sent = services.call_out(task_id=task.pk, wanted=wanted, by=commander, at=three)

    assert three.astimezone(ZoneInfo("America/New_York")).hour in (14, 15)
    assert asked(sent) == {at_home[3]}


def test_a_category_refused_holds_against_consent_plan_and_word(
    make_task: MakeTask, ask: Ask, at_home: list[Volunteer], speak: Speak, noon: datetime, at: datetime
) -> None:
    said = at - timedelta(hours=1)
    consents = [{"categories": ["patrol", "care"], **ALL_DAY}]
    say(at_home[0], said, consents=consents, refused_categories=["patrol"])
    say(at_home[1], said, refused_categories=["patrol"])
    plan(at_home[1], at, noon)
    speak(at_home[2], categories=["patrol", "care"])

    assert asked(ask(make_task(severity="life_at_stake"))) == {at_home[2]}
    assert asked(ask(make_task(severity="urgent", category="care"))) == {at_home[0], at_home[1], at_home[2]}
    with pytest.raises(NobodyToAsk, match="0 on duty or available then by plan"):
        ask(make_task())


def test_consent_is_for_its_categories_and_hours(
    make_task: MakeTask, ask: Ask, at_home: list[Volunteer], at: datetime
) -> None:
    say(at_home[0], at, consents=[{"categories": ["patrol"], **hours(at, 1, 0.5)}])
    say(at_home[1], at, consents=[{"categories": ["patrol"], **hours(at, 2, -1)}])
    say(at_home[2], at, consents=[{"categories": ["care"], **ALL_DAY}])

    assert asked(ask(make_task(severity="urgent"))) == {at_home[0]}


def test_a_period_away_holds_against_consent_and_word(
    make_task: MakeTask, ask: Ask, at_home: list[Volunteer], speak: Speak, noon: datetime, at: datetime
) -> None:
    for person in at_home[:3]:
        say(person, at - timedelta(hours=1), consents=[{"categories": ["patrol"], **ALL_DAY}])
    plan(at_home[0], at, at, available=False)
    plan(at_home[1], at, noon, available=False)
    speak(at_home[3])
    plan(at_home[3], at, at, available=False)

    assert asked(ask(make_task(severity="life_at_stake"))) == {at_home[2]}


def test_weekly_hours_are_a_plan_for_the_time_of_the_task(
    make_task: MakeTask, ask: Ask, at_home: list[Volunteer], noon: datetime, at: datetime
) -> None:
    day = noon.weekday()
    for person, weekday, start, end in (
        (at_home[0], day, "11:00", "13:00"),
        (at_home[1], day, "12:01", "13:00"),
        (at_home[2], (day + 1) % 7, "11:00", "13:00"),
        (at_home[3], day, "11:00", "13:00"),
    ):
        weekly = [{"weekday": weekday, "start": start, "end": end}]
        plan_availability(wanted=AvailabilityIn.model_validate({"weekly": weekly}), by=person.user, at=at)
    # What is planned otherwise for that day counts before the week.
    away = {"from_at": noon - timedelta(hours=1), "until_at": noon + timedelta(hours=1), "available": False}
    weekly = [{"weekday": day, "start": "11:00", "end": "13:00"}]
    wanted = AvailabilityIn.model_validate({"weekly": weekly, "periods": [away]})
    plan_availability(wanted=wanted, by=at_home[3].user, at=at)

    assert asked(ask(make_task())) == {at_home[0]}


def test_a_leaders_word_ends_after_90_days(
    make_task: MakeTask,
    formation: Formation,
    commander: User,
    at_home: list[Volunteer],
    speak: Speak,
    noon: datetime,
    at: datetime,
) -> None:
    speak(at_home[0])
    speak(at_home[1], at=at + timedelta(seconds=1))
    later = at + timedelta(days=90)
    task = make_task(
        severity="life_at_stake", starts_at=noon + timedelta(days=91), answer_by=noon + timedelta(days=91)
    )
    wanted = CallOutIn(id=uuid7(), units=[formation.detachment.number])

    assert asked(services.call_out(task_id=task.pk, wanted=wanted, by=commander, at=later)) == {at_home[1]}


def test_a_suspended_person_is_not_woken(
    make_task: MakeTask, ask: Ask, at_home: list[Volunteer], at: datetime
) -> None:
    for person in at_home[:2]:
        say(person, at, consents=[{"categories": ["patrol"], **ALL_DAY}])
    Volunteer.objects.filter(pk=at_home[0].pk).update(standing="suspended")

    assert asked(ask(make_task(severity="urgent"))) == {at_home[1]}


def test_an_empty_urgent_call_out_says_how_many_may_be_woken(
    make_task: MakeTask, ask: Ask, at_home: object
) -> None:
    with pytest.raises(NobodyToAsk, match="5 members, of them 0 on duty or may be woken now"):
        ask(make_task(severity="urgent"))


def test_a_call_out_costs_as_many_queries_at_every_severity(
    make_task: MakeTask, ask: Ask, formation: Formation, make_volunteer: MakeVolunteer, at: datetime
) -> None:
    def cost(severity: str, people: int) -> int:
        for _ in range(people):
            person = make_volunteer(formation.squadron_a, on_duty=severity == "notice")
            say(person, at, consents=[{"categories": ["patrol"], **ALL_DAY}])
        task = make_task(severity=severity)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ask(task)
        return len(queries)

    first = cost("notice", 1)
    assert [cost("urgent", 1), cost("urgent", 5), cost("notice", 0)] == [first] * 3


@pytest.mark.parametrize("state", ["woken", "accepted"])
def test_positions_are_kept_only_of_those_who_accepted_by_themselves(
    make_task: MakeTask,
    ask: Ask,
    reply: Reply,
    at_home: list[Volunteer],
    client_of: ClientOf,
    state: str,
    at: datetime,
) -> None:
    person = at_home[0]
    say(person, at, consents=[{"categories": ["patrol"], **ALL_DAY}])
    start = at + timedelta(hours=1)
    task = make_task(severity="urgent", category="patrol", starts_at=start, answer_by=start)
    ask(task)
    if state == "accepted":
        reply(task, person, "accept")
    fix = {"at": (at + timedelta(seconds=5)).isoformat(), "lon": 119.9, "lat": 29.4, "datum": "wgs84"}

    sent = client_of(person.user).post("/api/v1/positions", {"fixes": [fix]}, format="json")

    assert sent.status_code == 200, sent.json()
    kept = int(state == "accepted")
    assert (Fix.objects.count(), LatestPosition.objects.count()) == (kept, kept)
    person.refresh_from_db()
    assert not person.is_on_duty(at)


def test_a_units_readiness_counts_before_a_call_out(
    formation: Formation,
    leader: User,
    client_of: ClientOf,
    sixty: dict[str, set[Volunteer]],
    volunteer: User,
    noon: datetime,
    at: datetime,
) -> None:
    plan(min(sixty["unsaid"], key=lambda one: one.pk), at, at)

    address = f"/api/v1/units/{formation.brigade.number}/readiness?category=patrol"
    assert client_of(leader).get(address).status_code == 404
    address = f"/api/v1/units/{formation.squadron_a.number}/readiness?category="
    found = client_of(leader).get(address + "patrol").json()

    assert found == {
        "unit": formation.squadron_a.number,
        "category": "patrol",
        "members": 62,
        "on_duty": 1,
        "planned": 1,
        "may_be_woken": 42,
    }
    assert client_of(leader).get(address + "care").json()["may_be_woken"] == 1
    assert client_of(leader).get(address).status_code == 422
    at_noon = client_of(leader).get(f"{address}patrol&starts_at={noon.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    assert (at_noon.json()["planned"], at_noon.json()["may_be_woken"]) == (10, 51)


def test_a_readiness_of_more_people_than_a_call_out_reaches_is_not_counted(
    formation: Formation, volunteer: User, monkeypatch: pytest.MonkeyPatch, at: datetime
) -> None:
    monkeypatch.setattr("backend.readiness.queries.MOST_COUNTED", 0)

    found = unit_readiness(formation.squadron_a, Category.PATROL, at=at)

    assert (found.members, found.on_duty, found.planned, found.may_be_woken) == (1, 1, None, None)


def test_leaders_grade_up_to_urgent_and_dispatchers_and_commanders_all(
    make_task: MakeTask, formation: Formation, make_volunteer: MakeVolunteer, leader: User, at: datetime
) -> None:
    squadron = formation.squadron_a.number
    dispatcher = make_volunteer(formation.squadron_a, on_duty=False)
    appoint(volunteer=dispatcher, unit=formation.squadron_a, role=Role.DISPATCHER, by=None, at=at)

    assert make_task(by=leader, unit=squadron, severity="urgent").severity == "urgent"
    with pytest.raises(LifeAtStakeNotYours):
        make_task(by=leader, unit=squadron, severity="life_at_stake")
    for by in (dispatcher.user, None):
        assert make_task(by=by, unit=squadron, severity="life_at_stake").severity == "life_at_stake"


def test_a_task_without_a_severity_is_normal_and_a_retry_with_another_one_is_refused(
    wanted: Any, formation: Formation, commander: User, client_of: ClientOf
) -> None:
    body = wanted().model_dump(mode="json")
    body.pop("severity")
    client = client_of(commander)

    made = client.post("/api/v1/tasks", body, format="json")
    again = client.post("/api/v1/tasks", body | {"severity": "normal"}, format="json")
    other = client.post("/api/v1/tasks", body | {"severity": "urgent"}, format="json")
    unknown = client.post("/api/v1/tasks", body | {"severity": "grave"}, format="json")

    assert (made.status_code, made.json()["severity"], again.status_code) == (201, "normal", 200)
    assert (other.status_code, other.json()["type"]) == (409, "/problems/task-id-taken")
    assert unknown.status_code == 422
